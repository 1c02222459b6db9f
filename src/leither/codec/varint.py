"""Unsigned LEB128 varints, as protobuf, multiformats and CAR use them: minimal form only, at most 64 bits."""

from leither.errors import InputError

VARINT_BYTES_MAX = 10
_LIMIT = 1 << 64


class BadVarint(InputError):
    """The bytes at `offset` are not a minimal varint of at most 64 bits."""

    code = "bad-varint"

    def __init__(self, offset: int, reason: str) -> None:
        self.offset = offset
        self.reason = reason
        super().__init__(f"varint at byte {offset:,} {reason}; expected the shortest form of a number below 2^64")


def encode(number: int) -> bytes:
    """Return the minimal bytes of `number`. Raises: ValueError: unless 0 <= number < 2^64."""
    if 0 <= number < 0x80:
        return bytes((number,))
    if not 0 <= number < _LIMIT:
        raise ValueError(f"{number} has no 64-bit varint")
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(data: bytes | bytearray | memoryview, offset: int = 0) -> tuple[int, int]:
    """Return the number at `offset` and the offset behind it.

    Raises: BadVarint: when it is cut off, longer than needed, or beyond 64 bits.
    """
    size = len(data)
    if offset < size and (first := data[offset]) < 0x80:
        return first, offset + 1
    number = shift = 0
    for position in range(offset, min(size, offset + VARINT_BYTES_MAX)):
        byte = data[position]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            if byte == 0 and position > offset:
                raise BadVarint(offset, "is padded")
            if number >= _LIMIT:
                raise BadVarint(offset, "exceeds 64 bits")
            return number, position + 1
        shift += 7
    raise BadVarint(offset, "is cut off" if size < offset + VARINT_BYTES_MAX else "exceeds 64 bits")


def size_bytes(number: int) -> int:
    """Return how many bytes `encode(number)` takes."""
    return (number.bit_length() + 6) // 7 or 1
