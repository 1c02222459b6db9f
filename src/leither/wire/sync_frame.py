"""Frames of `/leither/sync/1`: a varint length, then that many bytes: a message's record, or a block as in a CAR."""

from collections.abc import Iterator
from typing import cast

from leither import limits
from leither.codec import CID_BYTES, Block, Cid, NotACid, dagcbor, varint
from leither.codec.record import NotARecord
from leither.errors import PeerError
from leither.wire.sync_messages import MESSAGES, Message

Frame = Message | Block
_BLOCK = b"\x01"
"""First byte of a CIDv1; a message begins with the head of a map."""


class BadFrame(PeerError):
    """What another node sent is no frame of this protocol."""

    code = "bad-sync-frame"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node sent what is no frame of /leither/sync/1: {reason}; the connection ends")


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame."""
    body = frame.cid + frame.data if isinstance(frame, Block) else frame.encode()
    return varint.encode(len(body)) + body


def decode(body: bytes) -> Frame:
    """Return the frame with this body; a block is checked against its CID.

    Raises: BadFrame, BlockMismatch, BlockTooLarge. Cost: of a block one SHA-256.
    """
    if body[:1] == _BLOCK:
        try:
            cid = Cid.read(body[:CID_BYTES])
        except NotACid as error:
            raise BadFrame(error.reason) from None
        return Block.checked(cid, body[CID_BYTES:])
    try:
        plain = dagcbor.decode(body)
        kind = MESSAGES.get(str(plain.get("kind"))) if isinstance(plain, dict) else None
        if kind is None:
            raise BadFrame("a message of no known kind")
        return cast(Message, kind.decode(body))
    except (dagcbor.NotCanonical, dagcbor.RecordTooLarge, NotARecord) as error:
        raise BadFrame(str(error)) from None


class Frames:
    """Cuts what a stream brings into frames. Holds one unfinished frame at the most."""

    def __init__(self) -> None:
        self._held = bytearray()

    def receive(self, data: bytes) -> Iterator[Frame]:
        """Yield the frames that `data` completes. Raises: as `decode`; BadFrame for a length beyond the limit."""
        self._held += data
        while True:
            size, start = self._length()
            if size is None or len(self._held) - start < size:
                return
            body = bytes(self._held[start : start + size])
            del self._held[: start + size]
            yield decode(body)

    def _length(self) -> tuple[int | None, int]:
        """Return the length of the next frame, None while it isn't known, and where the frame begins."""
        try:
            size, start = varint.decode(bytes(self._held[: varint.VARINT_BYTES_MAX]))
        except varint.BadVarint as error:
            if len(self._held) < varint.VARINT_BYTES_MAX and all(byte & 0x80 for byte in self._held):
                return None, 0
            raise BadFrame(error.reason) from None
        if not 0 < size <= limits.SYNC_FRAME_BYTES_MAX:
            raise BadFrame(f"{size:,} bytes where at most {limits.SYNC_FRAME_BYTES_MAX:,} are allowed")
        return size, start
