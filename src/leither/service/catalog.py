"""Making MiMei, finding them, and saying who may do what with them."""

import msgspec

from leither.codec import Cid
from leither.crypto import KeyId, MimeiId, id_text
from leither.errors import Conflict, InputError
from leither.mimei.control import Control, WriterEntry
from leither.mimei.genesis import KINDS, Genesis
from leither.people import ALL, Act, Denied, Principal
from leither.people import right as rights
from leither.people.audit import Kind
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Holding, Mimei, MimeiNotFound, ended_at, load, load_all, renounce, save
from leither.service.persons import Person
from leither.service.private import PrivateUnsupported, clear, sealed_form
from leither.service.sealed_table import SEALED
from leither.service.upheld import upheld
from leither.service.writer_number import writer_number

MAKEABLE = ("file", "fs", "db")
_OF_ONE = (
    *(tables.HEADS, tables.VERSIONS, tables.KNOWN, tables.CUR, tables.DIRTY, tables.PAGES, tables.LOCKS),
    tables.DRAFTS,
    *(tables.FOLLOWS, tables.DEMANDED, SEALED),
)
_READS = Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE


class KindNotMade(InputError):
    """This node makes no MiMei of that type."""

    code = "kind-not-made"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"a MiMei of type {kind!r} can't be made here; use one of {', '.join(MAKEABLE)}")


class StillReferred(Conflict):
    """Others refer to the MiMei."""

    code = "still-referred"

    def __init__(self, mimei: MimeiId, referrers: int) -> None:
        self.id = id_text(mimei)
        self.referrers = referrers
        super().__init__(
            f"{self.id} is referred to by {referrers} other MiMei; `leither ref list {self.id} --back` shows them; "
            "remove those references first, or force it"
        )


def authorize(principal: Principal, mimei: Mimei, act: Act) -> Mimei:
    """Return `mimei` if `principal` may do `act` with it.

    Raises: MimeiNotFound: to who may not even read it, so that denied and absent answer alike. Denied: to others.
    """
    acts = mimei.acts(principal)
    if act in acts:
        mimei.note(principal, act)
        return mimei
    mimei.note_denied(principal, act)
    if not acts & _READS or act in _READS:
        raise MimeiNotFound(mimei.id)
    raise Denied(f"{rights.act_names(act)} on {mimei.genesis.id_text}")


class Catalog:
    """The MiMei of this node."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def create(
        self,
        *,
        kind: str,
        app: str = "",
        ext: str = "",
        mark: str = "",
        right: int = 0,
        quota: int | None = None,
        user: KeyId | None = None,
        formerly: bool = True,
        private: bool = False,
    ) -> tuple[Mimei, bool]:
        """Make the MiMei of a topic, or find it: (MiMei, whether it is new). `right` and `quota` count for new ones.

        Its author is `user`, or the owner. With `formerly`, what they made under a former key is found as well.
        A private one is another MiMei than the public one of the same topic; what it holds is stored sealed.
        Raises: KindNotMade, NotARecord, NotARight, UserNotFound, PrivateUnsupported.
        """
        if kind not in MAKEABLE:
            raise KindNotMade(kind if kind in KINDS else kind[:40])
        engines = self._engines
        author = engines.persons.of_user(user)
        person, node = author.key, engines.identity.node
        draft = Genesis(author=person.public, app=app, ext=ext, mark=mark, type=kind)  # type: ignore[arg-type]
        genesis = checked_topic(draft, author, private=private)
        known = self._made_formerly(genesis, author) if formerly and not private else None
        if known is not None:
            return known, False
        if private and right:
            raise PrivateUnsupported(genesis.id, "giving rights to others")
        number = writer_number(genesis.id, node.public)
        control = Control(
            genesis=genesis.cid,
            created=engines.clock.now_ms(),
            epoch=0,
            right=rights.check(right),
            writers=(WriterEntry(number, node.public, int(ALL)),),
            quota=quota,
            by=person.public,
        ).signed(person)
        row = Holding(genesis.cid, control.cid, complete=kind == "db", number=number, user=user or b"")
        mimei, new = self._store(genesis, control, row)
        if new:
            engines.events.tell(Event(mimei.id, "create"))
        return mimei, new

    def _made_formerly(self, genesis: Genesis, author: Person) -> Mimei | None:
        """Return the newest MiMei of a topic that somebody made under a former key, unless there is one by now."""
        engines = self._engines
        with engines.state.read() as view:
            if view.get(tables.holding(genesis.id)) is not None:
                return None
            for key in author.keys[1:]:
                earlier = msgspec.structs.replace(genesis, author=key)
                if view.get(tables.holding(earlier.id)) is not None:
                    return load(engines, view, earlier.id)
        return None

    def _store(self, genesis: Genesis, control: Control, row: Holding) -> tuple[Mimei, bool]:
        """Store the records of a new MiMei and its row, or find it: (MiMei, whether it is new)."""
        engines = self._engines
        within = engines.root.private(genesis.id, control, None) if genesis.salt is not None else engines.root
        with within.blocks.lease() as lease:
            lease.put(genesis.block)
            clear(lease).put(control.block)
            lease.flush()
            sealed = sealed_form(within.blocks, genesis.cid) or b""

            def add(transaction: Transaction) -> tuple[Mimei, bool]:
                if transaction.get(tables.holding(genesis.id)) is not None:
                    return load(engines, transaction, genesis.id), False
                seq = ended_at(transaction, genesis.id)
                save(transaction, genesis.id, msgspec.structs.replace(row, seq=seq, sealed=sealed))
                return load(engines, transaction, genesis.id), True

            return engines.state.write(add)

    def get(self, mimei: MimeiId, principal: Principal, act: Act) -> Mimei:
        """Return a MiMei for `act`. Raises: MimeiNotFound, Denied."""
        with self._engines.state.read() as view:
            return authorize(principal, load(self._engines, view, mimei, principal), act)

    def readable(self, mimei: MimeiId, principal: Principal) -> Mimei:
        """Return a MiMei of which `principal` may read anything at all. Raises: MimeiNotFound."""
        with self._engines.state.read() as view:
            found = load(self._engines, view, mimei, principal)
        reads = found.acts(principal) & _READS
        if not reads:
            found.note_denied(principal, _READS)
            raise MimeiNotFound(mimei)
        found.note(principal, reads)
        return found

    def list(self, principal: Principal) -> list[Mimei]:
        """Return every MiMei of which `principal` may read anything, by id."""
        with self._engines.state.read() as view:
            return [mimei for mimei in load_all(self._engines, view) if mimei.acts(principal) & _READS]

    def change_control(
        self, mimei: MimeiId, *, by: Principal | None = None, kind: Kind = Kind.RIGHTS, **changes: object
    ) -> Mimei:
        """Sign and keep a control that follows the present one with `changes`. Only the author's node can.

        `by`: who has it changed, and `kind` what the audit calls that; None for what the node does of itself.

        Raises: NotTheAuthor, NotARecord, PrivateUnsupported.
        """
        engines = self._engines
        with engines.lock(mimei), engines.blocks.lease() as lease:
            with engines.state.read() as view:
                held = load(engines, view, mimei)
            if held.is_private and changes.get("right"):
                raise PrivateUnsupported(mimei, "giving rights to others")
            control = sign_control(engines, held, **changes)
            lease.put(control.block)
            lease.flush()

            def swap(transaction: Transaction) -> Mimei:
                row = load(engines, transaction, mimei).row
                save(transaction, mimei, msgspec.structs.replace(row, control=control.cid))
                note_change(transaction, held, by, kind)
                return load(engines, transaction, mimei)

            changed = engines.state.write(swap)
        engines.events.tell(Event(mimei, "control"))
        return changed

    def delete(self, mimei: MimeiId, *, force: bool = False, by: Principal | None = None) -> None:
        """Forget a MiMei; `gc` reclaims what nothing else holds. Raises: MimeiNotFound, StillReferred."""
        engines = self._engines
        with engines.lock(mimei):

            def forget(transaction: Transaction) -> Mimei:
                gone = _forget(engines, transaction, mimei, force=force)
                note_change(transaction, gone, by, Kind.DELETE)
                return gone

            gone = engines.state.write(forget)
        engines.events.tell(Event(mimei, "delete", user=gone.facts.user))


def note_change(transaction: Transaction, mimei: Mimei, by: Principal | None, kind: Kind) -> None:
    """Write into the audit, with the change itself, what somebody does with a MiMei, whose it is or a granter's."""
    if by is not None:
        basis = mimei.basis(by, Act.SHARE)
        mimei.engines.audit.add(transaction, by, kind, mimei.facts.user, mimei=mimei.id, basis=basis)


