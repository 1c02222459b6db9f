"""One place can't be a file and a directory: after a join, what stands under a path makes it a directory.

The entry that loses its place is kept as a sibling, where `leither conflicts` lists it. The outcome follows from the
joined entries alone, so it is the same wherever they are joined.
"""

from collections.abc import Iterator

from leither.codec import Cid
from leither.merkle import Entry, siblings
from leither.merkle.siblings import rearrange, wrap
from leither.mimei.entry import EntryType
from leither.mimei.path import PATH_TYPE, Path, below, key_path, path_key
from leither.service.maps import OrderedMap


def settle_shadows(before: OrderedMap, joined: OrderedMap, beside: Cid | None) -> tuple[OrderedMap, Cid | None]:
    """Return the joined map and its siblings with every path that has something under it shown as a directory.

    Cost: in proportion to what differs from `before`, a tip that has no such path.
    """
    shown: dict[bytes, Entry | None] = {}
    moved: dict[bytes, Entry | None] = {}
    for path in sorted(_suspects(before, joined)):
        key = path_key(path)
        entry = joined.get(key)
        if entry is None or entry.value[0] == EntryType.DIRECTORY or not _has_below(joined, path):
            continue
        others = siblings(joined.nodes, beside, key)
        directory = next((other for other in others if other.value[0] == EntryType.DIRECTORY), None)
        shown[key] = directory
        moved[wrap(entry).key] = wrap(entry)
        if directory is not None:
            moved[wrap(directory).key] = None
    if not moved:
        return joined, beside
    return joined.update(sorted(shown.items())), rearrange(joined.nodes, beside, moved, joined.shape)


def _suspects(before: OrderedMap, joined: OrderedMap) -> set[Path]:
    """Return the paths that changed, and those above what was added."""
    found: set[Path] = set()
    for change in before.diff(joined):
        if change.key[:1] == PATH_TYPE and change.after is not None:
            path = key_path(change.key)
            found.update(path[:depth] for depth in range(1, len(path) + 1))
    return found


def _has_below(entries: OrderedMap, path: Path) -> bool:
    found: Iterator[Entry] = entries.scan(*below(path))
    return next(found, None) is not None
