"""An entry of an ordered map: a key, the stamp of the write that set it, and a value."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leither import limits
from leither.errors import InputError

FIRST_BYTE_MIN = b"\x80"
"""Keys and values begin at or above this byte, so that none can be read as a link (spec/format/map.md)."""


class Stamp(NamedTuple):
    """Which write set an entry: the writer's number and the sequence number of its version."""

    writer: int
    seq: int


class Entry(NamedTuple):
    """One entry. `key` and `value` begin with a byte >= 0x80."""

    key: bytes
    stamp: Stamp
    value: bytes


class Change(NamedTuple):
    """What differs at one key. None stands for absence; never on both sides."""

    key: bytes
    before: Entry | None
    after: Entry | None


class KeyRefused(InputError):
    """A key is empty, too long, or begins below 0x80."""

    code = "map-key"

    def __init__(self, key: bytes, limit_bytes: int) -> None:
        self.key = key[:40].hex()
        self.size_bytes = len(key)
        super().__init__(
            f"map key {self.key!r} of {len(key):,} bytes is refused; "
            f"a key has 1 to {limit_bytes:,} bytes and begins with a type byte of 0x80 or more"
        )


class ValueRefused(InputError):
    """A value is empty, too long, or begins below 0x80."""

    code = "map-value"

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key = key[:40].hex()
        self.size_bytes = len(value)
        super().__init__(
            f"value of {len(value):,} bytes under map key {self.key!r} is refused; a value has 1 to "
            f"{limits.MAP_VALUE_BYTES_MAX:,} bytes and begins with a type byte of 0x80 or more; store more as a file"
        )


class StampRefused(InputError):
    """A stamp's numbers are out of range."""

    code = "map-stamp"

    def __init__(self, key: bytes, stamp: Stamp) -> None:
        self.key = key[:40].hex()
        self.writer, self.seq = stamp
        super().__init__(
            f"stamp ({self.writer}, {self.seq}) under map key {self.key!r} is refused; "
            f"a writer is 0 to {limits.MAP_WRITER_MAX:,}, a seq 0 to {limits.MAP_SEQ_MAX:,}"
        )


class KeysUnsorted(InputError):
    """Keys that must ascend do not."""

    code = "map-order"

    def __init__(self, before: bytes, key: bytes) -> None:
        self.before = before[:40].hex()
        self.key = key[:40].hex()
        super().__init__(f"map key {self.key!r} comes after {self.before!r}; sort keys in byte order, each once")


def require_key(key: bytes, limit_bytes: int = limits.MAP_KEY_BYTES_MAX) -> None:
    """Raise KeyRefused unless `key` may stand in a map."""
    if key < FIRST_BYTE_MIN or len(key) > limit_bytes:
        raise KeyRefused(key, limit_bytes)


def require_entry(entry: Entry, limit_bytes: int = limits.MAP_KEY_BYTES_MAX) -> None:
    """Raise KeyRefused, ValueRefused or StampRefused unless `entry` may stand in a map."""
    key, (writer, seq), value = entry
    require_key(key, limit_bytes)
    if value < FIRST_BYTE_MIN or len(value) > limits.MAP_VALUE_BYTES_MAX:
        raise ValueRefused(key, value)
    if not (0 <= writer <= limits.MAP_WRITER_MAX and 0 <= seq <= limits.MAP_SEQ_MAX):
        raise StampRefused(key, Stamp(writer, seq))


def ascending(
    changes: Iterable[tuple[bytes, Entry | None]], limit_bytes: int = limits.MAP_KEY_BYTES_MAX
) -> Iterator[tuple[bytes, Entry | None]]:
    """Yield `changes` as they come, each checked.

    Raises: KeysUnsorted, KeyRefused (also for an entry under another key), ValueRefused, StampRefused.
    """
    last = b""
    for key, entry in changes:
        if entry is None:
            require_key(key, limit_bytes)
        else:
            require_entry(entry, limit_bytes)
            if entry.key != key:
                raise KeyRefused(entry.key, limit_bytes)
        if key <= last:
            raise KeysUnsorted(last, key)
        last = key
        yield key, entry


def present(
    changes: Iterable[tuple[bytes, Entry | None]], limit_bytes: int = limits.MAP_KEY_BYTES_MAX
) -> Iterator[Entry]:
    """Yield the entries that `changes` set, for who checks each of them anyway. What stands beside them is checked.

    Raises: KeysUnsorted, KeyRefused.
    """
    last = b""
    for key, entry in changes:
        if entry is not None and entry.key is key:
            yield entry
        else:
            yield from (found for _, found in ascending(((key, entry),), limit_bytes) if found is not None)
        if key <= last:
            raise KeysUnsorted(last, key)
        last = key
