"""A MiMei as this node holds it: its records, and the row that says where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from leither.codec import Cid
from leither.crypto import KeyId, MimeiId, id_text
from leither.errors import NotFound
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.people import GUEST, Act, Chain, Facts, Principal
from leither.people.audit import Kind, Trace, kind_of
from leither.people.policy import Verdict, basis, decide
from leither.ports import Transaction, View, prefix_end
from leither.service import decoy, tables
from leither.service.engines import Engines
from leither.service.user_rows import charge


class MimeiNotFound(NotFound):
    """No such MiMei here, or none that the caller may see."""

    code = "mimei-not-found"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"no MiMei {self.id} on this node that you may read; `leither mm list` shows what there is")


class VersionNotFound(NotFound):
    """The MiMei has no such version, or none that the caller may see."""

    code = "version-not-found"

    def __init__(self, mimei: MimeiId, version: object) -> None:
        self.id = id_text(mimei)
        self.version = str(version)
        super().__init__(f"{self.id} has no version {self.version}; `leither log {self.id}` shows which it has")


class Holding(msgspec.Struct, frozen=True, array_like=True):
    """The row of a MiMei in the state engine.

    Fields: genesis, control: CIDs. base: the version `cur` stands on, which is `last`; empty while there is none.
    tick: counts changes of `cur`. size_bytes, entries: of `cur`. dirty: its changes over what it stands on.
    number, seq, head: this node's place as a writer, 0 and empty while it is none. release: the released version, empty
    for none.
    complete: of a database, whether all of `cur` stands in the state engine. saved: the tick up to which a database's
    changes are in its last version. era, era_first, era_begin: numbers of the era in which its changes are named now
    and of the first with unsaved ones, and the tick at which the present one began. tracked: whether they are named
    although there is no version yet. keys: how many keys a database has. user: the user of this node to whom it
    belongs, empty for the owner. kept: whether it is only held for somebody who is not here any more, and so not
    changed. sealed: of a private MiMei, the CID of its sealed genesis; empty for a public one. draft: what `cur` stands
    on instead of `base`: what its writers shared of their working copies, joined with it; empty where there is nothing.
    """

    genesis: bytes
    control: bytes
    base: bytes = b""
    tick: int = 0
    size_bytes: int = 0
    entries: int = 0
    dirty: int = 0
    number: int = 0
    seq: int = 0
    head: bytes = b""
    release: bytes = b""
    complete: bool = False
    saved: int = 0
    era: int = 0
    era_first: int = 0
    era_begin: int = 0
    tracked: bool = False
    keys: int = 0
    user: bytes = b""
    kept: bool = False
    sealed: bytes = b""
    draft: bytes = b""


_KEPT_ACTS = Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE | Act.FORK | Act.SHARE
_DECODER = msgspec.msgpack.Decoder(Holding)
_ENCODER = msgspec.msgpack.Encoder(enc_hook=bytes)
_DECOY = _ENCODER.encode(Holding(decoy.GENESIS, decoy.CONTROL))


@dataclass(frozen=True, slots=True)
class Mimei:
    """A MiMei at one moment: id, topic, control and row, and what decides who may do what with it.

    `engines` are what reads and writes its contents: of a private MiMei they seal and open.
    """

    id: MimeiId
    genesis: Genesis
    control: Control
    row: Holding
    facts: Facts
    engines: Engines = field(repr=False, compare=False)

    @property
    def is_private(self) -> bool:
        """Whether what it holds is stored sealed."""
        return self.genesis.salt is not None

    def acts(self, principal: Principal) -> Act:
        """Return what `principal` may do with it now."""
        return self.verdict(principal).acts

    def note(self, principal: Principal, acts: Act) -> None:
        """Note that `principal` does one of `acts`, which it may do: wherever a verdict is turned into access."""
        asking, kind = principal.asking, kind_of(acts)
        if asking is None or kind is None or not asking.counts((self.id, kind)):
            return
        trace = self.trace(principal, kind, self.basis(principal, acts))
        if trace is not None:
            self.engines.audit.note(self.facts.user, trace)

    def note_denied(self, principal: Principal, asked: Act) -> None:
        """Note that `principal` asked for what it may not do. Cost: too little to be told from outside."""
        if principal.asking is not None:
            self.engines.audit.note_denied(self.facts.user, principal, self.id, asked)

    def trace(self, principal: Principal, kind: Kind, basis: str) -> Trace | None:
        """Return what is noted of something that `principal` does with it by a right."""
        return self.engines.audit.trace(principal, kind, self.facts.user, mimei=self.id, basis=basis)

    def basis(self, principal: Principal, acts: Act) -> str:
        """Return by which right `principal` may do the first of `acts` now."""
        principal, grants = self._shown(principal)
        first = next((act for act in Act if act in acts), acts)
        return basis(principal, self.facts, first, self.engines.clock.now_ms(), grants) or ""

    def verdict(self, principal: Principal) -> Verdict:
        """Return what `principal` may do with it now, and until when time alone doesn't change that."""
        found = self._decide(principal)
        return Verdict(found.acts & _KEPT_ACTS, found.until_ms) if self.row.kept else found

    def _decide(self, principal: Principal) -> Verdict:
        principal, grants = self._shown(principal)
        now_ms = self.engines.clock.now_ms()
        if not principal.keys:
            return decide(principal, self.facts, now_ms)
        return self.engines.verdicts.decide(principal, self.facts, now_ms, grants)

    def _shown(self, principal: Principal) -> tuple[Principal, tuple[Chain, ...]]:
        """Return who asks with the keys that are known of them, and what was granted to these."""
        engines = self.engines
        if not principal.keys and principal.is_resident and principal.user != self.facts.user:
            # What is another's here may have been granted to a resident's key.
            principal = replace(principal, keys=engines.persons.keys_of(principal))
        return principal, engines.granted.of(principal.keys, self.id) if principal.keys else ()

    @property
    def base(self) -> Cid | None:
        """The newest version: `last`."""
        return Cid(self.row.base) if self.row.base else None

    @property
    def below(self) -> Cid | None:
        """What `cur` stands on: a draft, or `last`."""
        return Cid(self.row.draft) if self.row.draft else self.base

    @property
    def is_saved(self) -> bool:
        """Whether `cur` is what `last` is, as can be told at once: nothing was changed, and no draft came."""
        return not self.row.dirty and not self.row.draft

    @property
    def release(self) -> Cid | None:
        """The released version."""
        return Cid(self.row.release) if self.row.release else None


