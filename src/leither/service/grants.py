"""Grants of a MiMei: given, passed on, kept where they travel with it, and taken back.

A grant is an entry of `cur`, and so comes along with each version and export. Taking one back is the author's word, in
the control; the entry goes as well, but that is only tidying up.
"""

from collections.abc import Callable, Iterable

from leither import limits
from leither.crypto import KeyPair, MimeiId, id_text, key_id, seal_key
from leither.errors import Conflict, InputError, LimitError, NotFound
from leither.merkle import Nodes
from leither.mimei.entry import encode_record_value, grant_key
from leither.people import Act, Denied, Grant, Principal, prove_chain
from leither.people.audit import Kind
from leither.people.period import Period
from leither.people.revoked import revoke, revoked_grant
from leither.ports import View
from leither.service.catalog import Catalog, note_change
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.grant_entries import Kept, grants_of, state_of
from leither.service.holding import Mimei, load
from leither.service.readers import gets_key, ring_changes, settle_readers


class TooManyGrants(LimitError):
    """As many grants are kept with a MiMei as there may be, or as many of one key."""

    code = "too-many-grants"

    def __init__(self, mimei: MimeiId, limit: str) -> None:
        self.id = id_text(mimei)
        self.limit = limit
        super().__init__(f"{self.id} has {limit}, the limit; take some back with `leither share revoke`")


class GrantNotFound(NotFound):
    """No such grant is kept with the MiMei."""

    code = "grant-not-found"

    def __init__(self, mimei: MimeiId, name: str) -> None:
        self.id = id_text(mimei)
        self.name = name[:64]
        super().__init__(f"{self.id} has no grant {self.name!r}; `leither share list {self.id}` shows which it has")


class GrantUseless(InputError):
    """The grant would give nothing here."""

    code = "grant-useless"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"this grant gives nothing here: {reason}; ask who gave it for another one")


class SealKeyNeeded(InputError):
    """Who is to read a private MiMei is known here by their signing key alone, and keys can't be sent to that one."""

    code = "seal-key-needed"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} is private, so its keys must be wrapped for who reads it, and the key given doesn't say how; "
            "ask them for what `leither share key --private` prints on a node of theirs, and give that"
        )


class TooManyKeyReaders(LimitError):
    """More people may read a private MiMei than a key ring has room for."""

    code = "too-many-key-readers"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"more than {limits.READERS_MAX:,} people, the limit, may read {self.id}; "
            "take some grants back with `leither share revoke`"
        )


class NothingToPassOn(Conflict):
    """Who wants to share is not the author, and holds no grant that covers it."""

    code = "nothing-to-pass-on"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"you are not the author of {self.id}, and no grant of yours here allows passing on this much for this "
            "long; share less, or for a shorter time, or ask the author"
        )


def give(
    engines: Engines,
    mimei: Mimei,
    signer: KeyPair,
    *,
    to: bytes,
    acts: Act,
    period: Period,
    seal: bytes | None = None,
    by: Principal | None = None,
) -> Kept:
    """Let `to`, a whole key, do `acts` for a period: signed by the author, or passed on by who holds such a grant.

    Who may read the versions of a private MiMei gets its keys, wrapped for `seal`; of people known here that is known.
    Raises: NothingToPassOn, SealKeyNeeded, TooManyGrants, TooManyKeyReaders, NotARecord, ChainTooLong, QuotaReached.
    """
    if mimei.is_private:
        seal = seal or _known_seal(engines, mimei, to)
        if seal is None and gets_key(acts):
            raise SealKeyNeeded(mimei.id)
    passed_on = None
    if signer.public != mimei.facts.author:
        passed_on = _covering(engines, mimei, signer.public, acts, period)
    grant = sign_grant(
        signer, mimei.id, to=to, acts=acts, period=period, passed_on=passed_on, seal=seal if mimei.is_private else None
    )
    return keep(engines, mimei.id, grant.encode(), by=by)


def _known_seal(engines: Engines, mimei: Mimei, key: bytes) -> bytes | None:
    """Return the key that a person is sent keys with, as far as this node or the MiMei's grants know it."""
    person = engines.persons.of_key(key)
    if person is not None:
        return seal_key(person.seed).public
    with engines.state.read() as view:
        chains = [kept.chain for kept in grants_of(Cur(engines, view, mimei))]
    return next((chain.seal for chain in chains if chain.to == key and chain.seal is not None), None)


def sign_grant(
    signer: KeyPair,
    mimei: MimeiId,
    *,
    to: bytes,
    acts: Act,
    period: Period,
    passed_on: bytes | None,
    seal: bytes | None = None,
) -> Grant:
    """Return a grant that `signer` gives. Raises: NotARecord, ChainTooLong, ChainBroken."""
    draft = Grant(
        mimei=mimei,
        to=to,
        rights=int(acts),
        start_ms=period.start_ms,
        until_ms=period.until_ms,
        passed_on=passed_on,
        seal=seal,
        by=signer.public,
    )
    made = Grant.decode(draft.signed(signer).encode())
    prove_chain(made.encode())
    return made


def _covering(engines: Engines, mimei: Mimei, holder: bytes, acts: Act, period: Period) -> bytes:
    """Return the record of a grant of `holder` from which so much can be passed on."""
    now_ms = engines.clock.now_ms()
    with engines.state.read() as view:
        for kept in grants_of(Cur(engines, view, mimei)):
            chain = kept.chain
            if (
                chain.to == holder
                and state_of(mimei, chain, now_ms) == "counts"
                and Act.SHARE in chain.acts
                and not acts & ~chain.acts
                and period.within(chain.period)
            ):
                return kept.record
    raise NothingToPassOn(mimei.id)


