"""Who reads a private MiMei: the key ring of each key epoch, made from the grants that count.

The author reads, and whoever a grant lets read versions. Its key opens all of them, so who may see less, such as only
what is released, gets none, and reads at a node that has it. The ring in force follows from these, so it is looked over
whenever they change: it is made again where somebody was added, and a new epoch begins where somebody is there no more.
"""

from dataclasses import dataclass

from leither import limits
from leither.crypto import EpochKey, KeyId, MimeiId, epoch_secret, id_text, is_seal_key, key_id, seal_key
from leither.errors import Conflict, LimitError
from leither.mimei.key_ring import KeyRing, make_ring, wrapped_keys
from leither.people import Act
from leither.people.audit import Kind
from leither.ports import Lease
from leither.service.catalog import Catalog, NotTheAuthor
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.grant_entries import grants_of, state_of
from leither.service.holding import Mimei, load


class NotPrivate(Conflict):
    """The MiMei isn't private, so it has no key and no readers."""

    code = "not-private"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} is not private: what it holds is stored as it is, and has no key; `leither share list` and "
            "`leither right get` show who may read it"
        )


class TooManyKeyEpochs(LimitError):
    """A private MiMei has had as many keys as it can."""

    code = "too-many-key-epochs"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} has had {limits.KEY_RINGS_MAX:,} keys, the limit; fork it, which begins with a key of its own"
        )


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read a private MiMei.

    Fields: until_ms: when their grant ends, None for the author. has_key: whether the ring in force is for them too;
    None where that can't be told, since only the author's seed shows it.
    """

    id: KeyId
    until_ms: int | None
    has_key: bool | None


def readers_of(engines: Engines, mimei: MimeiId) -> list[Reader]:
    """Return who may read a private MiMei, the author first. Raises: MimeiNotFound, NotPrivate."""
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        if not held.is_private:
            raise NotPrivate(mimei)
        granted = _granted(Cur(engines, view, held), None)
    secret = _secret(engines, held)
    standing = _standing(engines, held)

    def has_key(seal: bytes) -> bool | None:
        if secret is None:
            return None
        if standing is None:
            return False
        key = _key(secret, mimei, standing.key_epoch)
        return wrapped_keys(key, mimei, frozenset((seal,)))[0] in standing.keys

    found = [Reader(key_id(held.genesis.author), None, True)]
    found += [Reader(reader, until, has_key(seal)) for seal, (reader, until) in sorted(granted.items())]
    return found


def settle_readers(engines: Engines, mimei: MimeiId) -> Mimei:
    """Bring the key ring of a MiMei up to date with who may read it, where its author's seed is; return the MiMei.

    Raises: MimeiNotFound, TooManyKeyEpochs. Cost: a look at its grants, where nothing has changed.
    """
    with engines.lock(mimei):
        with engines.state.read() as view:
            held = load(engines, view, mimei)
        if not held.is_private or _secret(engines, held) is None:
            return held
        return _change(engines, held, anew=False)


def rotate(engines: Engines, mimei: MimeiId) -> Mimei:
    """Let a new key epoch of a private MiMei begin, for those who may read it now; return the MiMei.

    Raises: MimeiNotFound, NotPrivate, NotTheAuthor, TooManyKeyEpochs.
    """
    with engines.lock(mimei):
        with engines.state.read() as view:
            held = load(engines, view, mimei)
        if not held.is_private:
            raise NotPrivate(mimei)
        if _secret(engines, held) is None:
            raise NotTheAuthor(mimei)
        return _change(engines, held, anew=True)


def _change(engines: Engines, held: Mimei, *, anew: bool) -> Mimei:
    with engines.root.blocks.lease() as lease:
        changes = ring_changes(engines, held, lease, anew=anew)
        if not changes:
            return held
        lease.flush()
        return Catalog(engines).change_control(held.id, by=None, kind=Kind.RIGHTS, **changes)


def ring_changes(
    engines: Engines, held: Mimei, lease: Lease, *, without: bytes | None = None, anew: bool = False
) -> dict[str, object]:
    """Return what a MiMei's control should say of its key ring and doesn't yet; the ring is put into `lease`.

    Args: without: what is about to be revoked. anew: begin a new epoch in any case.
    Raises: TooManyKeyEpochs.
    """
    author = engines.persons.of_key(held.genesis.author)
    secret = _secret(engines, held)
    if author is None or secret is None or not held.is_private:
        return {}
    with engines.state.read() as view:
        granted = _granted(Cur(engines, view, held), without)
    seals = frozenset((*granted, seal_key(author.seed).public))
    standing = _standing(engines, held)
    if standing is None and not granted and not anew:
        return {}
    epoch = held.control.key_epoch or 0
    key = _key(secret, held.id, epoch)
    keys = wrapped_keys(key, held.id, seals)
    before = standing.before if standing is not None else None
    if anew or (standing is not None and not set(keys).issuperset(standing.keys)):
        epoch, before = epoch + 1, held.control.ring
        key = _key(secret, held.id, epoch)
        if epoch >= limits.KEY_RINGS_MAX:
            raise TooManyKeyEpochs(held.id)
    elif standing is not None and standing.keys == keys:
        return {}
    previous = _key(secret, held.id, epoch - 1) if epoch else None
    ring = make_ring(held.id, key, seals, previous=previous, author=author.key, before=before)
    lease.put(ring.block)
    return {"key_epoch": epoch, "ring": ring.cid}


def gets_key(acts: Act) -> bool:
    """Tell whether a grant of these acts on a private MiMei gives its keys."""
    return Act.READ_VERSIONS in acts


def _granted(cur: Cur, without: bytes | None) -> dict[bytes, tuple[KeyId, int]]:
    """Return the key that each reader is sent keys with, with whose it is and until when."""
    now_ms = cur.engines.clock.now_ms()
    found: dict[bytes, tuple[KeyId, int]] = {}
    for kept in grants_of(cur):
        chain = kept.chain
        if chain.seal is None or not gets_key(chain.acts) or (without is not None and without in chain.names):
            continue
        if state_of(cur.mimei, chain, now_ms) == "counts" and is_seal_key(chain.seal):
            _, until_ms = found.get(chain.seal, (None, 0))
            found[chain.seal] = key_id(chain.to), max(until_ms, chain.period.until_ms)
    # Where grants that two nodes gave came together there may be more than a ring has room for: the shortest wait.
    room = limits.READERS_MAX - 1
    return dict(sorted(found.items(), key=lambda item: (-item[1][1], item[0]))[:room]) if len(found) > room else found


def _standing(engines: Engines, held: Mimei) -> KeyRing | None:
    return engines.root.record(KeyRing, held.control.ring) if held.control.ring is not None else None


def _secret(engines: Engines, held: Mimei) -> bytes | None:
    """Return the seed that a MiMei's keys are derived from, which its author had at first; None if it isn't here."""
    author = engines.persons.of_key(held.genesis.author)
    return author.seed_of(held.genesis.author) if author is not None else None


def _key(secret: bytes, mimei: MimeiId, epoch: int) -> EpochKey:
    return EpochKey(epoch_secret(secret, mimei, epoch), epoch)
