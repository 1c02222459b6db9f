"""Building a map from sorted entries, in one pass and in bounded memory."""

from collections.abc import Iterable
from itertools import chain, islice, pairwise, starmap
from operator import lt

from leither import limits
from leither.codec import Cid
from leither.errors import LimitError
from leither.merkle.cut import Cutter
from leither.merkle.entry import FIRST_BYTE_MIN, Entry, KeysUnsorted, require_entry
from leither.merkle.node import EMPTY, Columns, Node
from leither.merkle.nodes import Nodes
from leither.merkle.shape import Shape

_CHUNK_ENTRIES = 4096
_CHUNK_LINKS = 256


class MapTooDeep(LimitError):
    """A map would get more levels than any reader follows."""

    code = "map-depth"

    def __init__(self) -> None:
        super().__init__(f"map needs more than {limits.MAP_DEPTH_MAX} levels; use another salt")


class Tower:
    """The levels of a map under construction, from `level` up. Feed the lowest, then `finish`."""

    def __init__(self, nodes: Nodes, shape: Shape, level: int = 0) -> None:
        if level >= limits.MAP_DEPTH_MAX:
            raise MapTooDeep
        self._nodes = nodes
        self._shape = shape
        self._level = level
        self._cutter = Cutter(shape, level, self._emit)
        self._above: Tower | None = None
        self._made: Columns = ([], [], [])

    def feed(self, columns: Columns) -> None:
        """Take more items of the lowest level, in order."""
        self._cutter.feed(columns)

    def finish(self) -> Cid:
        """Return the root of all that was fed. Raises: MapTooDeep."""
        self._cutter.close()
        made = self._made
        if self._above is None:
            if not made[0]:
                return self._nodes.write(EMPTY, cached=False)
            if len(made[0]) == 1:
                return Cid(made[1][0])
        self._lift()
        assert self._above is not None
        return self._above.finish()

    def _emit(self, columns: Columns) -> None:
        node = Node.of(self._level, columns)
        keys, links, counts = self._made
        keys.append(node.keys[0])
        links.append(self._nodes.write(node, cached=False))
        counts.append(node.total)
        if len(keys) == _CHUNK_LINKS:
            self._lift()

    def _lift(self) -> None:
        if self._above is None:
            self._above = Tower(self._nodes, self._shape, self._level + 1)
        made, self._made = self._made, ([], [], [])
        self._above.feed(made)


def build(
    nodes: Nodes, entries: Iterable[Entry], shape: Shape, *, key_bytes_max: int = limits.MAP_KEY_BYTES_MAX
) -> Cid:
    """Return the root of the map of `entries`, which come in ascending order of their keys.

    Raises: KeysUnsorted, KeyRefused, ValueRefused, StampRefused; some nodes may have been put by then.
    Cost: O(n), about a microsecond an entry; memory for a node a level and 4,096 entries.
    """
    tower = Tower(nodes, shape)
    last = b""
    source = iter(entries)
    while chunk := list(islice(source, _CHUNK_ENTRIES)):
        tower.feed(_columns(chunk, last, key_bytes_max))
        last = chunk[-1].key
    return tower.finish()


def _columns(chunk: list[Entry], last: bytes, key_bytes_max: int) -> Columns:
    """Return the columns of `chunk`, checked. Whole-column tests are fast; the loop only finds the culprit."""
    keys = [entry[0] for entry in chunk]
    writers = [entry[1][0] for entry in chunk]
    seqs = [entry[1][1] for entry in chunk]
    values = [entry[2] for entry in chunk]
    sound = (
        min(keys) >= FIRST_BYTE_MIN
        and max(map(len, keys)) <= key_bytes_max
        and min(values) >= FIRST_BYTE_MIN
        and max(map(len, values)) <= limits.MAP_VALUE_BYTES_MAX
        and min(writers) >= 0
        and max(writers) <= limits.MAP_WRITER_MAX
        and min(seqs) >= 0
        and max(seqs) <= limits.MAP_SEQ_MAX
    )
    for entry in () if sound else chunk:
        require_entry(entry, key_bytes_max)
    if not all(starmap(lt, pairwise(chain((last,), keys)))):
        raise next(KeysUnsorted(one, other) for one, other in pairwise([last, *keys]) if one >= other)
    return keys, writers, seqs, values
