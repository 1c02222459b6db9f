"""Positions of list elements: paths of (number, writer), as bytes that sort as the paths do.

A number is a byte that says its sign and length, then its bytes, big-endian; of a negative number the complement.
A writer is four bytes. The last number of a path is one its writer never used before, so no two elements share one.
"""

PAIR_ZERO = 0x80


def encode_number(number: int) -> bytes:
    """Return bytes that sort as numbers of 64 bits with a sign do, none a beginning of another."""
    if number >= 0:
        size = (number.bit_length() + 7) // 8
        return bytes((PAIR_ZERO + size,)) + number.to_bytes(size)
    magnitude = -number - 1
    size = (magnitude.bit_length() + 7) // 8
    return bytes((PAIR_ZERO - 1 - size,)) + (~magnitude & ((1 << 8 * size) - 1)).to_bytes(size)


def encode_pair(number: int, writer: int) -> bytes:
    """Return one step of a position."""
    return encode_number(number) + writer.to_bytes(4)


def decode(position: bytes) -> list[tuple[int, int]]:
    """Return the path of a position."""
    path = []
    at = 0
    while at < len(position):
        kind = position[at]
        size = kind - PAIR_ZERO if kind >= PAIR_ZERO else PAIR_ZERO - 1 - kind
        raw = int.from_bytes(position[at + 1 : at + 1 + size])
        number = raw if kind >= PAIR_ZERO else -(~raw & ((1 << 8 * size) - 1)) - 1
        at += 1 + size
        path.append((number, int.from_bytes(position[at : at + 4])))
        at += 4
    return path


def first_number(position: bytes) -> int:
    """Return the first number of a position's path."""
    kind = position[0]
    size = kind - PAIR_ZERO if kind >= PAIR_ZERO else PAIR_ZERO - 1 - kind
    return decode(position[: 1 + size + 4])[0][0]


def between(before: bytes, following: bytes, number: int, writer: int) -> bytes:
    """Return a position between two, `before` < `following`, that ends in (`number`, `writer`).

    It steps aside where the two part, so that insertions in a row at one place give positions of like length.
    """
    low, high = decode(before), decode(following)
    shared = 0
    while shared < len(low) and low[shared] == high[shared]:
        shared += 1
    if shared == len(low):  # `following` goes on from `before`: step in front of where it goes
        path = [*low, (high[shared][0] - 1, writer)]
    elif low[shared][0] + 1 < high[shared][0]:
        path = [*low[:shared], (low[shared][0] + 1, writer)]
    elif len(low) > shared + 1:
        path = [*low[: shared + 1], (low[shared + 1][0] + 1, writer)]
    else:
        path = low
    return b"".join(encode_pair(*step) for step in [*path, (number, writer)])
