"""Which blocks a principal may fetch by CID. A security boundary: what is not proved to be readable is not there.

A CID alone is no permission. The owner of a node that nobody else is a user of may fetch whatever is held. Anyone else,
and the owner beside users, for whom blocks are kept that are not the owner's, may fetch what belongs to the content
of a version that they may read, and of that only what the path rules would show them: where a version refers to
another MiMei, the content beyond counts only if that MiMei's version may be read as well. Version records, side maps
and the like are never given out this way, for they name what may be private.

    root        content of a readable version: known at once, from the rows of the MiMei
    inner block found in an index of the blocks below the roots, built when first asked for

A block's codec is part of its name here: bytes of a readable file, fetched as if they were a directory, would lead
anywhere their author chose.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leither import limits
from leither.codec import RAW, BlockMissing, Cid
from leither.codec.foreign import AnyCid
from leither.crypto import MimeiId
from leither.errors import NotFound
from leither.mimei.entry import EntryType
from leither.mimei.path import Path
from leither.mimei.version import Version
from leither.people import Act, Principal
from leither.service.block_index import BlockIndex
from leither.service.denied import refuse_denied, sparing
from leither.service.engines import Engines
from leither.service.entries import VersionEntries
from leither.service.events import Event
from leither.service.holding import Mimei, load_all
from leither.service.versions import held_versions
from leither.unixfs import Get

CHANGE = "change"
"""The event that touches `cur` alone, which is no version."""


class BlockNotFound(NotFound):
    """The block is not held, or not for the caller to see."""

    code = "block-not-found"

    def __init__(self, cid: AnyCid) -> None:
        self.cid = cid.text
        super().__init__(f"no block {cid} on this node that you may read")


@dataclass(frozen=True, slots=True)
class Sighted:
    """How to read from a CID on, and of which MiMei that is content; None where the owner reads whatever is held."""

    get: Get
    mimei: Mimei | None


class Sight:
    """Reads blocks from one starting point, and refuses to cross into what the principal may not read."""

    def __init__(self, view: "Visible", barred: frozenset[Cid]) -> None:
        self._view = view
        self._barred = barred

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. Raises: BlockNotFound, BlockMissing, BlockMismatch."""
        if cid in self._barred:
            beyond = self._view.barred_below(cid)
            if beyond is None:
                raise BlockNotFound(cid)
            # From here on the other MiMei's own references count too.
            self._barred |= beyond
        return self._view.engines.file_blocks.fetch(cid)


class Visible:
    """What one principal may fetch. Thread-safe; made anew when rights or versions change."""

    def __init__(self, engines: Engines, principal: Principal, indexes: "Indexes") -> None:
        self.engines = engines
        self._indexes = indexes
        self._roots: dict[Cid, list[Cid]] = {}
        self._by_mimei: dict[MimeiId, tuple[Mimei, frozenset[Cid]]] = {}
        self._barred: dict[Cid, frozenset[Cid]] = {}
        self.until_ms = limits.TIME_MS_MAX
        """The moment from which on time alone may change what may be fetched."""
        with engines.state.read() as view:
            for mimei in load_all(engines, view):
                if mimei.is_private:
                    continue  # its blocks leave the device sealed, and here they would be asked for by plaintext CID
                acts, until_ms = mimei.verdict(principal)
                self.until_ms = min(self.until_ms, until_ms)
                versions = set(held_versions(view, mimei.id)) if Act.READ_VERSIONS in acts else set()
                if Act.READ_RELEASE in acts and mimei.release is not None:
                    versions.add(mimei.release)
                if versions:
                    self._by_mimei[mimei.id] = mimei, frozenset(self._enter(version) for version in versions)

    def _enter(self, version: Cid) -> Cid:
        content = self.engines.record(Version, version).content
        self._roots.setdefault(content, []).append(version)
        return content

    def sight(self, cid: Cid) -> Sighted | None:
        """Return how to read from `cid` on; None if it may not be seen. May build an index: O(blocks below)."""
        barred = self.barred_below(cid)
        if barred is not None:
            held = next(held for held, contents in self._by_mimei.values() if cid in contents)
            return Sighted(Sight(self, barred).get, held)
        for mimei, contents, barred in self.roots():
            held, _ = self._by_mimei[mimei]
            index = self._indexes.of(mimei, contents, barred, self.engines.blocks.get)
            if cid in index:
                return Sighted(Sight(self, barred).get, held)
            if cid.codec == RAW and index.holds_digest(cid.digest):
                # Asked for raw, a block has no links, and so leads nowhere.
                return Sighted(self.engines.file_blocks.fetch, held)
        return None

    def roots(self) -> Iterator[tuple[MimeiId, frozenset[Cid], frozenset[Cid]]]:
        """Yield each MiMei of which something may be fetched: its readable contents, and where others begin in them."""
        for mimei, (_, contents) in self._by_mimei.items():
            yield mimei, contents, frozenset().union(*[self.barred_below(content) or () for content in contents])

    def barred_below(self, content: Cid) -> frozenset[Cid] | None:
        """Return the roots of other MiMei within the content `content`; None if it is no readable root.

        Cost: a pass over the side map of each version with this content, once.
        """
        versions = self._roots.get(content)
        if versions is None:
            return None
        barred = self._barred.get(content)
        if barred is None:
            barred = frozenset().union(*[_references(self.engines, version) for version in versions])
            self._barred[content] = barred
        return barred


