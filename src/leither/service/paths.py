"""Changing the tree of `cur`: directories, symlinks, references, moving, copying, removing."""

from collections.abc import Iterable
from dataclasses import replace

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import Conflict, InputError
from leither.mimei.entry import EntryType, PathEntry, Reference
from leither.mimei.path import ROOT, Path, path_key, path_text
from leither.mimei.version import Version
from leither.service.cur import Edit
from leither.service.demand_switch import require_whole
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import within
from leither.service.pages import drop_pages
from leither.service.properties import drop_properties, properties_below, set_property
from leither.service.references import count_reference
from leither.unixfs import check_path


class NotADirectory(Conflict):
    """Something that is no directory stands where one is needed."""

    code = "not-a-directory"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path!r} is not a directory, so nothing can stand in it; remove or rename it first")


class DirectoryThere(Conflict):
    """A directory with something in it stands in the way."""

    code = "directory-there"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path!r} is a directory with something in it; remove it (recursively) first")


class AlreadyThere(Conflict):
    """Something stands at the path already."""

    code = "already-there"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path!r} is there already; remove it first, or choose another name")


class WrongPlace(InputError):
    """The path does not fit the MiMei's type, or the request."""

    code = "wrong-place"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path_text(path)
        self.reason = reason
        super().__init__(f"{self.path or '/'!r} can't be used: {reason}")


class NothingToChange(Conflict):
    """Nothing stands at the path."""

    code = "nothing-there"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"nothing at {self.path!r}, so nothing was changed")


def place(editing: Edit, path: Path, entry: PathEntry, *, known: set[Path] | None = None) -> None:
    """Set what stands at `path`, making the directories above it. `known` remembers directories already seen.

    Raises: BadName, PathTooLong, NotADirectory, DirectoryThere, WrongPlace.
    """
    check_path(path)
    if editing.mimei.genesis.type == "file":
        if path != ROOT or entry.type is not EntryType.FILE:
            raise WrongPlace(path, "a MiMei of type file holds one file and no paths")
        assign(editing, ROOT, entry)
        return
    if path == ROOT:
        raise WrongPlace(path, "the root is a directory; name a path below it")
    make_parents(editing, path, known=known)
    if not entry.is_directory and editing.has_below(path):
        raise DirectoryThere(path)
    assign(editing, path, entry)


def assign(editing: Edit, path: Path, entry: PathEntry | None, *, resolve: bool = False) -> None:
    """Set or remove the entry at `path`, keeping reference counts, properties and a file's pages in step.

    It is for the caller to see that the tree stays one. `resolve` is as in `Edit.put`.
    """
    before = editing.entry(path)
    for held, delta in ((before, -1), (entry, 1)):
        if held is not None and held.type is EntryType.REFERENCE and held.mimei is not None:
            count_reference(editing, Reference(held.mimei, held.version), delta, floor=True)
    if editing.mimei.genesis.type == "file":
        drop_pages(editing)
    if entry is None:
        editing.delete(path_key(path))
        drop_properties(editing, path, below=False)
    else:
        editing.put(path_key(path), entry.encode(), resolve=resolve)


def make_parents(editing: Edit, path: Path, *, known: set[Path] | None = None) -> None:
    """Make the directories above `path`. Raises: NotADirectory."""
    for depth in range(1, len(path)):
        above = path[:depth]
        if known is not None and above in known:
            continue
        entry = editing.entry(above)
        if entry is None:
            editing.put(path_key(above), PathEntry(EntryType.DIRECTORY).encode())
        elif not entry.is_directory:
            raise NotADirectory(above)
        if known is not None:
            known.add(above)


def make_directory(engines: Engines, mimei: MimeiId, path: Path, *, mode: int = 0, mtime_ms: int = 0) -> PathEntry:
    """Make a directory and those above it; one that is there is left. Raises: as `place`, and AlreadyThere."""
    check_path(path)
    entry = PathEntry(EntryType.DIRECTORY, mode, mtime_ms)

    def change(editing: Edit) -> PathEntry:
        before = editing.entry(path)
        if before is not None and path != ROOT:
            if before.is_directory:
                return before
            raise AlreadyThere(path)
        place(editing, path, entry)
        return entry

    return edit(engines, mimei, change)


def make_symlink(engines: Engines, mimei: MimeiId, path: Path, target: str, *, mtime_ms: int = 0) -> PathEntry:
    """Make a symbolic link. Raises: as `place`, and WrongPlace for a bad target."""
    check_path(path)
    entry = symlink_entry(path, target, mtime_ms=mtime_ms)

    def change(editing: Edit) -> PathEntry:
        if editing.entry(path) is not None:
            raise AlreadyThere(path)
        place(editing, path, entry)
        return entry

    return edit(engines, mimei, change)


