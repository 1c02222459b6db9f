"""Bringing one MiMei from one node over a stream of `/leither/sync/1`."""

from contextlib import closing

from leither import limits
from leither.codec import BlockMismatch, BlockTooLarge
from leither.crypto import PeerId
from leither.ports import Network
from leither.ports.network_errors import StreamBroken
from leither.service.bringing import Bringing
from leither.wire.sync_frame import BadFrame, decode, encode
from leither.wire.sync_messages import SYNC


def pull(network: Network, peer: PeerId, taker: Bringing) -> None:
    """Bring what `taker` asks for from a peer. Raises: what `Network.open` does, what `taker` does, BadFrame."""
    with closing(network.open(peer, [SYNC])) as stream:
        stream.write(b"".join(encode(message) for message in taker.begin()))
        while not taker.is_done:
            body = stream.read_message(size_bytes_max=limits.SYNC_FRAME_BYTES_MAX)
            if body is None:
                raise StreamBroken(peer, "it ended before all had come")
            try:
                frame = decode(body)
            except (BlockMismatch, BlockTooLarge) as error:
                raise BadFrame(str(error)) from None
            asked = b"".join(encode(message) for message in taker.receive(frame))
            if asked:
                stream.write(asked)