def checked_topic(draft: Genesis, author: Person, *, private: bool) -> Genesis:
    """Return the genesis of a topic, salted where it is private. Raises: NotARecord."""
    if private:
        draft = msgspec.structs.replace(draft, salt=author.topic_salt(draft.encode()))
    return Genesis.decode(draft.encode())


class NotTheAuthor(Conflict):
    """Only the author of a MiMei decides over it."""

    code = "not-the-author"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} was made by somebody else, and only its author can change it; fork it to go on with it"
        )


def sign_control(engines: Engines, held: Mimei, **changes: object) -> Control:
    """Return the signed control that follows `held`'s; under the author's present key, if theirs was a former one.

    Raises: NotTheAuthor: also where only a key is here whose place another took. NotARecord.
    """
    author = engines.persons.of_key(held.genesis.author)
    if author is None or held.control.by not in author.keys:
        raise NotTheAuthor(held.id)
    if held.control.by != author.key.public:
        changes |= {
            "by": author.key.public,
            "succession": author.succession(held.genesis.author),
            "upheld": upheld(engines, held),
        }
    return Control.decode(held.control.following(**changes).signed(author.key).encode())


def referrers(view: View, mimei: MimeiId) -> list[tuple[MimeiId, Cid | None, int]]:
    """Return (source, version or None, count) of all that refers to `mimei`."""
    prefix = tables.REFERRERS + mimei
    cut, source_end = len(prefix), len(prefix) + len(mimei)
    return [
        (MimeiId(key[cut:source_end]), Cid(key[source_end:]) if key[source_end:] else None, tables.read_u64(value))
        for key, value in view.scan(prefix, prefix_end(prefix))
    ]


def _forget(engines: Engines, transaction: Transaction, mimei: MimeiId, *, force: bool) -> Mimei:
    held = load(engines, transaction, mimei)
    others = {source for source, _, _ in referrers(transaction, mimei) if source != mimei}
    if others and not force:
        raise StillReferred(mimei, len(others))
    for table in _OF_ONE:
        prefix = table + mimei
        for key in [key for key, _ in transaction.scan(prefix, prefix_end(prefix))]:
            transaction.delete(key)
    for table, position in ((tables.REFERRERS, slice(21, 41)), (tables.TAGS, slice(-40, -20))):
        for key in [key for key, _ in transaction.scan(table, prefix_end(table)) if key[position] == mimei]:
            transaction.delete(key)
    for key in [key for key, _ in transaction.scan(tables.GRANTS, prefix_end(tables.GRANTS)) if key[21:41] == mimei]:
        transaction.delete(key)
    renounce(transaction, mimei, held.row)
    return held
