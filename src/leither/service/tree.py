"""Reading what a MiMei holds: one state of it as a tree, references into other MiMei followed."""

import posixpath
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import InputError, NotFound
from leither.mimei.address import CUR, RELEASE, Selector
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, Path, path_text
from leither.mimei.version import Version
from leither.people import Principal
from leither.ports import View
from leither.service.catalog import authorize
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.entries import Entries, VersionEntries
from leither.service.holding import Mimei, MimeiNotFound, VersionNotFound, load
from leither.service.pages import fold, has_pages
from leither.service.versions import act_for, default_selector, readable_version
from leither.unixfs import read


class NothingAtPath(NotFound):
    """Nothing stands at the path."""

    code = "path-not-found"

    def __init__(self, mimei: Mimei, path: Path) -> None:
        self.id = mimei.genesis.id_text
        self.path = path_text(path)
        super().__init__(f"nothing at {self.path!r} in {self.id}; `leither mm ls {self.id}` shows what is there")


class TooManyReferences(InputError):
    """References or symlinks lead on and on."""

    code = "too-many-references"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(
            f"{self.path!r} leads over more than {limits.REFERENCE_DEPTH_MAX} references or links; they may form a ring"
        )


@dataclass(frozen=True, slots=True)
class Tree:
    """One state of a MiMei. `version` is None for `cur`. Valid while the context that opened it lasts."""

    engines: Engines
    view: View
    mimei: Mimei
    version: Cid | None
    entries: Entries
    principal: Principal

    def entry(self, path: Path) -> PathEntry:
        """Return what stands at `path`. Raises: NothingAtPath."""
        found = self.entries.entry(path)
        if found is None:
            if path == ROOT and self.mimei.genesis.type == "fs":
                return PathEntry(EntryType.DIRECTORY)
            raise NothingAtPath(self.mimei, path)
        return found

    def children(self, path: Path = ROOT, *, after: str | None = None) -> Iterator[tuple[str, PathEntry]]:
        """Iterate over (name, entry) of a directory, by name, from above `after` on."""
        return self.entries.children(path, after=after)

    def walk(self, path: Path = ROOT) -> Iterator[tuple[Path, PathEntry]]:
        """Iterate over (path, entry) of everything under `path`, parents first."""
        return self.entries.walk(path)

    def follow(self, path: Path) -> "Found":
        """Return what `path` leads to, over references into other MiMei and over relative symlinks.

        The principal needs the right to read each MiMei on the way. Raises: NothingAtPath, TooManyReferences.
        """
        tree, rest, done = self, path, ROOT
        for _ in range(limits.REFERENCE_DEPTH_MAX + 1):
            tree, rest, done, found = _step(tree, rest, done)
            if found is not None:
                return Found(tree, done, found)
        raise TooManyReferences(path)


@dataclass(frozen=True, slots=True)
class Found:
    """Where a path led: an entry at `path` of `tree`, which may be another MiMei than it began in."""

    tree: Tree
    path: Path
    entry: PathEntry


def _step(tree: Tree, rest: Path, done: Path) -> tuple[Tree, Path, Path, PathEntry | None]:
    """Go down `rest` from `done`; return at its end, or after one reference or symlink."""
    for taken in range(len(rest) + 1):
        here = done + rest[:taken]
        entry = tree.entries.entry(here) if here else tree.entry(ROOT)
        if entry is None:
            raise NothingAtPath(tree.mimei, done + rest)
        if entry.type is EntryType.REFERENCE:
            return _other(tree, entry, here), rest[taken:], ROOT, None
        if entry.type is EntryType.SYMLINK:
            target = posixpath.normpath(posixpath.join(*here[:-1], entry.target)) if entry.target[:1] != "/" else ".."
            if target == ".." or target.startswith("../"):
                raise NothingAtPath(tree.mimei, here)
            names = () if target == "." else tuple(target.split("/"))
            return tree, names + rest[taken:], ROOT, None
        if taken == len(rest):
            return tree, ROOT, here, entry
    raise AssertionError("the loop returns at the end of rest")


def _other(tree: Tree, entry: PathEntry, path: Path) -> Tree:
    assert entry.mimei is not None
    try:
        other = load(tree.engines, tree.view, entry.mimei)
        selector: Selector = RELEASE if entry.version is None else entry.version
        return _open(tree.engines, tree.view, other, selector, tree.principal)
    except (MimeiNotFound, VersionNotFound):
        raise NothingAtPath(tree.mimei, path) from None


def _open(engines: Engines, view: View, mimei: Mimei, selector: Selector, principal: Principal) -> Tree:
    engines = mimei.engines
    if selector == CUR:
        authorize(principal, mimei, act_for(mimei, selector, None))
        return Tree(engines, view, mimei, None, Cur(engines, view, mimei), principal)
    version = readable_version(engines, view, mimei, selector, principal)
    record = engines.record(Version, version)
    return Tree(engines, view, mimei, version, VersionEntries(engines.map(record.side, record.salt)), principal)


def tree_at(engines: Engines, view: View, mimei: MimeiId, selector: Selector | None, principal: Principal) -> Tree:
    """Return one state of a MiMei as `view` shows it, which may be a transaction; else as `open_tree`.

    Writes at an offset that are not folded into blocks yet don't show. Raises: MimeiNotFound, VersionNotFound.
    """
    found = load(engines, view, mimei, principal)
    chosen = default_selector(found, principal) if selector is None else selector
    return _open(engines, view, found, chosen, principal)


@contextmanager
def open_tree(engines: Engines, mimei: MimeiId, selector: Selector | None, principal: Principal) -> Iterator[Tree]:
    """Open one state of a MiMei for reading; without a selector, the one `principal` sees by default.

    Raises: MimeiNotFound, VersionNotFound.
    """
    with ExitStack() as context:
        view = context.enter_context(engines.state.read())
        found = load(engines, view, mimei, principal)
        chosen = default_selector(found, principal) if selector is None else selector
        if chosen == CUR and found.genesis.type == "file" and has_pages(view, mimei):
            authorize(principal, found, act_for(found, CUR, None))
            context.close()
            with engines.lock(mimei):  # no page is written between folding and the snapshot
                with found.engines.blocks.lease() as lease:
                    fold(engines, mimei, lease)
                view = context.enter_context(engines.state.read())
            found = load(engines, view, mimei)
        yield _open(engines, view, found, chosen, principal)


def read_bytes(engines: Engines, cid: Cid, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Iterate over the bytes of a file's blocks from `start` to before `stop`, leaf by leaf.

    What is on demand is fetched. Raises: NotFetched, too.
    """
    return read(engines.file_blocks.fetch, cid, start, stop)
