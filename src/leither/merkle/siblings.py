"""The siblings map: what else stands under a key after a join, beside the entry that shows.

It is a map of its own, one entry a sibling, with the sibling's stamp and value. Its key is 0x80, the length of the
map's key in three bytes, that key, the writer in four bytes, the seq in eight: so a key's siblings stand together, by
writer. One entry each and not one list under the key: a join can't fail because a list outgrew an entry.
"""

from collections.abc import Iterable, Iterator

from leither import limits
from leither.codec import Cid
from leither.errors import CorruptionError
from leither.merkle.entry import Entry
from leither.merkle.node import EMPTY_MAP
from leither.merkle.nodes import Nodes
from leither.merkle.reading import scan
from leither.merkle.shape import Shape
from leither.merkle.update import update

_TYPE = b"\x80"
_LENGTH_BYTES = 3
_WRITER_BYTES = 4
_STAMP_BYTES = 12
_HEAD_BYTES = 1 + _LENGTH_BYTES


class SiblingMalformed(CorruptionError):
    """An entry of a siblings map is not what its key says."""

    code = "map-sibling"

    def __init__(self, key: bytes) -> None:
        self.key = key[:60].hex()
        super().__init__(f"entry {self.key!r} of a siblings map does not name a key and its own stamp; refused")


def siblings(nodes: Nodes, root: Cid | None, key: bytes) -> list[Entry]:
    """Return the siblings under `key`, lowest writer first, as entries of that key. Cost: one node a level."""
    if root is None:
        return []
    prefix = _prefix(key)
    return [unwrap(entry) for entry in scan(nodes, root, start=prefix, stop=prefix + b"\xff" * (_STAMP_BYTES + 1))]


def conflicts(nodes: Nodes, root: Cid | None) -> Iterator[Entry]:
    """Iterate over all siblings, shorter keys first, then by key and writer. Raises: SiblingMalformed."""
    return iter(()) if root is None else map(unwrap, scan(nodes, root))


def resolve(nodes: Nodes, root: Cid | None, keys: Iterable[bytes], shape: Shape) -> Cid | None:
    """Return the siblings map without what stands under `keys`, which a writer has just set or deleted.

    None stands for a map without entries.  Cost: expected O(log n) a key.
    """
    if root is None:
        return None
    gone = {wrap(sibling).key for key in keys for sibling in siblings(nodes, root, key)}
    return rearrange(nodes, root, dict.fromkeys(gone), shape)


def rearrange(nodes: Nodes, root: Cid | None, changes: dict[bytes, Entry | None], shape: Shape) -> Cid | None:
    """Return the siblings map with `changes` by wrapped key; None if nothing is left."""
    start = EMPTY_MAP.cid if root is None else root
    limit = limits.MAP_SIBLING_KEY_BYTES_MAX
    made = update(nodes, start, sorted(changes.items()), shape, key_bytes_max=limit)
    return None if made == EMPTY_MAP.cid else made


def wrap(entry: Entry) -> Entry:
    """Return `entry` as it stands in a siblings map."""
    (writer, seq) = entry.stamp
    key = _prefix(entry.key) + writer.to_bytes(_WRITER_BYTES) + seq.to_bytes(_STAMP_BYTES - _WRITER_BYTES)
    return Entry(key, entry.stamp, entry.value)


def unwrap(entry: Entry) -> Entry:
    """Return the entry that stands in a siblings map as `entry`. Raises: SiblingMalformed."""
    inner = Entry(entry.key[_HEAD_BYTES:-_STAMP_BYTES], entry.stamp, entry.value)
    if wrap(inner).key != entry.key:
        raise SiblingMalformed(entry.key)
    return inner


def _prefix(key: bytes) -> bytes:
    return _TYPE + len(key).to_bytes(_LENGTH_BYTES) + key
