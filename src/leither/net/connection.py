"""A connection with one peer: frames decrypted and sorted into streams, and what goes out gathered into few writes."""

import asyncio
from collections.abc import Awaitable, Callable

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.limits import PEER_BUFFER_BYTES_MAX, STREAM_CLOSE_S, STREAMS_MAX
from leither.net.pipe import Pipe, PipeReader
from leither.net.stream import MuxedStream
from leither.ports.network_errors import StreamBroken
from leither.wire.noise import HandshakeFailed, Secured
from leither.wire.yamux import (
    BadYamux,
    Ended,
    GoneAway,
    Opened,
    Ponged,
    Received,
    Reply,
    Reset,
    Writable,
    Yamux,
)

_GATHERED_BYTES = 64 * 1024
"""What is gathered at most before it is encrypted and sent."""
Accept = Callable[[MuxedStream], Awaitable[None]]


class Connection:
    """Used in the event loop only. Streams that the peer opens go to `accept`, each in a task."""

    def __init__(
        self,
        pipe: Pipe,
        secured: Secured,
        *,
        inbound: bool,
        client: bool,
        accept: Accept,
        gone: Callable[["Connection", str], None],
    ) -> None:
        self.peer: PeerId = secured.peer
        self.address: Multiaddr = pipe.remote
        self.inbound = inbound
        self.reused_port = False
        """Whether it was dialled from a port that is listened on."""
        self.bytes_received = self.bytes_sent = 0
        self.buffered_bytes = 0
        self._loop = asyncio.get_running_loop()
        self.opened_at = self._loop.time()
        self.used_at = self.heard_at = self.opened_at
        self._pipe = pipe
        self._secured = secured
        self._accept = accept
        self._gone = gone
        self._yamux = Yamux(client=client)
        self._streams: dict[int, MuxedStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sealed = bytearray()
        self._outgoing: list[bytes | memoryview] = []
        self._outgoing_bytes = 0
        self._flushing = False
        self._pings: dict[int, asyncio.Future[float]] = {}
        self._pinged = 0
        self.closed: str | None = None

    def start(self, reader: PipeReader, early: bytes) -> None:
        """Take over from the handshake."""
        if early:
            self._plain(early)
        reader.hand_over(self)

    @property
    def relayed(self) -> bool:
        """Whether it leads through another peer."""
        return self.address.relayed

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def open(self) -> MuxedStream:
        """Open a stream. Raises: StreamBroken: closed, or too many are open."""
        if self.closed is not None or self._yamux.gone_away:
            raise StreamBroken(self.peer, self.closed or "it takes no more streams")
        if len(self._streams) >= 2 * STREAMS_MAX:
            raise StreamBroken(self.peer, f"{2 * STREAMS_MAX:,} streams are open with it already")
        number, data = self._yamux.open()
        stream = self._streams[number] = MuxedStream(self, number)
        self._send(data)
        return stream

    async def ping(self) -> float:
        """Return how long a round trip takes, in seconds. Raises: StreamBroken."""
        self._pinged = (self._pinged + 1) % (1 << 32)
        answer = self._pings[self._pinged] = self._loop.create_future()
        started = self._loop.time()
        self._send(self._yamux.ping(self._pinged))
        return float(await answer) - started

    def uncount(self, size_bytes: int) -> None:
        """Hear that unread data was dropped."""
        self.buffered_bytes -= size_bytes

    def close(self) -> None:
        """End it in good order. Idempotent."""
        if self.closed is None:
            self._send(self._yamux.go_away())
            self._flush()
            self._pipe.close()
            self.ended("it was closed here")

    # What the pipe calls.

    def received(self, data: bytes | memoryview) -> None:
        """Take encrypted bytes."""
        self.bytes_received += len(data)
        self.heard_at = self._loop.time()
        self._sealed += data
        offset, plain = 0, []
        try:
            with memoryview(self._sealed) as view:
                while len(view) - offset >= 2:
                    end = offset + 2 + (view[offset] << 8 | view[offset + 1])
                    if len(view) < end:
                        break
                    plain.append(self._secured.receiving.decrypt(view[offset + 2 : end]))
                    offset = end
            del self._sealed[:offset]
            for each in plain:
                self._plain(each)
        except (HandshakeFailed, BadYamux) as error:
            self._pipe.abort()
            self.ended(error.reason)

    def ended(self, reason: str) -> None:
        """Hear that the pipe is gone."""
        if self.closed is not None:
            return
        self.closed = reason
        for stream in list(self._streams.values()):
            stream.broke(reason)
        self._streams.clear()
        for answer in self._pings.values():
            if not answer.done():
                answer.set_exception(StreamBroken(self.peer, reason))
                answer.exception()
        self._pings.clear()
        for task in self._tasks:
            task.cancel()
        self._gone(self, reason)

    # What streams call.

    def room(self, number: int) -> int:
        """Return how much may be sent on a stream now."""
        return self._yamux.room(number)

    def send_data(self, number: int, data: memoryview) -> None:
        """Send data of a stream that has room for it."""
        self._outgoing += (self._yamux.head(number, len(data)), data)
        self._outgoing_bytes += len(data)
        if self._outgoing_bytes >= _GATHERED_BYTES:
            self._flush()
        else:
            self._flush_soon()

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: StreamBroken."""
        if self.closed is None:
            await self._pipe.drained()

    def consumed(self, number: int, size_bytes: int) -> None:
        """Hear that data of a stream was taken."""
        self.buffered_bytes -= size_bytes
        self._send(self._yamux.consumed(number, size_bytes))

    def finish(self, number: int) -> None:
        """Write no more on a stream."""
        self._send(self._yamux.finish(number))

    def discard(self, number: int) -> None:
        """Drop what comes on a stream from now on; it is broken off if the other side does not end it in time."""
        if self._streams.pop(number, None) is not None:
            self._loop.call_later(STREAM_CLOSE_S, self.break_off, number)

    def forget(self, number: int) -> None:
        """Hear that a stream is done with."""
        self._streams.pop(number, None)

    def break_off(self, number: int) -> None:
        """Reset a stream."""
        self._streams.pop(number, None)
        self._send(self._yamux.reset(number))

    def _plain(self, data: bytes) -> None:
        for event in self._yamux.receive(data):
            match event:
                case Received(number, piece):
                    self._data(number, bytes(piece))
                case Reply(answer):
                    self._send(answer)
                case Opened(number):
                    self._opened(number)
                case Writable(number):
                    if number in self._streams:
                        self._streams[number].writable()
                case Ended(number):
                    if number in self._streams:
                        self._streams[number].ended()
                case Reset(number):
                    stream = self._streams.pop(number, None)
                    if stream is not None:
                        stream.broke("the other side reset it")
                case Ponged(token):
                    answer_to = self._pings.pop(token, None)
                    if answer_to is not None and not answer_to.done():
                        answer_to.set_result(self._loop.time())
                case GoneAway(_):
                    pass  # streams that are open go on until the other side closes

    def _data(self, number: int, piece: bytes) -> None:
        stream = self._streams.get(number)
        if stream is None:
            self._send(self._yamux.consumed(number, len(piece)))
            return
        stream.arrived(piece)
        self.buffered_bytes += len(piece)
        if self.buffered_bytes > PEER_BUFFER_BYTES_MAX:
            fullest = max(self._streams.values(), key=lambda each: each.buffered_bytes)
            fullest.reset()

    def _opened(self, number: int) -> None:
        stream = self._streams[number] = MuxedStream(self, number)
        self.used_at = self._loop.time()
        task = asyncio.ensure_future(self._accept(stream))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _send(self, data: bytes) -> None:
        if data and self.closed is None:
            self._outgoing.append(data)
            self._flush_soon()

    def _flush_soon(self) -> None:
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._outgoing and self.closed is None:
            pieces = list(self._secured.frames(b"".join(self._outgoing)))
            self._outgoing.clear()
            self._outgoing_bytes = 0
            self.bytes_sent += sum(map(len, pieces))
            self._pipe.writelines(pieces)
