"""Changing the working copy: one transaction that holds conditions, locks and the change together."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from leither.dav.fault import ExistsAlready, IsCollection, NoParent, ReadOnly
from leither.dav.guard import Guard
from leither.dav.place import Place
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, Path, path_key
from leither.people import Act
from leither.ports import View
from leither.service.catalog import authorize
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.locks import drop_locks
from leither.service.paths import clear
from leither.service.paths import place as put_in_place
from leither.service.properties import drop_properties
from leither.service.tree import NothingAtPath

T = TypeVar("T")


def change(engines: Engines, guard: Guard, work: Callable[[Edit], T]) -> T:
    """Run `work` on the working copy that the request addresses, once its conditions hold.

    Raises: ReadOnly, MimeiNotFound, Denied, Unmet, and what `work` raises.
    """
    place = guard.place
    require_cur(place)

    def run(editing: Edit) -> T:
        authorize(guard.principal, editing.mimei, Act.WRITE)
        guard.check(editing.transaction, present(editing, place.path))
        return work(editing)

    return edit(engines, place.address.id, run)


def require_cur(place: Place) -> None:
    """Check that `place` is in a working copy. Raises: ReadOnly."""
    if not place.is_cur:
        raise ReadOnly(f"the version {place.segment}")


def present(cur: Cur, path: Path) -> PathEntry | None:
    """Return what stands at `path`; the root of a file system always does."""
    found = cur.entry(path)
    if found is None and path == ROOT and cur.mimei.genesis.type == "fs":
        return PathEntry(EntryType.DIRECTORY)
    return found


def require_parent(cur: Cur, path: Path) -> None:
    """Check that what `path` should go into is a collection. Raises: NoParent."""
    if path == ROOT:
        return
    above = present(cur, path[:-1])
    if above is None or not above.is_directory:
        raise NoParent(path)


@dataclass(frozen=True, slots=True)
class Put:
    """Puts a file at the place addressed; what was there leaves its mode and its properties to it."""

    guard: Guard
    entry: PathEntry

    def __call__(self, editing: Edit) -> bool:
        """Tell whether the file is new. Raises: IsCollection, NoParent, Locked, QuotaReached."""
        path = self.guard.place.path
        before = writable(editing, editing.transaction, self.guard)
        entry = self.entry
        if before is not None and before.type is EntryType.FILE:
            entry = replace(entry, mode=before.mode)
        elif before is None:
            # Left behind by a merge, properties of what was here once would stick to something else.
            drop_properties(editing, path, below=True)
        put_in_place(editing, path, entry)
        return before is None


def writable(cur: Cur, view: View, guard: Guard) -> PathEntry | None:
    """Return what stands where a file is to be put. Raises: IsCollection, NoParent, Locked."""
    path = guard.place.path
    before = present(cur, path)
    if before is not None and before.is_directory:
        raise IsCollection(path)
    require_parent(cur, path)
    guard.claim(view, cur.mimei.id, path, deep=False, member=before is None)
    return before


def make_collection(engines: Engines, guard: Guard, mtime_ms: int) -> None:
    """Make a directory. Raises: ExistsAlready, NoParent, Locked."""
    path = guard.place.path

    require_cur(guard.place)
    with engines.state.read() as view:
        # Clients make sure of collections again and again, and that should not wait for a commit.
        mimei = authorize(guard.principal, load(engines, view, guard.place.address.id, guard.principal), Act.WRITE)
        there = present(Cur(engines, view, mimei), path)
        if there is not None:
            guard.check(view, there)
            raise ExistsAlready(path)

    def work(editing: Edit) -> None:
        if present(editing, path) is not None:
            raise ExistsAlready(path)
        require_parent(editing, path)
        guard.claim(editing.transaction, editing.mimei.id, path, deep=False, member=True)
        drop_properties(editing, path, below=True)
        put_in_place(editing, path, PathEntry(EntryType.DIRECTORY, 0, mtime_ms))

    change(engines, guard, work)


def delete(engines: Engines, guard: Guard) -> None:
    """Remove what is addressed with everything under it. Raises: NothingAtPath, ReadOnly, Locked."""
    path = guard.place.path

    def work(editing: Edit) -> None:
        if path == ROOT:
            raise ReadOnly("the place of a whole MiMei")
        if present(editing, path) is None:
            raise NothingAtPath(editing.mimei, path)
        guard.claim(editing.transaction, editing.mimei.id, path, deep=True, member=True)
        wipe(engines, editing, path)
        drop_locks(editing.transaction, editing.mimei.id, path, itself=True, now_ms=engines.clock.now_ms())

    change(engines, guard, work)


def wipe(engines: Engines, editing: Edit, path: Path) -> None:
    """Remove `path` and everything under it, with their properties."""
    below = [found for found, _ in editing.walk(path)]
    keep_above(editing, path)
    clear(editing, reversed([path, *below]))
    drop_properties(editing, path, below=True)


def keep_above(editing: Edit, path: Path) -> None:
    """Give the directories above `path` entries of their own, so that they stay when what is in them goes."""
    for depth in range(1, len(path)):
        above = path[:depth]
        if editing.get(path_key(above)) is None:
            put_in_place(editing, above, PathEntry(EntryType.DIRECTORY))
