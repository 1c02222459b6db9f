"""The bytes of a pack: its header and the header of each frame. The format: spec/format/pack.md.

A frame header's checksum covers the pack's number and the frame's own offset too. So bytes of a pack that are stored
as somebody's data, even in the same pack, never look like a frame of it, and a search for the next frame after damage
can't be led astray.
"""

import struct
import zlib
from typing import NamedTuple

from leither import limits
from leither.codec.cid import CODECS
from leither.errors import CorruptionError

PACK_MAGIC = b"\x93LEIPACK"
PACK_VERSION = 1
FRAME_MAGIC = b"\xc5\x1d"

_PACK = struct.Struct("<8sII")
_FRAME = struct.Struct("<2sBBI32s")
_CHECKSUM = struct.Struct("<I")
_SALTED = struct.Struct("<IQ2sBBI32s")  # the frame as it is hashed: after its pack's number and its offset
_SALT = struct.Struct("<IQ")

PACK_HEADER_BYTES = _PACK.size + _CHECKSUM.size
FRAME_HEADER_BYTES = _FRAME.size + _CHECKSUM.size


class PackVersionUnknown(CorruptionError):
    """A pack was written by a version of the program that this one does not know."""

    code = "pack-version-unknown"

    def __init__(self, where: str, version: int) -> None:
        self.where = where
        self.version = version
        super().__init__(
            f"{where} has pack format {version}, not {PACK_VERSION}; open it with the version that wrote it"
        )


class FrameHeader(NamedTuple):
    """What a frame header says of the block behind it."""

    codec: int
    length: int
    digest: bytes


class Place(NamedTuple):
    """Where a block is: its frame starts at `offset` of `pack`. A dropped block is garbage for the next sweep."""

    pack: int
    offset: int
    length: int
    codec: int
    dropped: bool = False

    @property
    def end(self) -> int:
        """Offset after the frame."""
        return self.offset + FRAME_HEADER_BYTES + self.length

    @property
    def where(self) -> str:
        """The place as people read it."""
        return f"packs/{self.pack}.pack:{self.offset}"


def pack_header(number: int) -> bytes:
    """Return the first 20 bytes of pack `number`."""
    body = _PACK.pack(PACK_MAGIC, PACK_VERSION, number)
    return body + _CHECKSUM.pack(zlib.crc32(body))


def pack_header_is_sound(data: bytes, number: int, where: str) -> bool:
    """Tell whether `data` begins pack `number`. Raises: PackVersionUnknown: sound, but of another format."""
    body, checksum = data[: _PACK.size], data[_PACK.size : PACK_HEADER_BYTES]
    if len(data) < PACK_HEADER_BYTES or checksum != _CHECKSUM.pack(zlib.crc32(body)):
        return False
    magic, version, written_number = _PACK.unpack(body)
    if magic == PACK_MAGIC and version != PACK_VERSION:
        raise PackVersionUnknown(where, version)
    return bool(magic == PACK_MAGIC and written_number == number)


def frame_header(number: int, offset: int, codec: int, digest: bytes, length: int) -> bytes:
    """Return the 44 bytes that stand before a block at `offset` of pack `number`."""
    salted = _SALTED.pack(number, offset, FRAME_MAGIC, codec, 0, length, digest)
    return salted[_SALT.size :] + _CHECKSUM.pack(zlib.crc32(salted))


def read_frame_header(number: int, offset: int, data: bytes) -> FrameHeader | None:
    """Return what the frame header `data` says, or None if it is none of this pack at this offset."""
    if len(data) != FRAME_HEADER_BYTES:
        return None
    body = data[: _FRAME.size]
    magic, codec, flags, length, digest = _FRAME.unpack(body)
    if magic != FRAME_MAGIC or codec not in CODECS or flags or length > limits.BLOCK_BYTES_MAX:
        return None
    if data[_FRAME.size :] != _CHECKSUM.pack(zlib.crc32(body, zlib.crc32(_SALT.pack(number, offset)))):
        return None
    return FrameHeader(codec, length, digest)
