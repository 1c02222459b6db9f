"""What is on demand on this node, and where in it a block stands."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

from leither.codec import BlockMismatch, BlockMissing, Cid
from leither.crypto import MimeiId, id_text
from leither.errors import PeerError
from leither.mimei.contents import Contents
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import PATH_TYPE
from leither.mimei.version import Version
from leither.ports import View
from leither.service.cur import Cur
from leither.service.demand_rows import read_demands
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, MimeiNotFound, draft_cids, load
from leither.service.leaf_index import LeafIndex
from leither.service.reach import Reach
from leither.service.versions import held_versions
from leither.service.visible import CHANGE


class NotFetched(PeerError):
    """A block of a file that is on demand is not here and can't be had now."""

    code = "not-fetched"

    def __init__(self, mimei: MimeiId, cid: Cid, reason: str) -> None:
        self.id = id_text(mimei)
        self.cid = cid.text
        self.reason = reason
        super().__init__(
            f"a part of a file of {self.id}, which is on demand, is not on this node and can't be had now: {reason}; "
            "try again when a node that has it is on: `leither follow` says which"
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a leaf stands. mimei: those that hold it. above: a node that links to it, None where it is a root."""

    mimei: tuple[MimeiId, ...]
    above: Cid | None


def file_roots(engines: Engines, view: View, held: Mimei) -> Iterator[Cid]:
    """Yield the roots below which all files of a MiMei are: contents, what lost in merges, what is not backed up."""
    for cid in held_versions(view, held.id):
        yield engines.record(Version, cid).content
        yield from Reach(engines).lost(cid)
    for cid in draft_cids(view, held):
        yield engines.record(Contents, cid).content
        yield from Reach(engines).lost(cid)
    for key, value, _ in Cur(engines, view, held).changes():
        entry = decode_path_entry(value) if value is not None and key[:1] == PATH_TYPE else None
        if entry is not None and entry.cid is not None:
            yield entry.cid


class Demanded:
    """Finds leaves in what is on demand. Thread-safe. To be told of every event of the node."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._indexes: dict[MimeiId, LeafIndex] = {}
        self._ids: frozenset[MimeiId] | None = None
        self._steady: set[MimeiId] = set()
        """What has not changed since the index of it was begun."""
        self._guard = threading.Lock()
        self._building = threading.Lock()

    def hear(self, event: Event) -> None:
        """Take note of a change: what of it was found out is found out anew."""
        with self._guard:
            if event.what != CHANGE:
                self._ids = None
            self._indexes.pop(event.id, None)
            self._steady.discard(event.id)

    @property
    def ids(self) -> frozenset[MimeiId]:
        """What is on demand. Cost: nothing, when asked again."""
        with self._guard:
            known = self._ids
            if known is None:
                with self._engines.state.read() as view:
                    known = self._ids = frozenset(mimei for mimei, _ in read_demands(view))
            return known

    def find(self, cid: Cid) -> Spot | None:
        """Return where a leaf stands, None where in nothing that is on demand.

        Cost: a look-up for each MiMei; of one that changed, its directories and inner blocks are read.
        """
        found = [(mimei, index) for mimei in sorted(self.ids) if cid in (index := self._index(mimei))]
        if not found:
            return None
        return Spot(tuple(mimei for mimei, _ in found), found[0][1].above(cid))

    def _index(self, mimei: MimeiId) -> LeafIndex:
        with self._guard:
            known = self._indexes.get(mimei)
        if known is not None:
            return known
        with self._building:
            with self._guard:
                known = self._indexes.get(mimei)
                self._steady.add(mimei)
            if known is not None:
                return known
            made = LeafIndex(self._engines.blocks.get, self._roots(mimei))
            with self._guard:
                # What has changed meanwhile is not in it, so it must not stay then.
                if mimei in self._steady:
                    self._indexes[mimei] = made
            return made

    def _roots(self, mimei: MimeiId) -> list[Cid]:
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
                return list(file_roots(self._engines, view, held)) if not held.is_private else []
            except (MimeiNotFound, BlockMissing, BlockMismatch):
                return []
