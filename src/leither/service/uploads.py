"""Putting files and whole trees into `cur`, streaming, in one durable change at the end."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from leither import limits
from leither.crypto import MimeiId
from leither.errors import LimitError
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, Path, path_text
from leither.ports import Lease
from leither.service.cur import Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import within
from leither.service.pages import fold
from leither.service.paths import AlreadyThere, WrongPlace, clear, place, symlink_entry
from leither.unixfs import FileBuilder, check_path


class TooManyEntries(LimitError):
    """An upload has more entries than are taken in one change."""

    code = "too-many-entries"

    def __init__(self) -> None:
        super().__init__(f"the upload has more than {limits.UPLOAD_ENTRIES_MAX:,} entries, the limit of one; split it")


class Uploading:
    """Holds the lease of an upload. A context manager: leaving it without `finish` abandons what came."""

    def __init__(self, engines: Engines, mimei: MimeiId) -> None:
        self._engines = within(engines, mimei)
        self._mimei = mimei
        self._context: AbstractContextManager[Lease] | None = self._engines.blocks.lease()
        self._lease = self._context.__enter__()

    def abort(self) -> None:
        """Give the upload up; nothing of it shows. Idempotent."""
        self._close(KeyboardInterrupt())

    def _close(self, error: BaseException | None) -> None:
        context, self._context = self._context, None
        if context is not None:
            context.__exit__(None if error is None else type(error), error, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.abort()


class Upload(Uploading):
    """One file on its way in: `write` its bytes, then `finish`. With `replace` false, what is there stays and wins.

    `expect` is called with what stands at the path, in the very change that replaces it; what it raises refuses that.
    """

    def __init__(
        self,
        engines: Engines,
        mimei: MimeiId,
        path: Path,
        *,
        mode: int = 0,
        mtime_ms: int | None = None,
        replace: bool = True,
        expect: Callable[[PathEntry | None], None] | None = None,
    ) -> None:
        check_path(path)
        super().__init__(engines, mimei)
        self._path = path
        self._mode = mode
        self._mtime_ms = mtime_ms
        self._replace = replace
        self._expect = expect
        self._builder = FileBuilder(self._lease.put)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises: StoreFull."""
        self._builder.write(data)

    def finish(self) -> PathEntry:
        """Make the file durable at its path.

        Raises: StoreFull, QuotaReached, AlreadyThere, and as `place` and `expect`.
        """
        link = self._builder.finish()
        mtime_ms = self._engines.clock.now_ms() if self._mtime_ms is None else self._mtime_ms
        entry = PathEntry(EntryType.FILE, self._mode, mtime_ms, link.cid, link.size_bytes)

        def change(editing: Edit) -> None:
            before = editing.entry(self._path)
            if self._expect is not None:
                self._expect(before)
            if not self._replace and before is not None:
                raise AlreadyThere(self._path)
            place(editing, self._path, entry)

        self._lease.flush()
        with self._engines.lock(self._mimei) if self._expect is not None else nullcontext():
            if self._expect is not None:
                fold(self._engines, self._mimei, self._lease)  # so that the entry tells the file's bytes
            edit(self._engines, self._mimei, change)
        self._close(None)
        return entry


@dataclass(frozen=True, slots=True)
class TreeResult:
    """What a tree brought. `changed` counts the entries of `cur` that are other than before."""

    files: int
    directories: int
    symlinks: int
    bytes: int
    changed: int


class TreeUpload(Uploading):
    """A tree on its way in, below one path, taken as a whole by `finish`. With `replace`, what it lacks goes."""

    def __init__(self, engines: Engines, mimei: MimeiId, below: Path = ROOT, *, replace: bool = False) -> None:
        check_path(below)
        super().__init__(engines, mimei)
        self._below = below
        self._replace = replace
        self._found: dict[Path, PathEntry] = {}

    def file(self, path: Path, *, mode: int = 0, mtime_ms: int = 0) -> "TreeFile":
        """Begin a file at `path` below the upload's place. One at a time."""
        return TreeFile(self, FileBuilder(self._lease.put), self._whole(path), mode, mtime_ms)

    def directory(self, path: Path, *, mode: int = 0, mtime_ms: int = 0) -> None:
        """Add a directory."""
        whole = self._whole(path)
        if whole != self._below or self._below != ROOT:
            self.keep(whole, PathEntry(EntryType.DIRECTORY, mode, mtime_ms))

    def symlink(self, path: Path, target: str, *, mtime_ms: int = 0) -> None:
        """Add a symbolic link. Raises: WrongPlace."""
        whole = self._whole(path)
        self.keep(whole, symlink_entry(whole, target, mtime_ms=mtime_ms))

    def link(self, path: Path, same_as: Path) -> None:
        """Add a file with the content of one that came before (a hard link). Raises: WrongPlace."""
        entry = self._found.get(self._whole(same_as))
        if entry is None or entry.type is not EntryType.FILE:
            raise WrongPlace(path, f"it is a hard link to {path_text(same_as)!r}, which did not come before it")
        self.keep(self._whole(path), entry)

    def _whole(self, path: Path) -> Path:
        whole = self._below + path
        check_path(whole)
        return whole

    def keep(self, path: Path, entry: PathEntry) -> None:
        """Remember an entry; the last one of a path counts. Raises: TooManyEntries, WrongPlace."""
        if path == ROOT:
            raise WrongPlace(path, "the root is a directory; name a path below it")
        if len(self._found) >= limits.UPLOAD_ENTRIES_MAX and path not in self._found:
            raise TooManyEntries
        self._found[path] = entry

    def finish(self) -> TreeResult:
        """Make the tree durable in one change. Raises: StoreFull, QuotaReached and as `place`."""
        self._lease.flush()
        changed = edit(self._engines, self._mimei, self._apply)
        self._close(None)
        kinds = [entry.type for entry in self._found.values()]
        return TreeResult(
            kinds.count(EntryType.FILE),
            kinds.count(EntryType.DIRECTORY),
            kinds.count(EntryType.SYMLINK),
            sum(entry.size_bytes for entry in self._found.values()),
            changed,
        )

    def _apply(self, editing: Edit) -> int:
        changed = 0
        if self._replace:
            above = {path[:depth] for path in self._found for depth in range(len(path))}
            doomed = [path for path, _ in editing.walk(self._below) if path not in self._found and path not in above]
            changed += clear(editing, doomed)
            for path in sorted(above):
                held = editing.entry(path)
                if len(path) >= max(len(self._below), 1) and held is not None and not held.is_directory:
                    changed += clear(editing, [path])
        known: set[Path] = set()
        for path in sorted(self._found):
            entry = self._found[path]
            before = editing.entry(path)
            if before == entry:
                continue
            if self._replace and before is not None and before.is_directory and not entry.is_directory:
                changed += clear(editing, [found for found, _ in editing.walk(path)])
            elif self._replace and before is not None and not before.is_directory:
                clear(editing, [path])
            place(editing, path, entry, known=known)
            changed += 1
        return changed


class TreeFile:
    """One file of a tree on its way in."""

    def __init__(self, tree: TreeUpload, builder: FileBuilder, path: Path, mode: int, mtime_ms: int) -> None:
        self._tree = tree
        self._builder = builder
        self._path = path
        self._mode = mode
        self._mtime_ms = mtime_ms

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes. Raises: StoreFull."""
        self._builder.write(data)

    def finish(self) -> PathEntry:
        """End the file and return its entry."""
        link = self._builder.finish()
        entry = PathEntry(EntryType.FILE, self._mode, self._mtime_ms, link.cid, link.size_bytes)
        self._tree.keep(self._path, entry)
        return entry
