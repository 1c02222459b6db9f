"""PUT: bytes on their way in, small ones in one go, large ones piece by piece."""

from collections.abc import AsyncIterator

import anyio

from leither import limits
from leither.dav.change import Put, change, require_cur, writable
from leither.dav.guard import Guard
from leither.http.threads import Threads
from leither.mimei.entry import EntryType, PathEntry
from leither.people import Act
from leither.service.catalog import authorize
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.uploads import Uploading
from leither.unixfs import FileBuilder


class Receiving(Uploading):
    """A file on its way in. It shows once `finish` has found everything as the request expects."""

    def __init__(self, engines: Engines, guard: Guard, mtime_ms: int | None) -> None:
        super().__init__(engines, guard.place.address.id)
        self._guard = guard
        self._mtime_ms = mtime_ms
        self._builder = FileBuilder(self._lease.put)

    def write(self, data: bytes) -> None:
        """Take the next bytes. Raises: StoreFull, FileTooLarge."""
        self._builder.write(data)

    def finish(self) -> tuple[PathEntry, bool]:
        """Make the file durable at its place: (entry, whether it is new). Raises: as `change` and `Put`."""
        link = self._builder.finish()
        mtime_ms = self._engines.clock.now_ms() if self._mtime_ms is None else self._mtime_ms
        entry = PathEntry(EntryType.FILE, 0, mtime_ms, link.cid, link.size_bytes)
        self._lease.flush()
        new = change(self._engines, self._guard, Put(self._guard, entry))
        self._close(None)
        return entry, new


async def receive_file(
    engines: Engines, guard: Guard, body: AsyncIterator[bytes], threads: Threads, *, mtime_ms: int | None, ask: bool
) -> tuple[PathEntry, bool]:
    """Take a file in: (its entry, whether it is new).

    Args:   ask: whether to look first if it can be taken at all, since the client waits to hear it.
    Raises: ClientGone, and as `Receiving.finish`.
    """
    if ask:
        await threads.run(lambda: may_put(engines, guard))
    first = await anext(body, b"")
    if len(first) < limits.BODY_PIECE_BYTES:
        return await threads.run(lambda: _whole(engines, guard, first, mtime_ms))
    if not ask:
        await threads.run(lambda: may_put(engines, guard))
    receiving = await threads.run(lambda: Receiving(engines, guard, mtime_ms))
    try:
        piece = first
        while piece:
            await threads.run(lambda data=piece: receiving.write(data))  # type: ignore[misc]
            piece = await anext(body, b"")
        return await threads.run(receiving.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await threads.run(receiving.abort)


def _whole(engines: Engines, guard: Guard, data: bytes, mtime_ms: int | None) -> tuple[PathEntry, bool]:
    with Receiving(engines, guard, mtime_ms) as receiving:
        receiving.write(data)
        return receiving.finish()


def may_put(engines: Engines, guard: Guard) -> None:
    """Check, without changing anything, that a file could be put. Raises: as `change` and `Put`."""
    place = guard.place
    require_cur(place)
    with engines.state.read() as view:
        mimei = authorize(guard.principal, load(engines, view, place.address.id, guard.principal), Act.WRITE)
        cur = Cur(engines, view, mimei)
        guard.check(view, cur.entry(place.path))
        writable(cur, view, guard)
