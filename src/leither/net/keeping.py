"""Staying connected with chosen peers: whoever is away is dialled again, with growing pauses."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import REDIAL_S_MAX, REDIAL_S_MIN
from leither.net.host import Host
from leither.net.peer_book import PeerBook


class Keeping:
    """One task for each chosen peer."""

    def __init__(self, host: Host, book: PeerBook) -> None:
        self._host = host
        self._book = book
        self._tasks: dict[PeerId, asyncio.Task[None]] = {}
        self._wakes: dict[PeerId, asyncio.Event] = {}
        for peer in book.kept:
            self.keep(peer)

    def keep(self, peer: PeerId) -> None:
        """Stay connected with a peer."""
        if peer in self._tasks:
            self._wakes[peer].set()
            return
        self._wakes[peer] = asyncio.Event()
        self._tasks[peer] = asyncio.ensure_future(self._stay(peer))

    def forget(self, peer: PeerId) -> None:
        """Dial a peer no more."""
        task = self._tasks.pop(peer, None)
        if task is not None:
            task.cancel()
            del self._wakes[peer]

    def went(self, peer: PeerId) -> None:
        """Hear that the last connection with a peer is gone."""
        if peer in self._wakes:
            self._wakes[peer].set()

    def retry(self) -> None:
        """Dial those who are away now, whatever pause they are in."""
        for wake in self._wakes.values():
            wake.set()

    def close(self) -> None:
        """Stop."""
        for peer in list(self._tasks):
            self.forget(peer)

    async def _stay(self, peer: PeerId) -> None:
        wake, pauses = self._wakes[peer], redial_pauses()
        while True:
            wake.clear()
            try:
                await self._host.connect(peer, self._book.addresses(peer))
            except LeitherError:
                with suppress(TimeoutError):
                    async with asyncio.timeout(next(pauses)):
                        await wake.wait()
            else:
                pauses = redial_pauses()
                await wake.wait()
                await asyncio.sleep(REDIAL_S_MIN)


def redial_pauses() -> Iterator[float]:
    """Yield the pauses between dials, in seconds, each twice as long as the one before up to a bound."""
    pause = float(REDIAL_S_MIN)
    while True:
        yield pause
        pause = min(2 * pause, REDIAL_S_MAX)