def load(engines: Engines, view: View, mimei: MimeiId, asking: Principal = GUEST) -> Mimei:
    """Return the MiMei. Raises: MimeiNotFound.

    To who is `asking`, one that is absent takes as long as one of which they may read nothing.
    """
    row = view.get(tables.holding(mimei))
    if row is None:
        _bundle(engines, mimei, _DECOY).acts(asking)
        raise MimeiNotFound(mimei)
    return _bundle(engines, mimei, row)


def load_all(engines: Engines, view: View) -> Iterator[Mimei]:
    """Iterate over all MiMei of this node, by id."""
    for key, row in view.scan(tables.HOLDINGS, prefix_end(tables.HOLDINGS)):
        yield _bundle(engines, MimeiId(key[1:]), row)


def _bundle(engines: Engines, mimei: MimeiId, row: bytes) -> Mimei:
    holding = _DECODER.decode(row)
    genesis, control = Cid(holding.genesis), Cid(holding.control)
    user = KeyId(holding.user) if holding.user else None
    standing, within = engines.root.record(Control, control), engines.root
    if holding.sealed:
        within = within.private(mimei, standing, user)
    return Mimei(
        mimei,
        within.record(Genesis, genesis),
        standing,
        holding,
        within.facts(genesis, control, user),
        within,
    )


