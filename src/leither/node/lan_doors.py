"""The sockets that listen for other machines: opened and closed as addresses and apps come and go."""

import asyncio
import logging
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from leither.errors import LeitherError
from leither.node.encryption import Encryption
from leither.node.listening import HostNotHere, PortTaken, listen
from leither.web.serve import Listen

LOGGER = logging.getLogger("leither.lan")


@dataclass(frozen=True, slots=True)
class Door:
    """Where something listens. `setting` names what the port came from: `port`, `redis_port` or `app_ports`."""

    address: str
    port: int
    setting: str


class LanDoors:
    """Sockets by address and port. `encryption` is None where nothing is encrypted."""

    def __init__(self, encryption: Encryption | None, file: Path) -> None:
        self._encryption = encryption
        self._file = file
        self._bound: dict[Door, socket.socket] = {}
        self._open: dict[Door, asyncio.AbstractServer] = {}
        self._told: dict[Door, str] = {}
        self._http: Listen | None = None
        self._redis: Listen | None = None

    @property
    def listening(self) -> list[Door]:
        """What listens, or is bound and will."""
        return [*self._bound, *self._open]

    def is_open(self, port: int) -> bool:
        """Tell whether anything listens on `port`."""
        return any(door.port == port for door in self._open)

    def bind(self, doors: Iterable[Door]) -> None:
        """Bind sockets, on which `reconcile` then listens. Raises: PortTaken, PortForbidden, HostNotHere."""
        with ExitStack() as undo:
            for door in doors:
                self._bound[door] = self._socket(door)
                undo.callback(self._drop, door)
            undo.pop_all()

    def close(self) -> None:
        """Close what is bound and not yet listened on. Idempotent."""
        for door in list(self._bound):
            self._drop(door)

    def serve(self, http: Listen, redis: Listen) -> None:
        """Take what listens on a socket, for browsers and for Redis clients."""
        self._http, self._redis = http, redis

    async def reconcile(self, wanted: Iterable[Door]) -> None:
        """Listen on `wanted` and nowhere else. What can't be had is told in the log, once, and tried again later."""
        kept = set(wanted)
        for door in set(self._open) - kept:
            self._open.pop(door).close()
            LOGGER.info("no longer listening on %s port %d", door.address, door.port)
        for door in kept - set(self._open):
            try:
                await self._start(door)
            except LeitherError as error:
                if self._told.get(door) != str(error):
                    LOGGER.warning("%s", error)
                self._told[door] = str(error)
            else:
                self._told.pop(door, None)

    async def open_all(self, doors: Iterable[Door]) -> bool:
        """Listen on all of `doors`, or, where another program has one of them, on none; tell which.

        Raises: HostNotHere: where none of the addresses is there any more.
        """
        wanted = list(doors)
        begun = [door for door in wanted if door not in self._open]
        for door in begun:
            try:
                await self._start(door)
            except PortTaken:
                for started in begun:
                    if started in self._open:
                        self._open.pop(started).close()
                return False
            except HostNotHere:
                # An address that went away a moment ago keeps the others from nothing.
                if door is wanted[-1] and not any(other in self._open for other in wanted):
                    raise
        return True

    def shut(self) -> None:
        """Take no more connections anywhere."""
        for door in list(self._open):
            self._open.pop(door).close()
        self.close()

    async def _start(self, door: Door) -> None:
        assert self._http is not None
        assert self._redis is not None
        sock = self._bound.pop(door, None) or self._socket(door)
        is_redis = door.setting == "redis_port"
        tls = None
        if self._encryption is not None:
            tls = self._encryption.redis if is_redis else self._encryption.http
        self._open[door] = await (self._redis if is_redis else self._http)(sock, tls)

    def _socket(self, door: Door) -> socket.socket:
        (made,) = listen(door.address, door.port, setting=door.setting, file=self._file)
        return made

    def _drop(self, door: Door) -> None:
        self._bound.pop(door).close()