def symlink_entry(path: Path, target: str, *, mtime_ms: int = 0) -> PathEntry:
    """Return the entry of a symbolic link. Raises: WrongPlace: for an empty, too long or unprintable target."""
    try:
        size_bytes = len(target.encode())
    except UnicodeEncodeError:
        raise WrongPlace(path, "the link's target is not Unicode text") from None
    if not 0 < size_bytes <= limits.SYMLINK_TARGET_BYTES_MAX or "\0" in target:
        raise WrongPlace(path, f"a link's target has 1 to {limits.SYMLINK_TARGET_BYTES_MAX:,} bytes and no NUL")
    return PathEntry(EntryType.SYMLINK, 0, mtime_ms, target=target)


def make_reference(
    engines: Engines, mimei: MimeiId, path: Path, target: MimeiId, version: Cid | None, *, mtime_ms: int = 0
) -> PathEntry:
    """Put a reference to another MiMei at `path`: at `version`, or following its release where that is None."""
    check_path(path)
    entry = reference_entry(engines, target, version, mtime_ms=mtime_ms)

    def change(editing: Edit) -> PathEntry:
        if editing.entry(path) is not None:
            raise AlreadyThere(path)
        place(editing, path, entry)
        return entry

    return edit(engines, mimei, change)


def reference_entry(engines: Engines, target: MimeiId, version: Cid | None, *, mtime_ms: int = 0) -> PathEntry:
    """Return the entry that refers to `target`. Raises: NotWhole: for a version of what is on demand."""
    if version is not None:
        require_whole(engines, target, "a reference to a version of it")
    within_target = within(engines, target)
    content = within_target.record(Version, version).content if version is not None else None
    return PathEntry(EntryType.REFERENCE, 0, mtime_ms, cid=content, mimei=target, version=version)


def remove(engines: Engines, mimei: MimeiId, path: Path, *, recursive: bool = False) -> int:
    """Remove what stands at `path` and return how many entries went. Raises: NothingToChange, DirectoryThere."""
    check_path(path)

    def change(editing: Edit) -> int:
        entry = editing.entry(path)
        if entry is None and path != ROOT:
            raise NothingToChange(path)
        below = [found for found, _ in editing.walk(path)]
        if below and not recursive:
            raise DirectoryThere(path)
        return clear(editing, below if path == ROOT and editing.mimei.genesis.type == "fs" else [path, *below])

    return edit(engines, mimei, change)


def clear(editing: Edit, doomed: Iterable[Path]) -> int:
    """Remove the entries at the paths in `doomed`; return how many."""
    count = 0
    for path in doomed:
        assign(editing, path, None)
        count += 1
    return count


def move(engines: Engines, mimei: MimeiId, source: Path, target: Path) -> PathEntry:
    """Move a path with everything under it. Raises: NothingToChange, AlreadyThere, NotADirectory, WrongPlace."""
    return edit(engines, mimei, lambda editing: _transfer(editing, source, target, keep=False))


def copy(engines: Engines, mimei: MimeiId, source: Path, target: Path) -> PathEntry:
    """Copy a path with everything under it; no bytes are copied. Raises: as `move`."""
    return edit(engines, mimei, lambda editing: _transfer(editing, source, target, keep=True))


def _transfer(editing: Edit, source: Path, target: Path, *, keep: bool) -> PathEntry:
    check_path(source)
    check_path(target)
    if source == ROOT or target[: len(source)] == source:
        raise WrongPlace(target, "it lies within what would be moved or copied")
    entry = editing.entry(source)
    if entry is None:
        raise NothingToChange(source)
    if editing.entry(target) is not None:
        raise AlreadyThere(target)
    below = list(editing.walk(source))
    kept = list(properties_below(editing, source))
    known: set[Path] = set()
    for path, found in ((source, entry), *below):
        moved = target + path[len(source) :]
        place(editing, moved, found, known=known)
    for path, name, value in kept:
        set_property(editing, target + path[len(source) :], name, value)
    if not keep:
        clear(editing, [path for path, _ in reversed(below)])
        clear(editing, [source])
    return entry


def set_attributes(
    engines: Engines, mimei: MimeiId, path: Path, *, mode: int | None = None, mtime_ms: int | None = None
) -> PathEntry:
    """Change the mode or the time of a path. Raises: NothingToChange."""
    check_path(path)

    def change(editing: Edit) -> PathEntry:
        entry = editing.entry(path)
        if entry is None:
            raise NothingToChange(path)
        changed = replace(
            entry,
            mode=entry.mode if mode is None else mode,
            mtime_ms=entry.mtime_ms if mtime_ms is None else mtime_ms,
        )
        editing.put(path_key(path), changed.encode())
        return changed

    return edit(engines, mimei, change)