def within(engines: Engines, mimei: MimeiId) -> Engines:
    """Return what reads and writes the contents of a MiMei. One that is not here is taken for a public one."""
    with engines.state.read() as view:
        row = view.get(tables.holding(mimei))
    return _bundle(engines, mimei, row).engines if row is not None else engines.root


def is_private(engines: Engines, view: View, mimei: MimeiId) -> bool:
    """Tell whether a MiMei is here and private."""
    row = view.get(tables.holding(mimei))
    return row is not None and _bundle(engines, mimei, row).is_private


def save(transaction: Transaction, mimei: MimeiId, row: Holding) -> None:
    """Write the row of a MiMei, and count what it has grown by for the user to whom it belongs.

    Raises: UserQuotaReached.
    """
    if row.user:
        charge(transaction, KeyId(row.user), row.size_bytes - _counted(transaction, mimei, row.user))
    transaction.put(tables.holding(mimei), _ENCODER.encode(row))


def _counted(view: View, mimei: MimeiId, user: bytes) -> int:
    """Return what a MiMei counts so far for a user."""
    stored = view.get(tables.holding(mimei))
    before = _DECODER.decode(stored) if stored is not None else None
    return before.size_bytes if before is not None and before.user == user else 0


def hand_over(transaction: Transaction, mimei: MimeiId, row: Holding, user: KeyId | None, *, kept: bool) -> None:
    """Let a MiMei belong to another user, or to the owner. Raises: UserQuotaReached."""
    if row.user:
        charge(transaction, KeyId(row.user), -row.size_bytes)
    save(transaction, mimei, msgspec.structs.replace(row, user=user or b"", kept=kept))


def renounce(transaction: Transaction, mimei: MimeiId, row: Holding) -> None:
    """Forget the row of a MiMei, but not how far this node has written.

    Copies elsewhere hold what it has stamped. Numbers that came again would stamp something else the same.
    """
    if row.user:
        charge(transaction, KeyId(row.user), -row.size_bytes)
    transaction.delete(tables.holding(mimei))
    if row.seq:
        transaction.put(tables.gone(mimei), tables.u64(row.seq))


def ended_at(view: View, mimei: MimeiId) -> int:
    """Return this node's last sequence number in a MiMei that it deleted, from which it goes on; 0 if it never did."""
    stored = view.get(tables.gone(mimei))
    return tables.read_u64(stored) if stored is not None else 0


def base_version(engines: Engines, mimei: Mimei) -> Version | None:
    """Return the newest version."""
    return mimei.engines.record(Version, mimei.base) if mimei.base else None


def contents_below(mimei: Mimei) -> Contents | None:
    """Return what `cur` stands on: a draft, or the newest version."""
    below = mimei.below
    return mimei.engines.record(Contents, below) if below is not None else None


def drafts(view: View, mimei: Mimei) -> dict[int, Draft]:
    """Return, by writer number, the drafts that neither the newest version nor another of them includes."""
    prefix = tables.DRAFTS + mimei.id
    return {
        int.from_bytes(key[-4:], "big"): mimei.engines.record(Draft, Cid(value))
        for key, value in view.scan(prefix, prefix_end(prefix))
    }


def draft_cids(view: View, mimei: Mimei) -> list[Cid]:
    """Return the drafts that are held, and what they were joined to."""
    prefix = tables.DRAFTS + mimei.id
    found = [Cid(value) for _, value in view.scan(prefix, prefix_end(prefix))]
    return found if mimei.row.draft in (b"", *found) else [*found, Cid(mimei.row.draft)]


def heads(engines: Engines, view: View, mimei: MimeiId) -> list[tuple[int, Head, Cid]]:
    """Return (writer number, head, head CID) of every writer, by number."""
    prefix = tables.HEADS + mimei
    return [
        (int.from_bytes(key[-4:], "big"), engines.record(Head, Cid(value)), Cid(value))
        for key, value in view.scan(prefix, prefix_end(prefix))
    ]
