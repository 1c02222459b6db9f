"""Which blocks a MiMei reaches: what a sweep keeps, an export carries, and a check looks for."""

from collections.abc import Callable, Iterator
from functools import partial

from leither.codec import RAW, BlockMismatch, BlockMissing, Cid
from leither.codec.links import links
from leither.codec.sealed import read
from leither.merkle import conflicts
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.entry import Reference, decode_path_entry
from leither.mimei.head import Head
from leither.mimei.key_ring import KeyRing
from leither.mimei.path import PATH_TYPE
from leither.ports import View, prefix_end
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import Mimei, draft_cids, heads
from leither.service.kept import Kept
from leither.service.private import sealed_form
from leither.service.references import of, of_version
from leither.service.versions import held_versions


def _file(key: bytes, value: bytes | None) -> Cid | None:
    """Return the root of the file that an entry holds, None if it holds none of its own."""
    if value is None or key[:1] != PATH_TYPE:
        return None
    entry = decode_path_entry(value)
    return entry.cid if entry.mimei is None else None


class Reach:
    """Walks blocks, each once. `missing` collects what should be there and is not.

    on_demand: raw leaves need not be here. What is reached in both ways is to be walked the other way first.
    """

    def __init__(self, engines: Engines, *, on_demand: bool = False) -> None:
        self._engines = engines
        self.on_demand = on_demand
        self._seen: set[bytes] = set()
        self.missing: list[Cid] = []

    def record(self, cid: Cid) -> Iterator[Cid]:
        """Yield one block, not what it links to. A record's links are followed by who knows their meaning."""
        if cid.digest not in self._seen:
            self._seen.add(cid.digest)
            if self._engines.blocks.has(cid):
                yield cid
            else:
                self.missing.append(cid)

    def below(self, root: Cid) -> Iterator[Cid]:
        """Yield `root` and all it links to, depth first. Cost: reads every block but raw leaves."""
        pending = [root]
        blocks = self._engines.blocks
        while pending:
            cid = pending.pop()
            if cid.digest in self._seen:
                continue
            self._seen.add(cid.digest)
            try:
                if cid.codec != RAW:
                    pending.extend(reversed(links(cid, blocks.get(cid))))
                elif not blocks.has(cid):
                    raise BlockMissing(cid)
            except (BlockMissing, BlockMismatch):
                if cid.codec != RAW or not self.on_demand:
                    self.missing.append(cid)
                continue
            yield cid

    def part(self, root: Cid) -> Iterator[Cid]:
        """Yield what is here below `root`, which need not be all. To be called after everything that needs to be."""
        missing = len(self.missing)
        yield from self.below(root)
        del self.missing[missing:]

    def version(self, cid: Cid) -> Iterator[Cid]:
        """Yield the blocks of a version or draft: the record and all it holds, what lost in a merge too; not parents.

        What lost is in no tree of files, so its bytes are found through the siblings map's entries.
        """
        version = self._version(cid)
        if version is None:
            return
        yield from self.record(cid)
        for root in (version.content, version.side, version.siblings):
            if root is not None:
                yield from self.below(root)
        for file in self.lost(cid):
            yield from self.below(file)

    def lost(self, cid: Cid) -> Iterator[Cid]:
        """Yield the roots of files that lost in a merge: only entries of the siblings map name them."""
        try:
            version = self._engines.record(Contents, cid)
            if version.siblings is None:
                return
            side = self._engines.map(version.side, version.salt)
            files = [_file(entry.key, entry.value) for entry in conflicts(side.nodes, version.siblings)]
        except (BlockMissing, BlockMismatch):
            return  # what walks the version's maps notes that
        yield from filter(None, files)

    def _version(self, cid: Cid) -> Contents | None:
        try:
            if self._engines.blocks.has(cid):
                return self._engines.record(Contents, cid)
        except BlockMismatch:
            pass
        self.missing.append(cid)
        return None

    def entry(self, key: bytes, value: bytes | None) -> Iterator[Cid]:
        """Yield the blocks of a file that an entry names by its bytes, not by a link."""
        file = _file(key, value)
        if file is not None:
            yield from self.below(file)

    def mimei(self, view: View, held: Mimei) -> Iterator[Cid]:
        """Yield the blocks of a MiMei: records, versions, `cur`, and the versions of others it refers to."""
        yield from self.control(Cid(held.row.control))
        if held.control.revoked is not None:
            yield from self.below(held.control.revoked)
        yield from self.rings(held.control.ring)
        if held.is_private:
            yield from self._private(view, held)
            return
        yield from self.record(Cid(held.row.genesis))
        for _, head, cid in heads(self._engines, view, held.id):
            yield from self.record(cid)
            if head.tip in held.control.dropped:
                # A writer's newest version may have been deleted; its record still says what it had seen.
                yield from self.record(head.tip)
        for cid in held_versions(view, held.id):
            yield from self.version(cid)
            if (version := self._version(cid)) is not None:
                yield from self._pinned(partial(of_version, self._engines, version))
        for draft in draft_cids(view, held):
            yield from self.version(draft)
        cur = Cur(self._engines, view, held)
        for key, value, _ in cur.changes():
            yield from self.entry(key, value)
        yield from self._pinned(partial(of, cur))

    def own(self, view: View, held: Mimei) -> Iterator[Cid]:
        """Yield the blocks of files that were put into a public MiMei on this node: in `cur`, versions or drafts.

        What lost in merges as well, wherever it was put. Cost: in proportion to what was changed here.
        """
        for key, value, _ in Cur(self._engines, view, held).changes():
            yield from self.entry(key, value)
        versions = set(held_versions(view, held.id))
        for cid in (*versions, *draft_cids(view, held)):
            for file in self.lost(cid):
                yield from self.below(file)
            version = self._version(cid)
            if version is not None and version.by == self._engines.identity.node.public:
                below = next((parent for parent in version.parents if parent in versions), None)
                yield from self._changed(version, below, held.row.number)

    def _changed(self, version: Contents, below: Cid | None, writer: int) -> Iterator[Cid]:
        """Yield the blocks of files that a writer changed in a version, over the one below it."""
        side = self._engines.map(version.side, version.salt)
        try:
            if below is None:
                entries = side.scan(PATH_TYPE, prefix_end(PATH_TYPE))
            else:
                before = side.at(self._engines.record(Contents, below).side)
                entries = (after for _, _, after in before.diff(side) if after is not None)
            for entry in entries:
                if entry.stamp.writer == writer:
                    yield from self.entry(entry.key, entry.value)
        except (BlockMissing, BlockMismatch):
            return  # what walks the maps of held versions notes that

    def _private(self, view: View, held: Mimei) -> Iterator[Cid]:
        """Yield the sealed blocks of a private MiMei, and its heads. It refers to no versions of others."""
        yield from self.record(Cid(held.row.sealed))
        for cid in held_versions(view, held.id):
            yield from self._sealed(held, cid)
            for file in Reach(held.engines).lost(cid):
                yield from self._sealed(held, file)
        for cid in draft_cids(view, held):
            yield from self._sealed(held, cid)
            for file in Reach(held.engines).lost(cid):
                yield from self._sealed(held, file)
        for key, value, _ in Cur(self._engines, view, held).changes():
            yield from self._sealed_entry(held, key, value)
        # Last, since a block that was seen is not gone into again.
        for _, head, cid in heads(self._engines, view, held.id):
            yield from self.record(cid)
            if head.sealed is not None:
                yield from self.record(head.sealed)

    def _sealed_entry(self, held: Mimei, key: bytes, value: bytes | None) -> Iterator[Cid]:
        file = _file(key, value)
        if file is not None:
            yield from self._sealed(held, file)

    def _sealed(self, held: Mimei, cid: Cid) -> Iterator[Cid]:
        """Yield the sealed form of a block and all it holds, depth first."""
        try:
            form = sealed_form(held.engines.blocks, cid)
        except BlockMissing:
            self.missing.append(cid)
            return
        if form is not None:
            yield from self._forms(form)

    def _forms(self, form: Cid) -> Iterator[Cid]:
        """Yield a sealed block and all it holds, depth first."""
        pending = [form]
        while pending:
            found = pending.pop()
            if found.digest in self._seen:
                continue
            self._seen.add(found.digest)
            try:
                if found.codec != RAW:
                    pending.extend(reversed(read(self._engines.blocks.get(found)).links))
                elif not self._engines.blocks.has(found):
                    raise BlockMissing(found)
            except (BlockMissing, BlockMismatch):
                self.missing.append(found)
                continue
            yield found

    def kept(self, kept: Kept) -> Iterator[Cid]:
        """Yield the blocks of a private MiMei that is kept sealed. No key is needed."""
        shelf = kept.shelf
        yield from self.record(shelf.cid)
        yield from self.below(shelf.versions)
        yield from self.control(shelf.control)
        control = self._engines.record(Control, shelf.control)
        if control.revoked is not None:
            yield from self.below(control.revoked)
        yield from self.rings(control.ring)
        for form in (shelf.genesis, *kept.versions):
            yield from self._forms(form)
        for cid in shelf.heads:
            yield from self.record(cid)
            sealed = self._engines.record(Head, cid).sealed
            if sealed is not None:
                yield from self.record(sealed)

    def control(self, cid: Cid) -> Iterator[Cid]:
        """Yield a control and those before it, as far as they are held."""
        yield from self.record(cid)
        found: Cid | None = cid
        while found is not None and self._engines.blocks.has(found):
            yield from self.record(found)
            found = self._engines.record(Control, found).prev

    def rings(self, cid: Cid | None) -> Iterator[Cid]:
        """Yield a key ring and those of the epochs before."""
        while cid is not None and cid.digest not in self._seen:
            yield from self.record(cid)
            cid = self._engines.root.record(KeyRing, cid).before if self._engines.blocks.has(cid) else None

    def _pinned(self, references: Callable[[], list[tuple[Reference, int]]]) -> Iterator[Cid]:
        """Yield the blocks of the versions of others that are referred to, as far as they are held here."""
        try:
            found = references()
        except (BlockMissing, BlockMismatch):
            return  # the map itself is incomplete, which was noted
        for reference, _ in found:
            if reference.version is not None and self._engines.blocks.has(reference.version):
                yield from self.version(reference.version)
