"""Protobuf's wire form, field by field: what stands there, whatever the schema says of it.

Source: protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator

from leither.codec import varint
from leither.errors import PeerError

_NUMBER, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED_64: 8, _FIXED_32: 4}

Value = int | memoryview
"""A number, or the bytes of a string, of a message within, or of a number of fixed width."""


class BadProtobuf(PeerError):
    """Bytes from another node are no protobuf message, or not one of the kind that was expected."""

    code = "bad-protobuf"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node sent a malformed protobuf message: {reason}; it is refused")


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Yield (field number, value) in the order in which they stand. Nothing is copied.

    Raises: BadProtobuf: cut off, field 0, a group, or a number in more bytes than it needs.
    """
    offset, end = 0, len(message)
    while offset < end:
        try:
            tag, offset = varint.decode(message, offset)
            kind, number = tag & 7, tag >> 3
            if kind == _NUMBER and number:
                value, offset = varint.decode(message, offset)
                yield number, value
                continue
            if kind == _BYTES:
                size, offset = varint.decode(message, offset)
            else:
                size = _FIXED_BYTES.get(kind, -1)
        except varint.BadVarint as error:
            raise BadProtobuf(f"number at byte {error.offset:,} {error.reason}") from None
        if not number or size < 0:
            raise BadProtobuf(f"field {number} of wire type {kind} before byte {offset:,}")
        if size > end - offset:
            raise BadProtobuf(f"field {number} of {size:,} bytes at byte {offset:,} is cut off")
        yield number, message[offset : offset + size]
        offset += size


def number_field(number: int, value: int) -> bytes:
    """Return the bytes of a numeric field; nothing for 0, which is what an absent one means."""
    return varint.encode(number << 3 | _NUMBER) + varint.encode(value) if value else b""


def bytes_head(number: int, size_bytes: int) -> bytes:
    """Return what stands before the `size_bytes` bytes of a string or of a message within."""
    return varint.encode(number << 3 | _BYTES) + varint.encode(size_bytes)


def bytes_field(number: int, value: bytes) -> bytes:
    """Return the bytes of a string or of a message within."""
    return bytes_head(number, len(value)) + value
