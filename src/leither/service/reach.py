"""Which blocks a MiMei reaches: what a sweep keeps, an export carries, and a check looks for."""

from collections.abc import Iterable, Iterator

from leither.codec import RAW, BlockMismatch, BlockMissing, Cid
from leither.codec.links import links
from leither.mimei.control import Control
from leither.mimei.entry import Reference, decode_path_entry
from leither.mimei.path import PATH_TYPE
from leither.mimei.version import Version
from leither.ports import View
from leither.service import tables
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import Mimei
from leither.service.references import of, of_version
from leither.service.versions import held_versions


class Reach:
    """Walks blocks, each once. `missing` collects what should be there and is not."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
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
                self.missing.append(cid)
                continue
            yield cid

    def version(self, cid: Cid) -> Iterator[Cid]:
        """Yield the blocks of a version: its record and all it holds, not its parents."""
        if not self._engines.blocks.has(cid):
            self.missing.append(cid)
            return
        version = self._engines.record(Version, cid)
        yield from self.record(cid)
        for root in (version.content, version.side, version.siblings):
            if root is not None:
                yield from self.below(root)

    def mimei(self, view: View, held: Mimei) -> Iterator[Cid]:
        """Yield the blocks of a MiMei: records, versions, `cur`, and the versions of others it refers to."""
        yield from self.control(Cid(held.row.control))
        yield from self.record(Cid(held.row.genesis))
        prefix = tables.HEADS + held.id
        for _, head in view.scan(prefix, prefix + b"\xff" * 5):
            yield from self.record(Cid(head))
        for cid in held_versions(view, held.id):
            yield from self.version(cid)
            yield from self._pinned(of_version(self._engines, self._engines.record(Version, cid)))
        cur = Cur(self._engines, view, held)
        for key, value, _ in cur.changes():
            if value is not None and key[:1] == PATH_TYPE:
                entry = decode_path_entry(value)
                if entry.cid is not None and entry.mimei is None:
                    yield from self.below(entry.cid)
        yield from self._pinned(of(cur))

    def control(self, cid: Cid) -> Iterator[Cid]:
        """Yield a control and those before it, as far as they are held."""
        found: Cid | None = cid
        while found is not None and self._engines.blocks.has(found):
            yield from self.record(found)
            found = self._engines.record(Control, found).prev

    def _pinned(self, references: Iterable[tuple[Reference, int]]) -> Iterator[Cid]:
        """Yield the blocks of the versions of others that are referred to, as far as they are held here."""
        for reference, _ in references:
            if reference.version is not None and self._engines.blocks.has(reference.version):
                yield from self.version(reference.version)
