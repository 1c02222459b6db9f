"""One node: its stores, its identity, what it serves, and its life from start to stop."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Self

from leither import __version__
from leither.config import Settings
from leither.crypto import id_text
from leither.node.audit_writer import AuditWriter
from leither.node.denylists import DenylistFolder
from leither.node.home import Home, Running
from leither.node.identity import Unlock, forget_former, learn_former, read_identity
from leither.node.lan import Lan
from leither.node.listening import listen
from leither.node.machine import Machine, this_machine
from leither.node.networking import Networking
from leither.node.stores import open_blocks
from leither.people import Front, Scope
from leither.ports import Clock, Random
from leither.runtime import SystemClock, SystemRandom
from leither.service.app_ports import AppPorts
from leither.service.demand_offline import Offline
from leither.service.engines import Engines, Identity
from leither.service.person_index import former_keys
from leither.service.succession import needed_keys, succeed
from leither.service.tokens import BadToken, TokenNotFound, Tokens
from leither.service.users import Users
from leither.store import LmdbState
from leither.store.keyfile import read_secret, write_secret
from leither.store.seed_files import SeedFiles

if TYPE_CHECKING:
    from leither.http.asgi import App
    from leither.node.doors import Doors
    from leither.node.network_services import NetworkServices

COMMAND_LINE = "command-line"
"""Name of the owner's token that `leither` itself uses; the file `token` holds it."""
_TOKEN_BYTES_MAX = 200


