"""The way to the node of a home folder: the one that runs, or else one started for this command alone."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx

from leither import limits
from leither.cli.api import Api
from leither.config import Settings
from leither.node.home import Home, HomeInUse, Running

_TRY_S = 0.05
_CONNECT_S = 5.0


@contextmanager
def connect(
    settings: Settings, *, token: str | None = None, passphrase: Callable[[], str] | None = None
) -> Iterator[Api]:
    """Open a connection; without a running node, start one on a private socket and stop it afterwards.

    Args:   token: to act as its holder rather than as the owner. passphrase: asks for the one of the owner's identity.
    Raises: HomeInUse: another command holds the folder for long. TokenMissing, and what opening a node raises.
    """
    with ExitStack() as stack:
        running = Home(settings.home).running()
        own = running is None
        if running is None:
            running = _start(settings, stack, passphrase)
        client = stack.enter_context(_client(running, token or running.token))
        yield Api(client, url=running.url, running=not own)


def _start(settings: Settings, stack: ExitStack, passphrase: Callable[[], str] | None) -> Running:
    """Start a node for this command, or return one that another process started meanwhile."""
    # Importing the node takes longer than asking one that runs.
    from leither.node.private import private_node

    home = Home(settings.home)
    deadline = time.monotonic() + limits.HOME_WAIT_S
    while True:
        try:
            return stack.enter_context(private_node(settings, passphrase=passphrase))
        except HomeInUse:
            if time.monotonic() > deadline:
                raise
        # A node that is starting, or another command: neither takes long.
        time.sleep(_TRY_S)
        running = home.running()
        if running is not None:
            return running


def _client(running: Running, token: str) -> httpx.Client:
    # The environment's proxies and certificates are for the internet, and this never goes there.
    return httpx.Client(
        transport=httpx.HTTPTransport(uds=running.socket) if running.socket else httpx.HTTPTransport(),
        base_url=f"http://{running.authority}",
        headers={"authorization": f"Bearer {token}", "host": running.host_header},
        timeout=httpx.Timeout(None, connect=_CONNECT_S),
        trust_env=False,
        follow_redirects=False,
    )
