"""Proving a MiMei that comes from elsewhere: every record signed by who may, every map and tree what it should be.

Nothing is written but blocks, which a sweep takes away again if the whole is refused.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.crypto import MimeiId, id_text, key_id
from leither.db import DERIVED
from leither.merkle import Change, Entry, check, conflicts
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.ports import Lease
from leither.service import tables
from leither.service.content import derive_content
from leither.service.cur import weight
from leither.service.derived import NOBODY, DerivedCheck
from leither.service.engines import Engines
from leither.service.entries import VersionEntries
from leither.service.merge import join_tips
from leither.service.proof_of_entries import check_entry
from leither.service.proof_of_records import SEQ_LAST, U64_LAST, Refused, check_control, check_head
from leither.service.reach import Reach
from leither.unixfs import PathConflict

_LACKING_TOLD = 10


class Incomplete(Refused):
    """What came lacks blocks. `lacking` are those that were looked for first."""

    code = "incomplete"

    def __init__(self, mimei: MimeiId, what: str, lacking: Sequence[Cid]) -> None:
        super().__init__(mimei, f"block {lacking[0]} did not come with {what}")
        self.lacking = [cid.text for cid in lacking[:_LACKING_TOLD]]
        self._lacking = tuple(lacking)

    @property
    def cids(self) -> tuple[Cid, ...]:
        """The blocks that are lacking, as far as they are known."""
        return self._lacking


@dataclass(frozen=True, slots=True)
class Came:
    """A MiMei as an archive or another node gives it, its blocks stored.

    Fields: versions: tells of each whether its number names it. released: the released version is all that may be read
    where it came from, so heads' versions don't come with them. Of a private one: within: the engines that open it.
    sealed: its sealed genesis. drafts: those that are new. below: what is proved already and `cur` stands on here.
    on_demand: the bytes of its files need not be here.
    """

    genesis: Cid
    control: Cid
    heads: Sequence[Cid]
    versions: dict[Cid, bool]
    changes: Sequence[tuple[bytes, bytes | None]] = ()
    released: bool = False
    within: Engines | None = None
    sealed: Cid | None = None
    drafts: Sequence[Cid] = ()
    below: Cid | None = None
    on_demand: bool = False


@dataclass(frozen=True, slots=True)
class Proved:
    """What was found right: the newest head of each writer, and every version that somebody vouches for.

    `remade`: merges that nobody vouches for, made again from what they join. `drafts`: by writer number.
    """

    id: MimeiId
    came: Came
    topic: Genesis
    control: Control
    heads: dict[int, Head]
    versions: dict[Cid, Version]
    remade: frozenset[Cid]
    drafts: dict[int, Draft]


def prove(engines: Engines, lease: Lease, came: Came) -> Proved:
    """Return `came` once all of it is proved. Cost: in proportion to what differs from versions that are proved.

    Raises: Refused, Incomplete, BadSignature, NotARecord, BadEntry, BadDatabaseEntry, WrongDerivedEntry, BlockMissing,
        MapNotCanonical, NodeMalformed, BadRevoked, RingRefused, ChainTooLong, ChainBroken.
    """
    for cid in (came.genesis, came.control, *came.heads, *came.versions, *came.drafts):
        if not engines.blocks.has(cid):  # a record read once stays at hand, so reading it does not tell
            raise BlockMissing(cid)
    topic = engines.record(Genesis, came.genesis)
    mimei = topic.id
    if (topic.salt is None) != (came.sealed is None):
        raise Refused(mimei, "only a private MiMei is sealed, and it always is")
    control = engines.record(Control, came.control).check()
    if control.author != topic.author or control.genesis != came.genesis:
        raise Refused(mimei, "its control is not by its author")
    if topic.salt is None and control.ring is not None:
        raise Refused(mimei, "it is not private, and has a key ring")
    check_control(engines, mimei, control)
    records = {cid: engines.record(Version, cid) for cid in came.versions}
    heads = _prove_heads(engines, mimei, control, came, records)
    with engines.state.read() as view:
        known = {cid for cid in records if view.get(tables.known(mimei, cid)) is not None}
    reach = Reach(engines, on_demand=came.on_demand)
    proof = _VersionProof(engines, lease, topic, control, heads, records, known, reach)
    versions = proof.run()
    for key, value in came.changes:
        if value is not None:
            check_entry(engines, topic, key, value)
            proof.require_entry(key, value)
    drafts = dict(proof.drafts(came, versions))
    return Proved(mimei, came, topic, control, heads, versions, frozenset(proof.remade), drafts)


def _prove_heads(
    engines: Engines, mimei: MimeiId, control: Control, came: Came, records: dict[Cid, Version]
) -> dict[int, Head]:
    found: dict[int, Head] = {}
    for cid in came.heads:
        head = check_head(mimei, control, engines.record(Head, cid))
        writer = control.writer(head.by)
        assert writer is not None
        if writer.number in found:
            raise Refused(mimei, f"writer {writer.number} has two heads")
        if head.tip not in records and not came.released:
            if head.tip not in control.dropped:
                raise Refused(mimei, "a head's version did not come with it")
            engines.record(Version, head.tip).check()
        found[writer.number] = head
    return found


class _VersionProof:
    """Checks versions, those below before those above."""

    def __init__(
        self,
        engines: Engines,
        lease: Lease,
        topic: Genesis,
        control: Control,
        heads: dict[int, Head],
        records: dict[Cid, Version],
        known: set[Cid],
        reach: Reach,
    ) -> None:
        self._engines = engines
        self._lease = lease
        self._topic = topic
        self._control = control
        self._heads = heads
        self._records = records
        self._known = known
        self._reach = reach
        self.remade: set[Cid] = set()

    def run(self) -> dict[Cid, Version]:
        """Return the versions that are proved. A merge that nobody vouches for and that can't be made again is not."""
        vouched = self._vouched()
        salts = {record.salt for record in self._records.values()}
        if len(salts) > 1:
            raise self._refused("its versions have several salts")
        proved: dict[Cid, Version] = {}
        for cid, record in sorted(self._records.items(), key=lambda item: (item[1].n, item[0])):
            if cid not in self._known and not self._is_proved(cid, record, vouched, proved):
                continue
            proved[cid] = record
        return proved

    def drafts(self, came: Came, proved: dict[Cid, Version]) -> Iterator[tuple[int, Draft]]:
        """Yield (writer number, draft) of the drafts once they are proved; of who was cut off, none counts."""
        below = self._engines.record(Contents, came.below) if came.below is not None else None
        salts = {contents.salt for contents in (*proved.values(), below) if contents is not None}
        for cid in came.drafts:
            record = self._engines.record(Draft, cid).check()
            writer = self._control.writer(record.by or b"")
            if record.mimei != self._topic.id:
                raise self._refused(f"draft {cid} belongs to another MiMei")
            if writer is None or record.seen_map.get(writer.number, 0) < 1:
                raise self._refused(f"draft {cid} is by nobody who is one of its writers")
            if self._control.cut_of(writer.number) is not None:
                continue
            if any(seen.seq > SEQ_LAST for seen in record.seen):
                raise self._refused(f"draft {cid} has a number so high that none could follow")
            if not set(record.parents) <= proved.keys() | set(self._control.dropped):
                raise self._refused(f"draft {cid} stands on a version that did not come")
            if salts and record.salt not in salts:
                raise self._refused("its versions and drafts have several salts")
            self._check_contents(cid, record, below or next(map(proved.get, record.parents), None))
            yield writer.number, record

    def _is_proved(self, cid: Cid, record: Version, vouched: Container[Cid], proved: dict[Cid, Version]) -> bool:
        """Prove a version that is new here; False of a merge that nobody vouches for and that can't be made again."""
        if record.mimei != self._topic.id:
            raise self._refused(f"version {cid} belongs to another MiMei")
        if record.n > U64_LAST or any(seen.seq > SEQ_LAST for seen in record.seen):
            raise self._refused(f"version {cid} has a number so high that none could follow")
        if record.by is not None:
            self._check_writer(cid, record)
        elif cid not in vouched:
            if not self._made_again(cid, record, proved):
                return False
            self.remade.add(cid)
        if any(self._records[parent].n >= record.n for parent in record.parents if parent in self._records):
            raise self._refused(f"version {cid} is numbered below one it stands on")
        base = next((proved[parent] for parent in record.parents if parent in proved), None)
        base = base or max(proved.values(), key=lambda version: version.n, default=None)
        self._check_contents(cid, record, base)
        return True

    def _refused(self, reason: str) -> Refused:
        return Refused(self._topic.id, reason)

    def _vouched(self) -> set[Cid]:
        """Return what a signature stands for: heads' tips and releases, signed versions, and what these stand on."""
        vouched: set[Cid] = set()
        pending = [head.tip for head in self._heads.values()]
        pending += [head.release.version for head in self._heads.values() if head.release]
        pending += [cid for cid, record in self._records.items() if record.by is not None]
        while pending:
            cid = pending.pop()
            if cid in self._records and cid not in vouched:
                vouched.add(cid)
                pending.extend(self._records[cid].parents)
        return vouched

    def _check_writer(self, cid: Cid, record: Version) -> None:
        writer = self._control.writer(record.check().by or b"")
        if writer is None:
            raise self._refused(f"version {cid} is by {id_text(key_id(record.by or b''))}, who is none of its writers")
        own = record.seen_map.get(writer.number, 0)
        head = self._heads.get(writer.number)
        if own < 1 or (self._control.cut_of(writer.number) is None and (head is None or head.seq < own)):
            raise self._refused(f"version {cid} is newer than its writer's head")

    def _made_again(self, cid: Cid, record: Version, proved: dict[Cid, Version]) -> bool:
        """Tell whether a merge can be made again from what it joins. Raises: Refused: if it comes out otherwise."""
        if not all(parent in proved for parent in record.parents):
            return False
        made = join_tips(self._engines, self._topic, self._control, record.parents, self._lease)
        if made is None or made.cid != cid:
            raise self._refused(f"nobody vouches for the merge {cid}, and what it joins does not make it")
        return True

    def _check_contents(self, cid: Cid, record: Contents, base: Contents | None) -> None:
        """Make sure that it holds what it should; of what a proved one, `base`, holds too, nothing is looked at."""
        if base is None:
            self._require(self._reach.version(cid))
        try:
            self._check_maps(cid, record, base)
        except BlockMissing as error:
            raise Incomplete(self._topic.id, f"{record.KIND} {cid}", [Cid.parse(error.cid)]) from None

    def require_entry(self, key: bytes, value: bytes) -> None:
        """Make sure that the file is here that an entry names. Raises: Incomplete."""
        self._require(self._reach.entry(key, value))

    def _require(self, blocks: Iterable[Cid]) -> None:
        """Walk over blocks. Raises: Incomplete."""
        for _ in blocks:
            pass
        if self._reach.missing:
            raise Incomplete(self._topic.id, "it", self._reach.missing)

    def _check_maps(self, cid: Cid, record: Contents, base: Contents | None) -> None:
        engines, topic = self._engines, self._topic
        side = engines.map(record.side, record.salt, self._lease)
        below = side.at(base.side) if base else engines.empty_map(record.salt, self._lease)
        derived = DerivedCheck(engines, below, side) if topic.type == "db" else None
        changed: list[bytes] = []
        size = base.size_bytes if base else 0

        def see(change: Change) -> None:
            nonlocal size
            key, before, after = change
            if after is not None:
                self._check_changed(cid, record, after)
            if derived is not None:
                derived.note(change)
            else:
                changed.append(key)
            size += weight(key, after.value if after else None) - weight(key, before.value if before else None)

        check(side.nodes, record.side, side.shape, base=base.side if base else None, see=see)
        if record.siblings is not None:
            limit = limits.MAP_SIBLING_KEY_BYTES_MAX
            check(side.nodes, record.siblings, side.shape, key_bytes_max=limit)
        for entry in conflicts(side.nodes, record.siblings):
            if topic.type == "db" and entry.key[:1] in DERIVED:
                raise self._refused(f"version {cid} keeps, as what lost, an entry that follows from others")
            check_entry(engines, topic, entry.key, entry.value)
        for file in self._reach.lost(cid):
            self._require(self._reach.below(file))
        if size != record.size_bytes:
            raise self._refused(f"version {cid} says {record.size_bytes:,} bytes and holds {size:,}")
        if derived is not None:
            derived.check()
        self._check_content(cid, record, base, changed)

    def _check_changed(self, cid: Cid, record: Contents, entry: Entry) -> None:
        check_entry(self._engines, self._topic, entry.key, entry.value)
        self.require_entry(entry.key, entry.value)
        if entry.stamp.seq > record.seen_map.get(entry.stamp.writer, 0):
            raise self._refused(f"version {cid} holds what it says it has not seen")
        if self._topic.type == "db" and entry.key[:1] in DERIVED and entry.stamp != NOBODY:
            raise self._refused(f"version {cid} holds an entry that follows from others, and says that somebody set it")

    def _check_content(self, cid: Cid, record: Contents, base: Contents | None, changed: list[bytes]) -> None:
        side = self._engines.map(record.side, record.salt)
        try:
            content = derive_content(
                self._engines,
                self._lease,
                kind=self._topic.type,
                side=record.side,
                before=base.content if base else None,
                changed=changed,
                look=VersionEntries(side).entry,
            )
        except PathConflict as error:
            raise self._refused(f"version {cid} holds something below what is no directory: {error.path}") from None
        if content != record.content:
            raise self._refused(f"version {cid} has another content than its entries make")
