"""The rules that decide where nodes begin. They look at keys, sizes and a salt, never at history.

Within a level, a node begins at the first key of all, at every *natural* key, and, where a node would be too large,
at the key of lowest *rank*, again and again until all parts fit. Reasons: spec/format/map.md.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from leither import limits
from leither.errors import InputError
from leither.merkle.node import Columns, Item

NATURAL = b""
"""The rank of a natural key and of a level's first key: below every other."""

ENTRY_OVERHEAD_BYTES = 48
LINK_OVERHEAD_BYTES = 96
"""What an item weighs beside its key and value: more than its numbers, link and length bytes can take."""

_DIGEST_BITS = 256
_ROTATION_BYTES = 4


class SaltRefused(InputError):
    """A map salt has the wrong length."""

    code = "map-salt"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"map salt of {size_bytes} bytes is refused; it has {limits.MAP_SALT_BYTES}")


@dataclass(frozen=True, slots=True)
class Shape:
    """A map's salt, and the sizes its nodes keep to. Only tests choose the sizes; the format fixes them."""

    salt: bytes
    bits: int = limits.MAP_BOUNDARY_BITS
    entries_max: int = limits.MAP_NODE_ENTRIES_MAX
    weight_max: int = limits.MAP_NODE_BYTES_MAX
    _thresholds: tuple[bytes, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.salt) != limits.MAP_SALT_BYTES:
            raise SaltRefused(len(self.salt))
        exponents = (_DIGEST_BITS - (level + 1) * self.bits for level in range(limits.MAP_DEPTH_MAX))
        thresholds = (((1 << exponent) if exponent >= 0 else 0).to_bytes(32) for exponent in exponents)
        object.__setattr__(self, "_thresholds", tuple(thresholds))

    def is_natural(self, level: int, key: bytes) -> bool:
        """Tell whether `key` begins a node at `level` wherever it stands. Cost: one SHA-256."""
        return hashlib.sha256(self.salt + key).digest() < self._thresholds[level]

    def naturals(self, level: int, keys: Sequence[bytes]) -> list[int]:
        """Return the indexes of the natural keys. Cost: one SHA-256 a key."""
        salt, threshold, sha256 = self.salt, self._thresholds[level], hashlib.sha256
        return [index for index, key in enumerate(keys) if sha256(salt + key).digest() < threshold]

    def rank(self, level: int, key: bytes) -> bytes:
        """Return what orders `key` among the places to split at: the lowest splits first.

        The digest, rotated by four bytes a level: keys ground to a bad order at one level are random at the next.
        """
        digest = hashlib.sha256(self.salt + key).digest()
        if digest < self._thresholds[level]:
            return NATURAL
        turn = level * _ROTATION_BYTES % len(digest)
        return digest[turn:] + digest[:turn]

    def weight(self, level: int, columns: Columns) -> int:
        """Return what the items weigh: their keys, values and a fixed overhead each, in bytes."""
        keys = columns[0]
        if level:
            return sum(map(len, keys)) + LINK_OVERHEAD_BYTES * len(keys)
        return sum(map(len, keys)) + sum(map(len, columns[3])) + ENTRY_OVERHEAD_BYTES * len(keys)

    def weights(self, level: int, columns: Columns) -> list[int]:
        """Return what each item weighs."""
        if level:
            return [len(key) + LINK_OVERHEAD_BYTES for key in columns[0]]
        return [len(key) + len(value) + ENTRY_OVERHEAD_BYTES for key, value in zip(columns[0], columns[3], strict=True)]

    def weigh_alike(self, level: int, one: Item, other: Item) -> bool:
        """Tell whether two items weigh the same beside one key."""
        return level > 0 or len(one[-1]) == len(other[-1])

    def fits(self, level: int, *parts: Columns) -> bool:
        """Tell whether all items of `parts` together may stand in one node."""
        if sum(len(part[0]) for part in parts) > self.entries_max:
            return False
        return sum(self.weight(level, part) for part in parts) <= self.weight_max
