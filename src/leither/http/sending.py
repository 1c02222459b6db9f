"""Sending the bytes of files: conditions, ranges, small ones at once, large ones piece by piece."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from leither import limits
from leither.codec import RAW, BlockMissing, Cid
from leither.codec.foreign import AnyCid
from leither.http.asgi import Header, Receive
from leither.http.conditions import RangeNotSatisfiable, byte_range, matches
from leither.http.exchange import Exchange
from leither.http.threads import Threads
from leither.unixfs import Get, read

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Content:
    """A file to send.

    Fields: etag: a strong one, that names the bytes. head: the headers that never change for it. get: what reads its
    blocks, where these are sealed; None where they are read as all others.
    """

    cid: AnyCid
    size_bytes: int
    etag: bytes
    head: tuple[Header, ...]
    get: Get | None = None

    @classmethod
    def of(cls, cid: AnyCid, size_bytes: int, media_type: bytes) -> "Content":
        """Return the content of a file whose tag is its CID."""
        etag = b'"%b"' % cid.text.encode()
        head: tuple[Header, ...] = (
            (b"content-type", media_type),
            (b"etag", etag),
            (b"accept-ranges", b"bytes"),
        )
        return cls(cid, size_bytes, etag, head)


async def send_content(
    exchange: Exchange,
    content: Content,
    get: Get,
    threads: Threads,
    *,
    headers: tuple[Header, ...] = (),
    status: int = 200,
) -> None:
    """Answer with a file, a part of it, or that it is unchanged.

    Only a status of 200 knows conditions and ranges. What goes wrong before the first byte is raised; what goes wrong
    later breaks the answer off, so that nobody takes a part for the whole.
    """
    request = exchange.request
    get = content.get or get
    fields = [*content.head, *headers]
    start, stop = 0, content.size_bytes
    if status == 200:
        condition = request.headers.get(b"if-none-match")
        if condition is not None and matches(condition, content.etag):
            unchanged = [field for field in fields if field[0] != b"content-type"]
            await exchange.send({"type": "http.response.start", "status": 304, "headers": unchanged})
            await exchange.send({"type": "http.response.body"})
            return
        try:
            part = byte_range(request.headers, content.etag, content.size_bytes) if request.method == "GET" else None
        except RangeNotSatisfiable:
            fields.append((b"content-range", b"bytes */%d" % content.size_bytes))
            fields.append((b"content-length", b"0"))
            await exchange.send({"type": "http.response.start", "status": 416, "headers": fields})
            await exchange.send({"type": "http.response.body"})
            return
        if part is not None:
            start, stop = part
            status = 206
            fields.append((b"content-range", b"bytes %d-%d/%d" % (start, stop - 1, content.size_bytes)))
    fields.append((b"content-length", b"%d" % (stop - start)))
    opening = {"type": "http.response.start", "status": status, "headers": fields}
    if request.method == "HEAD":
        await exchange.send(opening)
        await exchange.send({"type": "http.response.body"})
    elif isinstance(content.cid, Cid) and content.cid.codec == RAW:
        cid = content.cid
        block = await read_near(cid, lambda: get(cid), threads)
        await exchange.send(opening)
        await exchange.send(
            {"type": "http.response.body", "body": block if stop - start == len(block) else block[start:stop]}
        )
    else:
        pieces = read(get, content.cid, start, stop)
        await send_stream(exchange, opening, pieces, threads, first_bytes=limits.STREAM_PIECE_BYTES)


async def read_near(cid: AnyCid, work: Callable[[], T], threads: Threads) -> T:
    """Return what `work` reads, the block `cid` first: at once, where that costs less than a change of threads.

    That is so for a single block that is here. One that is not, a thread may have to wait for.
    """
    if cid.codec == RAW:
        try:
            return work()
        except BlockMissing:
            pass
    return await threads.run(work)


async def send_stream(
    exchange: Exchange, opening: dict[str, object], pieces: Iterator[bytes], threads: Threads, *, first_bytes: int
) -> None:
    """Send `opening`, then `pieces` as fast as the client takes them; stop when it goes away.

    Args:   first_bytes: how much must be read well before the answer begins.
    Raises: what the pieces raise; once the answer has begun, it is left unfinished.
    """
    piece, last = await threads.run(lambda: _gather(pieces, first_bytes))
    await exchange.send(opening)
    with _gone(exchange.receive) as gone:
        while not gone.done():
            await exchange.send({"type": "http.response.body", "body": piece, "more_body": not last})
            if last:
                return
            piece, last = await threads.run(lambda: _gather(pieces, limits.STREAM_PIECE_BYTES))


def _gather(pieces: Iterator[bytes], enough_bytes: int) -> tuple[bytes, bool]:
    """Return the next pieces as one, and whether they are the last."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= enough_bytes:
            return (piece if len(gathered) == 1 else b"".join(gathered)), False
    return b"".join(gathered), True


@contextmanager
def _gone(receive: Receive) -> Iterator["asyncio.Task[None]"]:
    """Watch for the client's going away while the context lasts."""
    task = asyncio.ensure_future(_disconnect(receive))
    try:
        yield task
    finally:
        task.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
