"""The content root that follows from path entries: UnixFS, made anew only where something changed."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from leither.codec import EMPTY_RAW, RAW, Block, Cid
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import PATH_TYPE, ROOT, Path, key_path
from leither.ports import Blocks, Lease
from leither.service.engines import Engines
from leither.unixfs import EMPTY_DIRECTORY, Change, EmptyDirectory, Link, SymlinkTarget, decode, update_tree
from leither.unixfs.node import dag_size_bytes

Look = Callable[[Path], PathEntry | None]


def derive_content(
    engines: Engines, lease: Lease, *, kind: str, side: Cid, before: Cid | None, changed: Iterable[bytes], look: Look
) -> Cid:
    """Return the content root once the side map keys in `changed` hold what `look` shows at their paths.

    Args: kind: `file`, `fs` or `db`. side: the side map as it is now, which is all there is of a database. before: the
    content root that stood before `changed`. look: gives the entry at a path as it is now, a directory known only by
    what is in it included, None where nothing is.
    """
    if kind == "db":
        return side
    touched = [key_path(key) for key in changed if key[:1] == PATH_TYPE]
    if kind == "file":
        entry = look(ROOT)
        if entry is not None and entry.cid is not None:
            return entry.cid
        lease.put(Block(EMPTY_RAW, b""))
        return EMPTY_RAW
    changes = tree_changes(touched, look, partial(_link, engines.blocks))
    return update_tree(engines.blocks.get, lease.put, before, changes).cid


def _link(blocks: Blocks, entry: PathEntry) -> Link:
    """Return the link to a file, or to the content that is referred to. Cost: one block.

    A file of one raw leaf need not be here, its entry says how long it is.
    """
    cid = entry.cid
    assert cid is not None
    if cid.codec == RAW:
        size_bytes = entry.size_bytes if entry.type is EntryType.FILE else blocks.size_bytes(cid)
        return Link(cid, size_bytes, size_bytes)
    block = blocks.get(cid)
    node = decode(cid, block)
    return Link(cid, node.size_bytes, dag_size_bytes(block, node.links))


def tree_changes(touched: Iterable[Path], look: Look, link: Callable[[PathEntry], Link]) -> Mapping[Path, Change]:
    """Return what to change in the UnixFS tree so that it shows `look` at every path touched.

    Where something went, the directory above it is named too, so that it stays when its last child left it.
    """
    changes: dict[Path, Change] = {}
    parents: set[Path] = set()
    for path in touched:
        if path == ROOT:
            continue
        changes[path] = change = _change(look(path), link)
        if change is None or isinstance(change, EmptyDirectory):
            parents.update(path[:depth] for depth in range(1, len(path)))
    for path in parents - changes.keys():
        change = _change(look(path), link)
        if change is not None:
            changes[path] = change
    return changes


def _change(entry: PathEntry | None, link: Callable[[PathEntry], Link]) -> Change:
    if entry is None:
        return None
    match entry.type:
        case EntryType.FILE:
            return link(entry)
        case EntryType.DIRECTORY:
            return EMPTY_DIRECTORY
        case EntryType.SYMLINK:
            return SymlinkTarget(entry.target)
        case EntryType.REFERENCE:
            return link(entry) if entry.cid is not None else None