def keep(
    engines: Engines,
    mimei: MimeiId,
    record: bytes,
    *,
    keys: Iterable[bytes] | None = None,
    by: Principal | None = None,
) -> Kept:
    """Keep a grant with its MiMei; one that is there stays. What has expired makes room.

    Args:   keys: of who brings it: it must be theirs to give. None on this node's own behalf. by: whom the audit names.
    Raises: GrantUseless, Denied, TooManyGrants, NotARecord, BadSignature, ChainTooLong, ChainBroken, QuotaReached.
    """
    kept = Kept(record, Grant.decode(record), prove_chain(record))
    if keys is not None and kept.grant.by not in keys:
        raise Denied("keeping a grant that somebody else gave")
    now_ms = engines.clock.now_ms()

    def add(editing: Edit) -> None:
        _require_use(editing.mimei, kept, now_ms)
        standing = list(grants_of(editing))
        if any(held.chain.digest == kept.chain.digest for held in standing):
            return
        over = [held for held in standing if state_of(editing.mimei, held.chain, now_ms) in ("expired", "revoked")]
        for held in over:
            _remove(editing, held)
        _require_room(mimei, kept, [held for held in standing if held not in over])
        editing.put(grant_key(key_id(kept.chain.to), kept.chain.digest), encode_record_value(record))
        note_change(editing.transaction, editing.mimei, by, Kind.GRANT)

    _change(engines, mimei, add)
    settle_readers(engines, mimei)
    return kept


def _require_use(mimei: Mimei, kept: Kept, now_ms: int) -> None:
    if kept.chain.mimei != mimei.id:
        raise GrantUseless("it is for another MiMei")
    if mimei.is_private and kept.chain.seal is None and gets_key(kept.chain.acts):
        raise GrantUseless("it doesn't say which key its holder is sent the keys of a private MiMei with")
    match state_of(mimei, kept.chain, now_ms):
        case "foreign":
            raise GrantUseless("its first signer is not the author")
        case "revoked":
            raise GrantUseless("the author has taken it back")
        case "expired":
            raise GrantUseless("its time is over")


def _require_room(mimei: MimeiId, kept: Kept, held: list[Kept]) -> None:
    if len(held) >= limits.GRANTS_MAX:
        raise TooManyGrants(mimei, f"{limits.GRANTS_MAX:,} grants")
    if sum(len(one.record) for one in held) + len(kept.record) > limits.GRANTS_BYTES_MAX:
        raise TooManyGrants(mimei, f"grants of {limits.GRANTS_BYTES_MAX:,} bytes")
    if sum(one.chain.to == kept.chain.to for one in held) >= limits.GRANTS_OF_ONE_MAX:
        raise TooManyGrants(mimei, f"{limits.GRANTS_OF_ONE_MAX} grants for one key")
    seals = {one.chain.seal for one in held if gets_key(one.chain.acts)}
    if kept.chain.seal is not None and kept.chain.seal not in seals and len(seals) >= limits.READERS_MAX - 1:
        raise TooManyKeyReaders(mimei)
    passed = kept.grant.passed_on is not None
    if passed and sum(one.grant.by == kept.grant.by for one in held) >= limits.GRANTS_OF_ONE_MAX:
        raise TooManyGrants(mimei, f"{limits.GRANTS_OF_ONE_MAX} grants passed on by one key")


def take_back(engines: Engines, mimei: MimeiId, name: str, *, by: Principal | None = None) -> Kept:
    """Take a grant back, with all that was passed on under it. Only the author's node can.

    What is written into a private MiMei from then on is sealed under a new key, which who is left out doesn't get.
    Raises: GrantNotFound, NotTheAuthor, TooManyRevoked, TooManyKeyEpochs.
    """
    with engines.lock(mimei), engines.blocks.lease() as lease:
        with engines.state.read() as view:
            held = load(engines, view, mimei)
            kept = find_grant(engines, view, held, name)
        gone = revoked_grant(kept.chain.digest)
        root = revoke(Nodes(engines.blocks.get, lease.put), held.control.revoked, [gone])
        rings = ring_changes(engines, held, lease, without=gone)
        lease.flush()
        Catalog(engines).change_control(mimei, by=by, kind=Kind.REVOKE, revoked=root, **rings)

        def drop(editing: Edit) -> None:
            for one in list(grants_of(editing)):
                if gone in one.chain.names:
                    _remove(editing, one)

        _change(engines, mimei, drop)
    return kept


def find_grant(engines: Engines, view: View, mimei: Mimei, name: str) -> Kept:
    """Return the grant whose name begins so. Raises: GrantNotFound."""
    found = [kept for kept in grants_of(Cur(engines, view, mimei)) if name and kept.name.startswith(name)]
    if len(found) != 1:
        raise GrantNotFound(mimei.id, name)
    return found[0]


def known_key(engines: Engines, mimei: Mimei, view: View, key: bytes) -> bytes | None:
    """Return the whole key of an id, as far as this node or the MiMei's grants know it."""
    for person in (engines.persons.owner, *engines.persons.users()):
        if any(key_id(public) == key for public in person.keys):
            return person.key.public
    known = [kept.chain.to for kept in grants_of(Cur(engines, view, mimei))]
    known += [writer.key for writer in mimei.control.writers]
    return next((public for public in known if key_id(public) == key), None)


def _remove(editing: Edit, kept: Kept) -> None:
    editing.delete(grant_key(key_id(kept.chain.to), kept.chain.digest))


def _change(engines: Engines, mimei: MimeiId, change: Callable[[Edit], None]) -> None:
    edit(engines, mimei, change)
    engines.events.tell(Event(mimei, "control"))
