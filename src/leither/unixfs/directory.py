"""Listing directories and walking paths through them, sharded or not."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid
from leither.errors import NotFound
from leither.unixfs.message import BadUnixFS
from leither.unixfs.murmur import murmur64
from leither.unixfs.names import check_path, decode_name, encode_name
from leither.unixfs.node import Get, Kind, Node, WrongKind, decode, load
from leither.unixfs.shard import Position, Slot, check_place, load_shard, slot_at, slots


class Entry(NamedTuple):
    """A directory's entry. dag_bytes is what the directory claims of all blocks below."""

    name: str
    cid: AnyCid
    dag_bytes: int


class Visit(NamedTuple):
    """A block read on the way to something, with its node."""

    cid: AnyCid
    block: bytes
    node: Node


class PathNotFound(NotFound):
    """A directory has no entry of that name."""

    code = "no-such-entry"

    def __init__(self, directory: AnyCid, name: str) -> None:
        self.directory = directory.text
        self.name = name
        super().__init__(f"directory {directory} has no entry {name!r}")


class DuplicateName(BadUnixFS):
    """A directory lists a name twice."""

    code = "duplicate-name"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"directory lists {name!r} twice")


def open_directory(get: Get, cid: AnyCid) -> Visit:
    """Return the block of a directory. Raises: WrongKind: for anything else, and what `decode` raises."""
    block = load(get, cid)
    node = decode(cid, block)
    if node.kind not in (Kind.DIRECTORY, Kind.SHARD):
        raise WrongKind(cid, "directory", node.kind)
    return Visit(cid, block, node)


def entries(get: Get, cid: AnyCid) -> Iterator[Entry]:
    """Yield the entries of a directory: a basic one's by the bytes of their names, a sharded one's by hash.

    Raises: BadName, DuplicateName, Misplaced, WrongKind, and what `decode` raises.
    Cost:   O(entries); memory for one path of shards, so a listing of any length can be cut off at any point.
    """
    node = open_directory(get, cid).node
    for link in flat_links(node) if node.kind is Kind.DIRECTORY else sharded_links(get, node):
        yield Entry(decode_name(link.name), link.cid, link.tsize)


def flat_links(node: Node) -> list[PBLink]:
    """Return the links of a basic directory in its order. Raises: DuplicateName."""
    seen: set[bytes] = set()
    for link in node.links:
        if link.name in seen:
            raise DuplicateName(decode_name(link.name))
        seen.add(link.name)
    return node.links


def sharded_links(get: Get, root: Node) -> Iterator[PBLink]:
    """Yield the entries below a root shard, in slot order, each checked for its place."""
    for step in _walk(get, root):
        if isinstance(step, PBLink):
            yield step


def shards(get: Get, root: Node) -> Iterator[Visit]:
    """Yield the shards below a root shard, depth first, in slot order; entries are checked as when listing."""
    for step in _walk(get, root):
        if isinstance(step, Visit):
            yield step


def _walk(get: Get, root: Node) -> Iterator[PBLink | Visit]:
    path: list[tuple[Position, Iterator[Slot]]] = [(Position(0, root.fanout, 0), slots(root))]
    while path:
        place, rest = path[-1]
        slot = next(rest, None)
        if slot is None:
            path.pop()
        elif slot.link.name:
            check_place(slot, place)
            yield slot.link
        else:
            below = place.below(slot.number)
            visit = Visit(slot.link.cid, *load_shard(get, slot.link.cid, below))
            yield visit
            path.append((below, slots(visit.node)))


def lookup(get: Get, cid: AnyCid, name: str) -> Entry:
    """Return the entry `name` of a directory.

    Raises: PathNotFound, BadName, WrongKind, and what `decode` raises. Cost: one block, or one a level when sharded.
    """
    *_, (_, entry) = trace(get, cid, name)
    if entry is None:
        raise PathNotFound(cid, name)
    return entry


def trace(get: Get, cid: AnyCid, name: str) -> Iterator[tuple[Visit, Entry | None]]:
    """Yield the blocks that prove what a directory has under `name`; the last comes with the entry, if there is one."""
    raw = encode_name(name)
    visit = open_directory(get, cid)
    if visit.node.kind is Kind.DIRECTORY:
        link = next((link for link in visit.node.links if link.name == raw), None)
        yield visit, None if link is None else Entry(name, link.cid, link.tsize)
        return
    hash64 = murmur64(raw)
    place = Position(0, visit.node.fanout, 0)
    while True:
        number = place.slot_of(hash64)
        slot = slot_at(visit.node, number)
        if slot is None or slot.link.name:
            found = slot is not None and slot.link.name == raw
            yield visit, Entry(name, slot.link.cid, slot.link.tsize) if slot is not None and found else None
            return
        yield visit, None
        place = place.below(number)
        visit = Visit(slot.link.cid, *load_shard(get, slot.link.cid, place))


def resolve(get: Get, root: AnyCid, path: Sequence[str]) -> AnyCid:
    """Return what stands at `path` below `root`. Symlinks are not followed.

    Raises: PathNotFound, WrongKind: a file stands in the way, BadName, PathTooLong, and what `decode` raises.
    """
    check_path(path)
    for name in path:
        root = lookup(get, root, name).cid
    return root
