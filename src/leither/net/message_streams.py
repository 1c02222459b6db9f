"""One-way messages over streams: each is handled in a thread, and no thread waits while nothing comes.

Messages of one peer are handled in their order, one after the other, whatever streams they come on; while one is in
work the peer's streams aren't read, so a peer that sends faster than it is served is slowed down.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from weakref import WeakValueDictionary

from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError, LimitError, PeerError
from leither.net.host import Host
from leither.net.stream import MuxedStream
from leither.ports.network import MessageHandler

_BAD_MESSAGE_POINTS = 20


class MessageStreams:
    """Handlers of one-way protocols."""

    def __init__(self, host: Host, pool: Executor, blame: Callable[[PeerId, int, str], None]) -> None:
        self._host = host
        self._pool = pool
        self._blame = blame
        self._turns: WeakValueDictionary[tuple[str, PeerId], asyncio.Lock] = WeakValueDictionary()

    def receive(self, protocol: str, handler: MessageHandler, size_bytes_max: int) -> None:
        """Handle the messages of a protocol."""

        async def read(stream: MuxedStream) -> None:
            turn = self._turns.setdefault((protocol, stream.peer), asyncio.Lock())
            try:
                while (message := await stream.read_message(size_bytes_max)) is not None:
                    async with turn:
                        await asyncio.get_running_loop().run_in_executor(self._pool, handler, stream.peer, message)
            except LimitError as error:
                self._blame(stream.peer, _BAD_MESSAGE_POINTS, str(error))
                raise
            except PeerError as error:
                if stream.is_open:  # not the stream broke: what came on it was wrong
                    self._blame(stream.peer, _BAD_MESSAGE_POINTS, str(error))
                raise

        self._host.serve(protocol, read)

    async def send(self, peer: PeerId, protocols: Sequence[str], message: bytes) -> str:
        """Send one message on a stream of its own; return the protocol. Raises: what `Host.open` does, StreamBroken."""
        stream = await self._host.open(peer, protocols)
        try:
            await stream.write_message(message)
            stream.close()
        except LeitherError:
            stream.reset()
            raise
        return stream.protocol