def _references(engines: Engines, version: Cid) -> set[Cid]:
    record = engines.record(Version, version)
    entries = VersionEntries(engines.map(record.side, record.salt))
    return {entry.cid for _, entry in entries.walk() if entry.type is EntryType.REFERENCE and entry.cid is not None} - {
        record.content
    }


class Indexes:
    """The indexes of inner blocks, by MiMei; the least used go when there are too many blocks in them."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[MimeiId, frozenset[Cid], frozenset[Cid]], BlockIndex] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, mimei: MimeiId, roots: frozenset[Cid], barred: frozenset[Cid], get: Get) -> BlockIndex:
        """Return the index of the blocks below `roots`, one built at a time. Cost: if new, reads all but raw leaves."""
        key = (mimei, roots, barred)
        with self._guard:
            index = self._kept.pop(key, None)
            if index is None:
                for stale in [kept for kept in self._kept if kept[0] == mimei and kept[1] != roots]:
                    del self._kept[stale]
                index = BlockIndex(get, roots, barred)
            self._kept[key] = index
            while len(self._kept) > 1 and (
                len(self._kept) > limits.PUBLIC_INDEXES_MAX
                or sum(len(kept) for kept in self._kept.values()) > limits.PUBLIC_BLOCKS_MAX
            ):
                self._kept.popitem(last=False)
            return index


class Visibility:
    """What each principal may fetch. Forgets it as soon as an event says that rights or versions changed."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._views: OrderedDict[Principal, Visible] = OrderedDict()
        self._guard = threading.Lock()
        self._generation = 0
        self._indexes = Indexes()
        self._others: tuple[int, bool] | None = None

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        if event.what != CHANGE:
            with self._guard:
                self._generation += 1
                self._views.clear()

    @property
    def generation(self) -> int:
        """Counts the changes; what was found out under an older one may no longer hold."""
        return self._generation + self._engines.denied.generation

    def refuse_denied(self, cids: Sequence[AnyCid], path: Path) -> None:
        """Check that no denylist rules out a path, given the CIDs of its root and of each segment followed so far.

        Raises: ContentDenied.
        """
        for number, cid in enumerate(cids):
            refuse_denied(self._engines.denied, cid, path[number:])

    def until_ms(self, principal: Principal) -> int:
        """Return the moment from which on time alone may change what a principal may fetch; 0 if unknown."""
        if principal.is_owner and not self._shared():
            return limits.TIME_MS_MAX
        with self._guard:
            view = self._views.get(principal)
        return view.until_ms if view is not None else 0

    def now_ms(self) -> int:
        """Return the node's time."""
        return self._engines.clock.now_ms()

    def _shared(self) -> bool:
        """Tell whether something on this node belongs to somebody other than its owner."""
        known, generation = self._others, self._generation
        if known is None or known[0] != generation:
            with self._engines.state.read() as view:
                known = (generation, any(mimei.facts.user is not None for mimei in load_all(self._engines, view)))
            self._others = known
        return known[1]

    def sight(self, principal: Principal, cid: Cid) -> Sighted:
        """Return how `principal` reads from `cid` on. May take long.

        Raises: BlockNotFound: where it may not, or the block is not held.
        """
        blocks = self._engines.file_blocks
        if not principal.is_owner or self._shared():
            found = self.of(principal).sight(cid)
            if found is None:
                raise BlockNotFound(cid)
        else:
            found = Sighted(blocks.fetch, None)
        if not blocks.has(cid):
            raise BlockNotFound(cid)
        return Sighted(sparing(self._engines.denied, found.get), found.mimei)

    def size_bytes(self, principal: Principal, cid: Cid) -> int | None:
        """Return a block's length; None if it isn't here, or not for `principal`. May take long, the first time."""
        if self.of(principal).sight(cid) is None:
            return None
        try:
            return self._engines.blocks.size_bytes(cid)
        except BlockMissing:
            return None

    def of(self, principal: Principal) -> Visible:
        """Return what `principal` may fetch now: the same object until something changes. Cost: if new, O(MiMei)."""
        with self._guard:
            view, generation = self._views.get(principal), self._generation
        if view is None or view.until_ms <= self._engines.clock.now_ms():
            view = Visible(self._engines, principal, self._indexes)
            with self._guard:
                # What changed while it was made is not in it, so it must not stay.
                if generation == self._generation:
                    self._views[principal] = view
                    self._views.move_to_end(principal)
                    if len(self._views) > limits.READERS_REMEMBERED_MAX:
                        self._views.popitem(last=False)
        return view
