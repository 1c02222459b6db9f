"""The side map of one state of a MiMei, read as a tree of paths: of `cur`, or of a version."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

from leither.mimei.entry import EntryType, PathEntry, decode_path_entry
from leither.mimei.path import Path, after_subtree, below, key_path, path_key
from leither.service.maps import OrderedMap

IMPLIED_DIRECTORY = PathEntry(EntryType.DIRECTORY)
"""A directory that has no entry of its own, only something in it."""


class Entries(ABC):
    """Entries by key and by path."""

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """Return the value of the side map entry at `key`."""

    @abstractmethod
    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`, ascending."""

    def entry(self, path: Path) -> PathEntry | None:
        """Return what stands at `path`; a directory known only by what is in it shows as one."""
        value = self.get(path_key(path))
        if value is not None:
            return decode_path_entry(value)
        if self.has_below(path):
            return IMPLIED_DIRECTORY
        return None

    def has_below(self, path: Path) -> bool:
        """Tell whether anything stands under `path`."""
        return next(self.scan(*below(path)), None) is not None

    def children(self, path: Path, *, after: str | None = None) -> Iterator[tuple[str, PathEntry]]:
        """Iterate over (name, entry) of the directory `path` by name; `after` skips names up to it.

        Cost: a seek a child.
        """
        start, stop = below(path)
        if after is not None:
            start = after_subtree((*path, after))
        depth = len(path)
        while True:
            found = next(self.scan(start, stop), None)
            if found is None:
                return
            whole = key_path(found[0])
            child = whole[: depth + 1]
            yield child[-1], decode_path_entry(found[1]) if len(whole) == len(child) else IMPLIED_DIRECTORY
            start = after_subtree(child)

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, PathEntry]]:
        """Iterate over (path, entry) of everything under `path` that has an entry, in key order."""
        for key, value in self.scan(*below(path)):
            yield key_path(key), decode_path_entry(value)


class VersionEntries(Entries):
    """The side map of a version."""

    def __init__(self, side: OrderedMap) -> None:
        self._side = side

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the side map entry at `key`."""
        entry = self._side.get(key)
        return entry.value if entry else None

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`, ascending."""
        return ((entry.key, entry.value) for entry in self._side.scan(start, stop))
