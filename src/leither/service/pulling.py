"""Frames of `/leither/sync/1` over a stream, and bringing one MiMei from one node by them."""

from collections.abc import Callable, Iterable
from contextlib import closing

from leither import limits
from leither.codec import BlockMismatch, BlockTooLarge
from leither.crypto import PeerId
from leither.errors import LeitherError
from leither.ports import Network, Stream
from leither.ports.network_errors import StreamBroken
from leither.service.bringing import Bringing
from leither.service.sync_node import outcome_of
from leither.wire.sync_follower import Outcome
from leither.wire.sync_frame import BadFrame, Frame, decode, encode
from leither.wire.sync_messages import SYNC

_WRITE_BYTES = 64 * 1024
"""Frames are written together up to this size."""


def pull(network: Network, peer: PeerId, taker: Bringing) -> None:
    """Bring what `taker` asks for from a peer, and think less of one that tells what does not prove itself.

    Raises: what `Network.open` does, what `bring` does.
    """
    try:
        with closing(network.open(peer, [SYNC])) as stream:
            bring(stream, taker)
    except LeitherError as error:
        if outcome_of(error) is Outcome.BAD:
            network.blame(peer, limits.FOLLOW_BAD_POINTS, error.code)
        raise


def bring(stream: Stream, taker: Bringing, check: Callable[[], object] = lambda: None) -> None:
    """Bring what `taker` asks for over a stream. `check` is called after each frame that it took.

    Raises: StreamBroken, PeerTooSlow, BadFrame, what `taker` and `check` raise.
    """
    write_frames(stream, taker.begin())
    while not taker.is_done:
        body = stream.read_message(size_bytes_max=limits.SYNC_FRAME_BYTES_MAX)
        if body is None:
            raise StreamBroken(stream.peer, "it ended before all had come")
        asked = taker.receive(read_frame(body))
        check()
        write_frames(stream, asked)


def read_frame(body: bytes) -> Frame:
    """Return a frame. Raises: BadFrame."""
    try:
        return decode(body)
    except (BlockMismatch, BlockTooLarge) as error:
        raise BadFrame(str(error)) from None


def write_frames(stream: Stream, frames: Iterable[Frame]) -> None:
    """Send frames, small ones together. Raises: StreamBroken, PeerTooSlow."""
    waiting = bytearray()
    for frame in frames:
        waiting += encode(frame)
        if len(waiting) >= _WRITE_BYTES:
            stream.write(bytes(waiting))
            waiting.clear()
    if waiting:
        stream.write(bytes(waiting))