class Node:
    """An opened home folder. Make it with `open`; it is good within that context."""

    def __init__(
        self,
        settings: Settings,
        home: Home,
        engines: Engines,
        sockets: list[socket.socket],
        redis_sockets: list[socket.socket],
        lan: Lan,
        networking: Networking,
    ) -> None:
        self.settings = settings
        self.home = home
        self.engines = engines
        self.tokens = Tokens(engines)
        self.users = Users(engines, self.tokens, SeedFiles(home.user_seeds))
        self.started_ms = engines.clock.now_ms()
        self.sockets = sockets
        self.redis_sockets = redis_sockets
        self.lan = lan
        self.networking = networking
        self.services: NetworkServices | None = None
        """What it does on its network; None while it does not serve."""
        self.port: int = sockets[0].getsockname()[1] if sockets else settings.port

    @classmethod
    @contextmanager
    def open(
        cls,
        settings: Settings,
        *,
        listening: bool = True,
        clock: Clock | None = None,
        random: Random | None = None,
        machine: Machine | None = None,
        passphrase: Unlock | None = None,
    ) -> Iterator[Self]:
        """Open the home folder, make what it lacks, and bind the node's ports if `listening`.

        `passphrase` is called for the passphrase of the owner's identity if it is under one.
        Raises: HostNotLoopback, HomeInUse, PortTaken, PortForbidden, HostNotHere, IdentityMissing, IdentityLocked,
            WrongPassphrase, KeyFileExposed, StoreFull, StateDamaged and others of the stores; what the certificates for
            other machines raise.
        """
        if listening:
            settings.check_encrypted()
        home = Home(settings.home)
        machine = machine or this_machine()
        random = random or SystemRandom()
        with ExitStack() as stack:
            stack.enter_context(home.held())
            sockets = _bound(stack, settings, settings.port, "port") if listening else []
            redis_sockets = _bound(stack, settings, settings.redis_port, "redis_port") if listening else []
            identity = read_identity(home, random, passphrase)
            blocks = open_blocks(settings, home)
            stack.callback(blocks.close)
            state = LmdbState(home.state, every_second=settings.durability == "everysec")
            stack.callback(state.close)
            denied, clock = DenylistFolder(home.denylists), clock or SystemClock()
            make = partial(
                Engines,
                blocks=blocks,
                state=state,
                clock=clock,
                random=random,
                denied=denied,
                cache_bytes=settings.cache_bytes,
            )
            engines = _with_former(home, make, identity, passphrase)
            ports = AppPorts(engines, settings.ports_for_apps)
            lan = Lan(settings, machine, clock, ports, folder=home.tls, owner=id_text(identity.node.id)[:8])
            if listening and settings.reachable:
                stack.callback(lan.close)
                lan.bind(port=sockets[0].getsockname()[1], redis_port=redis_sockets[0].getsockname()[1])
            networking = Networking(settings, engines, machine)
            if listening:
                stack.callback(denied.close)
                denied.watch()
                stack.callback(networking.close)
                networking.start()
            node = cls(settings, home, engines, sockets, redis_sockets, lan, networking)
            node._begin(stack)
            yield node

    def _begin(self, stack: ExitStack) -> None:
        """Take in everybody who is here, and go on with what was begun, until `stack` is closed."""
        engines, network = self.engines, self.networking.network
        stack.callback(AuditWriter(engines.audit).close)
        stack.callback(self.tokens.close)
        self.users.keys.admit_all()
        succeed(engines, None)
        forget_former(self.home, engines.identity.former, needed=needed_keys(engines, None))
        if network is not None:
            from leither.node.network_services import network_services

            self.services = stack.enter_context(network_services(self.settings, engines, network))
        else:
            offline = Offline(engines)
            stack.enter_context(engines.events.watching(offline.hear))
            engines.file_blocks.on_demand = offline

    @property
    def url(self) -> str:
        """Address of the node's own page."""
        return f"http://localhost{'' if self.port == 80 else f':{self.port}'}/"

    @cached_property
    def token(self) -> str:
        """The owner's token of the command line. Made anew if its file is gone or out of date."""
        kept = read_secret(self.home.token_file, size_bytes_max=_TOKEN_BYTES_MAX)
        if kept is not None:
            secret = kept.decode("ascii", "replace").strip()
            try:
                if self.tokens.principal_of(secret).is_owner:
                    return secret
            except BadToken:
                pass  # the state is older or newer than the file, and the one who reads the folder is its owner
        with suppress(TokenNotFound):  # on the first start
            self.tokens.revoke(COMMAND_LINE, front=Front.NODE)
        _, secret = self.tokens.create(COMMAND_LINE, Scope.OWNER, front=Front.NODE)
        write_secret(self.home.token_file, f"{secret}\n".encode())
        return secret

    @property
    def running(self) -> Running:
        """How the command line reaches this node."""
        host = self.sockets[0].getsockname()[0] if self.sockets else self.settings.host
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        suffix = self.url.removeprefix("http://").rstrip("/")
        return Running(
            url=self.url, host=host, port=self.port, host_header=suffix, process=os.getpid(), token=self.token
        )

    def sign_in_link(self) -> str:
        """Return a one-time link that signs a browser in as the owner."""
        code, _ = self.tokens.one_time_code()
        return f"{self.url}#code={code}"

    def app(self) -> "App":
        """Return what answers requests: the ASGI application."""
        from leither.node.front_door import make_app

        return make_app(self)

    def doors(self) -> "Doors":
        """Return what is open beside the web on this machine."""
        from leither.node.doors import Doors

        return Doors(self)

    def run(self, ready: Callable[[Self], object], *, stopping: Callable[[], object] = lambda: None) -> None:
        """Serve until SIGINT or SIGTERM. Only in the main thread.

        `ready` is called once requests are answered, `stopping` when the signal has come.
        """
        from leither.node.serving import log_to_standard_error, serve_until_signalled
        from leither.node.welcome import publish_welcome

        log_to_standard_error(self.settings.log_level)
        if self.settings.welcome:
            publish_welcome(self.engines)
        running = self.running

        def started() -> None:
            self.home.announce(running)
            ready(self)

        doors = self.doors()
        serve_until_signalled(
            self.app(), self.sockets, started=started, beside=doors.beside, more=doors.more, stopping=stopping
        )

    def facts(self) -> dict[str, str]:
        """Return who and what this node is, for logs and tests."""
        identity = self.engines.identity
        return {"version": __version__, "id": id_text(identity.node.id), "person": id_text(identity.person.id)}


def _with_former(home: Home, make: Callable[..., Engines], identity: Identity, unlock: Unlock | None) -> Engines:
    """Return engines that know what the index says of former keys, which came from another node of the person's."""
    engines = make(identity=identity)
    former = former_keys(engines, identity.seed)
    if len(former) <= len(identity.former):
        return engines
    learn_former(home, engines.random, former, unlock)
    return make(identity=replace(identity, former=former))


def _bound(stack: ExitStack, settings: Settings, port: int, setting: str) -> list[socket.socket]:
    """Return the sockets of one port, to be closed by `stack`. Raises: PortTaken, PortForbidden, HostNotHere."""
    # This machine's own programs reach the node on loopback, whoever else does.
    host = "127.0.0.1" if settings.reachable else settings.host
    found = listen(host, port, setting=setting, file=settings.file)
    for each in found:
        stack.callback(each.close)
    return found
