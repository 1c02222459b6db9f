"""Changing a tree of directories: only what changed is read and written; the root is as if all were added anew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from leither import limits
from leither.codec import dagpb
from leither.codec.block import Block
from leither.codec.cid import DAG_PB, Cid
from leither.codec.dagpb import PBLink
from leither.errors import Conflict, InputError
from leither.unixfs import message
from leither.unixfs.directory import open_directory
from leither.unixfs.edit import DirectoryEdit
from leither.unixfs.names import check_path, encode_name
from leither.unixfs.node import Get, Kind, Link, Node, Put, decode, load


@dataclass(frozen=True, slots=True)
class SymlinkTarget:
    """Place a symbolic link. The target is kept as given and never followed."""

    target: str


class EmptyDirectory:
    """Place a directory, or keep the one that is there with what it holds, even when nothing is left in it."""

    __slots__ = ()


EMPTY_DIRECTORY: Final = EmptyDirectory()

Path = tuple[str, ...]
Change = Link | SymlinkTarget | EmptyDirectory | None
"""What becomes of a path: a stored file (or any node), a symlink, a directory; None removes it with all below."""


class BadSymlink(InputError):
    """A symlink's target is empty, too long, or no text."""

    code = "bad-symlink"

    def __init__(self, target: str, reason: str) -> None:
        self.target = target[:100]
        self.reason = reason
        super().__init__(
            f"symlink target {self.target!r} is {reason}; expected 1 to {limits.SYMLINK_TARGET_BYTES_MAX:,} bytes"
        )


class PathConflict(Conflict):
    """Something is to stand below what is no directory."""

    code = "path-conflict"

    def __init__(self, path: Sequence[str]) -> None:
        self.path = "/".join(path)
        super().__init__(f"{self.path!r} is no directory, so nothing can stand below it; remove it in the same change")


class _Branch:
    """The changes below one path. `given` tells whether the path itself is among them, as `change`."""

    __slots__ = ("below", "change", "given")

    def __init__(self) -> None:
        self.below: dict[str, _Branch] = {}
        self.change: Change = None
        self.given = False


def write_symlink(target: str, put: Put) -> Link:
    """Store a symbolic link and return it. Raises: BadSymlink."""
    try:
        raw = target.encode("utf-8")
    except UnicodeEncodeError:
        raise BadSymlink(target.encode("utf-8", "backslashreplace").decode("utf-8"), "not Unicode text") from None
    if not raw or b"\0" in raw:
        raise BadSymlink(target, "empty or contains NUL")
    if len(raw) > limits.SYMLINK_TARGET_BYTES_MAX:
        raise BadSymlink(target, f"{len(raw):,} bytes long")
    block = Block.of(DAG_PB, dagpb.encode((), message.encode_symlink(raw)))
    put(block)
    return Link(block.cid, 0, len(block.data))


def update_tree(get: Get, put: Put, root: Cid | None, changes: Mapping[Path, Change]) -> Link:
    """Return the tree `root` (None: an empty one) with `changes` made.

    Directories on the way to what is placed come into being. A directory that loses its last entry goes too, and its
    parents likewise, unless `changes` places EMPTY_DIRECTORY at it; the root always stays. Removing what isn't there
    changes nothing. A file gives way to a directory only if its removal, or EMPTY_DIRECTORY at its path, is among the
    changes.

    Raises: BadName, PathTooLong, BadSymlink, PathConflict, HashCollision, WrongKind, and what `decode` and `get` raise.
    Cost:   one read and one write for each changed directory, or shard on the way of a changed entry.
    """
    trunk = _Branch()
    for path, change in changes.items():
        check_path(path)
        branch = trunk
        for name in path:
            branch = branch.below.setdefault(name, _Branch())
        branch.change, branch.given = change, True
    if trunk.given and not isinstance(trunk.change, EmptyDirectory):
        raise PathConflict(())
    return _apply(get, put, None if root is None else open_directory(get, root).node, trunk, ())[0]


def _apply(get: Get, put: Put, node: Node | None, branch: _Branch, path: Path) -> tuple[Link, bool]:
    """Return the changed directory and whether it stays. Recursion is as deep as the path: limits.PATH_DEPTH_MAX."""
    edit = DirectoryEdit(get, node)
    for name, below in branch.below.items():
        raw = encode_name(name)
        placed = _place(get, put, edit, below, (*path, name))
        if placed is None:
            edit.remove(raw)
        else:
            edit.set(placed._replace(name=raw))
    link, empty = edit.finish(put)
    stays = not empty or isinstance(branch.change, EmptyDirectory) or (node is not None and edit.was_empty)
    return link, stays


def _place(get: Get, put: Put, edit: DirectoryEdit, branch: _Branch, path: Path) -> PBLink | None:
    """Return what stands at `path`, an entry of the directory `edit`, after the changes; None for nothing."""
    change = branch.change
    if isinstance(change, Link | SymlinkTarget):
        if any(_places(below) for below in branch.below.values()):
            raise PathConflict(path)
        link = write_symlink(change.target, put) if isinstance(change, SymlinkTarget) else change
        return PBLink(b"", link.cid, link.dag_bytes)
    removed = branch.given and change is None
    if removed and not branch.below:
        return None
    old = None if removed else edit.find(encode_name(path[-1]))
    node = None if old is None else _directory(get, old)
    if old is not None and node is None and not branch.given:
        if any(_places(below) for below in branch.below.values()):
            raise PathConflict(path)
        return old
    made, stays = _apply(get, put, node, branch, path)
    return PBLink(b"", made.cid, made.dag_bytes) if stays else None


def _directory(get: Get, link: PBLink) -> Node | None:
    """Return the directory that a link leads to, None for anything else. A raw leaf isn't read to know."""
    if link.cid.codec != DAG_PB:
        return None
    node = decode(link.cid, load(get, link.cid))
    return node if node.kind in (Kind.DIRECTORY, Kind.SHARD) else None


def _places(branch: _Branch) -> bool:
    """Tell whether anything is placed at or below a path, rather than removed."""
    pending = [branch]
    while pending:
        branch = pending.pop()
        if branch.given and branch.change is not None:
            return True
        pending += branch.below.values()
    return False
