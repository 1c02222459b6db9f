"""A node of the ordered map: its columns, its bytes, and what makes bytes a well-formed node.

A leaf is `[0, keys, writers, seqs, values]`, an inner node `[level, keys, links, counts]`; columns, because a list
of keys can be searched, sliced and compared without a Python loop. Bytes: spec/format/map.md.
"""

from collections.abc import Iterator
from itertools import islice, repeat
from operator import lt
from typing import Any, NamedTuple, Self, cast

import libipld

from leither import limits
from leither.codec import CID_BYTES, Block, Cid
from leither.codec.cid import DAG_CBOR
from leither.errors import CorruptionError
from leither.merkle.entry import FIRST_BYTE_MIN, Entry, Stamp

Columns = tuple[list[Any], ...]
"""Keys first; then writers, seqs, values in a leaf, or links, counts in an inner node. All equally long."""

Item = tuple[Any, ...]
"""What stands beside a key: (writer, seq, value) in a leaf, (link, count) above."""

Bound = bytes | None
"""A key that all keys of a node come before; None where nothing follows."""

_LINK_MIN = bytes((1, DAG_CBOR, 0x12, 0x20))
_LINK_END = bytes((1, DAG_CBOR, 0x12, 0x21))


class NodeMalformed(CorruptionError):
    """Bytes that should be a map node are none, or not the one their parent promises."""

    code = "map-node"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"map node refused: {reason}; restore it from an export or a peer")


class Node(NamedTuple):
    """A decoded node; make one with `of`. Never change its lists: nodes are shared through caches.

    `level` 0 is a leaf. `keys`, the first of the columns, are the entries' keys or each child's first key, ascending.
    `total` is the number of entries in or below the node.
    """

    level: int
    keys: list[bytes]
    columns: Columns
    total: int

    @classmethod
    def of(cls, level: int, columns: Columns) -> Self:
        """Return the node of these columns."""
        return cls(level, columns[0], columns, sum(columns[2]) if level else len(columns[0]))

    @property
    def links(self) -> list[bytes]:
        """The children's binary CIDs (inner nodes only)."""
        return self.columns[1]

    @property
    def counts(self) -> list[int]:
        """The entries below each child (inner nodes only)."""
        return self.columns[2]

    def entry(self, index: int) -> Entry:
        """Return the entry at `index` of a leaf."""
        keys, writers, seqs, values = self.columns
        return Entry(keys[index], Stamp(writers[index], seqs[index]), values[index])

    def entries(self, start: int, stop: int) -> Iterator[Entry]:
        """Iterate over the entries of a leaf from index `start` up to `stop`."""
        keys, writers, seqs, values = (column[start:stop] for column in self.columns)
        # tuple.__new__ skips the Python-level constructors: a scan spends most of its time here.
        stamps = map(tuple.__new__, repeat(Stamp), zip(writers, seqs, strict=True))
        made = map(tuple.__new__, repeat(Entry), zip(keys, stamps, values, strict=True))
        return cast(Iterator[Entry], made)


EMPTY = Node.of(0, ([], [], [], []))
"""The root of the map without entries."""


def encode(node: Node) -> Block:
    """Return the block of `node`. Cost: one encoding, one SHA-256."""
    return Block.of(DAG_CBOR, libipld.encode_dag_cbor([node.level, *node.columns]))


EMPTY_MAP = encode(EMPTY)
"""The block of the map without entries: the same for every salt."""


