"""Another node than one's own, at an address that was typed: which key it has, and signing in there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any

from leither.cli.api import Api
from leither.errors import InputError, LeitherError

_CONNECT_S = 20.0
_REMEDY = (
    "check the address, and that it runs there; over https, this machine must trust it: `leither lan trust` says there "
    "how, or SSL_CERT_FILE names the file of its authority"
)


class NotANode(InputError):
    """What was typed is neither the address of a node nor a whole key."""

    code = "not-a-node"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(
            f"{self.given!r} is neither the address of a node, such as https://friend.example:4800, nor a whole key"
        )


@contextmanager
def at(url: str, token: str | None = None) -> Iterator[Api]:
    """Open a connection to the node at `url`, as the holder of a token there, or nobody in particular.

    With TLS, the authorities count that this machine's system trusts.  Raises: NotANode.
    """
    import ssl

    import httpx

    try:
        base = httpx.URL(url)
    except httpx.InvalidURL:
        raise NotANode(url) from None
    if base.scheme not in ("http", "https") or not base.host or base.userinfo or base.path.strip("/"):
        raise NotANode(url)
    with httpx.Client(
        base_url=base.copy_with(path="/"),
        headers={"authorization": f"Bearer {token}"} if token is not None else None,
        verify=ssl.create_default_context() if base.scheme == "https" else False,
        timeout=httpx.Timeout(None, connect=_CONNECT_S),
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield Api(client, url=url, running=True, remedy=_REMEDY)


def node_key(node: str) -> str:
    """Return the whole key of a node, given that or an address, where it is asked. Raises: NotANode."""
    from leither.crypto.public import KEY_TEXT

    if KEY_TEXT.fullmatch(node):
        return node
    with at(node) as api:
        found: str = api.get("/session/challenge")["node"]
    return found


def sign_in(url: str, passport: dict[str, Any]) -> dict[str, Any]:
    """Open a session at `url` with a passport as one's own node made it; return what the node there says of it."""
    with at(url) as api:
        shown = {"passport": passport["passport"], "successors": passport["successors"]}
        made: dict[str, Any] = api.post("/session/visit", shown)
    return made


@contextmanager
def visiting(url: str, own: Callable[[], AbstractContextManager[Api]]) -> Iterator[Api]:
    """Open a connection to the node at `url` as a visitor, in a session that ends with it.

    `own`: opens one to the visitor's own node, which makes the passport.
    """
    node = node_key(url)
    with own() as api:
        passport = api.post("/passport", {"node": node})
    token = sign_in(url, passport)["token"]
    with at(url, token) as api:
        try:
            yield api
        finally:
            with suppress(LeitherError):  # it ends by itself as well
                api.delete("/session")
