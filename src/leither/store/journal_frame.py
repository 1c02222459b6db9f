"""The bytes of the state's journal: its header, and frames of changes. The format: spec/format/journal.md.

A checksum covers the segment's first number and the frame's own offset too, so that bytes of a journal which are stored
as somebody's data never look like a frame, and what follows damage can be told from a torn tail.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

SEGMENT_MAGIC = b"\x93LEIJRNL"
SEGMENT_VERSION = 1
FRAME_MAGIC = b"\xc5\x1e"

_SEGMENT = struct.Struct("<8sIQ")
_FRAME = struct.Struct("<2sIQ")
_SALT = struct.Struct("<QQ")
_CHECKSUM = struct.Struct("<I")
_ENTRY = struct.Struct("<II")
_DELETED = 0xFFFFFFFF

SEGMENT_HEADER_BYTES = _SEGMENT.size + _CHECKSUM.size
FRAME_HEADER_BYTES = _FRAME.size + _CHECKSUM.size

Changes = Mapping[bytes, bytes | None]
"""Keys with the values they get; None for a key that is deleted."""


class Frame(NamedTuple):
    """A right frame. `seq`: the number of its last change. `payload`: the changes; it ends at offset `end`."""

    seq: int
    payload: memoryview
    end: int


def segment_header(first: int) -> bytes:
    """Return the header of the segment whose first change has the number `first`."""
    body = _SEGMENT.pack(SEGMENT_MAGIC, SEGMENT_VERSION, first)
    return body + _CHECKSUM.pack(zlib.crc32(body))


def read_segment_header(data: memoryview) -> int | None:
    """Return the number of a segment's first change, or None if `data` begins no segment of this version."""
    body = data[: _SEGMENT.size]
    if len(data) < SEGMENT_HEADER_BYTES or data[_SEGMENT.size : SEGMENT_HEADER_BYTES] != _CHECKSUM.pack(
        zlib.crc32(body)
    ):
        return None
    magic, version, first = _SEGMENT.unpack(body)
    return first if magic == SEGMENT_MAGIC and version == SEGMENT_VERSION else None


def encode_changes(changes: Changes) -> bytes:
    """Return the payload that makes `changes`."""
    pack = _ENTRY.pack
    pieces: list[bytes] = []
    for key, value in changes.items():
        if value is None:
            pieces += (pack(len(key), _DELETED), key)
        else:
            pieces += (pack(len(key), len(value)), key, value)
    return b"".join(pieces)


def decode_changes(payload: memoryview) -> Iterator[tuple[bytes, bytes | None]]:
    """Iterate over (key, value, or None for a deletion) of a right frame's payload."""
    at = 0
    while at < len(payload):
        key_bytes, value_bytes = _ENTRY.unpack_from(payload, at)
        at += _ENTRY.size
        key = bytes(payload[at : at + key_bytes])
        at += key_bytes
        if value_bytes == _DELETED:
            yield key, None
            continue
        yield key, bytes(payload[at : at + value_bytes])
        at += value_bytes


def frame_header(first: int, offset: int, seq: int, payload: bytes) -> bytes:
    """Return what stands before `payload` at `offset` of the segment that begins with change `first`."""
    body = _FRAME.pack(FRAME_MAGIC, len(payload), seq)
    checksum = zlib.crc32(payload, zlib.crc32(body, zlib.crc32(_SALT.pack(first, offset))))
    return body + _CHECKSUM.pack(checksum)


def read_frame(first: int, offset: int, data: memoryview) -> Frame | None:
    """Return the frame at `offset` of the segment `data`, or None if no right one stands there."""
    start = offset + FRAME_HEADER_BYTES
    if start > len(data):
        return None
    body = data[offset : offset + _FRAME.size]
    magic, length, seq = _FRAME.unpack(body)
    if magic != FRAME_MAGIC or start + length > len(data):
        return None
    payload = data[start : start + length]
    checksum = zlib.crc32(payload, zlib.crc32(body, zlib.crc32(_SALT.pack(first, offset))))
    if data[offset + _FRAME.size : start] != _CHECKSUM.pack(checksum):
        return None
    return Frame(seq, payload, start + length)


def find_frame(first: int, offset: int, data: bytes) -> int | None:
    """Return the next offset from `offset` on at which a right frame stands, or None."""
    view = memoryview(data)
    at = data.find(FRAME_MAGIC, offset)
    while at >= 0:
        if read_frame(first, at, view) is not None:
            return at
        at = data.find(FRAME_MAGIC, at + 1)
    return None
