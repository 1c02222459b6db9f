"""The number of a writer in `control`: given once, never changed, never reused."""

import hashlib
from collections.abc import Collection

from leither.crypto import MimeiId

_NUMBERS = (1 << 32) - 1


def writer_number(mimei: MimeiId, key: bytes, taken: Collection[int] = ()) -> int:
    """Return the number, from 1 up, that the node with this public key gets in a MiMei.

    It follows from both, so that two nodes that add themselves, not knowing of each other, don't choose the same; and
    a node that writes a MiMei and its fork has another number in each, for their histories may be joined one day.
    """
    number = 1 + int.from_bytes(hashlib.sha256(mimei + key).digest()[:4]) % _NUMBERS
    while number in taken:
        number = 1 + number % _NUMBERS
    return number