def decode(data: bytes) -> Node:
    """Return the node in `data`, structurally checked.

    What only a whole map can show (boundaries, counts, the canonical form) is for `check`.
    Raises: NodeMalformed.  Cost: O(bytes).
    """
    if len(data) > limits.MAP_LONE_BYTES_MAX:
        raise NodeMalformed(f"{len(data):,} bytes exceed the limit of {limits.MAP_LONE_BYTES_MAX:,}")
    try:
        parts = libipld.decode_dag_cbor(data)
    except (ValueError, RecursionError) as error:
        raise NodeMalformed(f"not DAG-CBOR ({str(error)[:100]})") from None
    if type(parts) is not list or not parts or type(parts[0]) is not int:
        raise NodeMalformed("not a list that begins with a level")
    level, *columns = parts
    if not 0 <= level < limits.MAP_DEPTH_MAX:
        raise NodeMalformed(f"level {level} is not below {limits.MAP_DEPTH_MAX}")
    if len(columns) != (3 if level else 4) or set(map(type, columns)) != {list}:
        raise NodeMalformed(f"a node of level {level} has {3 if level else 4} columns")
    if len(set(map(len, columns))) != 1:
        raise NodeMalformed("columns differ in length")
    size = len(columns[0])
    if size > limits.MAP_NODE_ENTRIES_MAX:
        raise NodeMalformed(f"{size:,} entries exceed the limit of {limits.MAP_NODE_ENTRIES_MAX}")
    if size:
        _require_sound(level, columns)
        if len(data) > limits.MAP_KEY_BYTES_MAX:
            _require_short(level, columns)
    elif level:
        raise NodeMalformed("an inner node without children")
    return Node.of(level, tuple(columns))


def _require_sound(level: int, columns: list[list[Any]]) -> None:
    keys = columns[0]
    try:
        # A comparison of bytes with anything else raises TypeError, so these also check the types.
        if not all(map(lt, keys, islice(keys, 1, None))):
            raise NodeMalformed("keys do not ascend")
        if keys[0] < FIRST_BYTE_MIN:
            raise NodeMalformed("a key begins below 0x80")
        if level:
            _, links, counts = columns
            if min(links) < _LINK_MIN or max(links) >= _LINK_END or set(map(len, links)) != {CID_BYTES}:
                raise NodeMalformed("a link is not the CID of a map node")
            _require_numbers(counts, 1, limits.MAP_SEQ_MAX, "count")
        else:
            _, writers, seqs, values = columns
            if min(values) < FIRST_BYTE_MIN:
                raise NodeMalformed("a value begins below 0x80")
            _require_numbers(writers, 0, limits.MAP_WRITER_MAX, "writer")
            _require_numbers(seqs, 0, limits.MAP_SEQ_MAX, "seq")
    except TypeError:
        raise NodeMalformed("a column holds a value of the wrong type") from None


def _require_short(level: int, columns: list[list[Any]]) -> None:
    """Refuse keys and values past their limits; in a block no longer than those there can be none."""
    if max(map(len, columns[0])) > limits.MAP_SIBLING_KEY_BYTES_MAX:
        raise NodeMalformed("a key is too long")
    if not level and max(map(len, columns[3])) > limits.MAP_VALUE_BYTES_MAX:
        raise NodeMalformed("a value is too long")


def _require_numbers(column: list[int], low: int, high: int, what: str) -> None:
    if set(map(type, column)) != {int} or min(column) < low or max(column) > high:
        raise NodeMalformed(f"a {what} is not a number from {low} to {high:,}")


def require_child(parent: Node, index: int, end: Bound, child: Node) -> Bound:
    """Return the bound of the keys of `child`, after checking it to be what `parent` promises at `index`.

    Every walk does this, so that whatever nodes it is given, keys ascend and no node is met twice.
    Raises: NodeMalformed: for another level, first key or count, or a key at or past the bound.
    """
    keys = parent.keys
    if index + 1 < len(keys):
        end = keys[index + 1]
    if (
        child.level != parent.level - 1
        or child.total != parent.counts[index]
        or child.keys[0] != keys[index]
        or (end is not None and child.keys[-1] >= end)
    ):
        raise NodeMalformed(f"the node under key {keys[index][:40].hex()!r} is not the one its parent promises")
    return end


def children(data: bytes) -> tuple[Cid, ...]:
    """Return the links of the node in `data`, for whoever walks blocks. Raises: NodeMalformed."""
    node = decode(data)
    return tuple(map(Cid, node.links)) if node.level else ()
