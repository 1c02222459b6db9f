"""A user leaves a node: what becomes of their data, and of all by which they were here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from leither.crypto import KeyId, MimeiId, key_id
from leither.ports import Transaction
from leither.service import tables
from leither.service.audit_rows import drop_audit
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import collect
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, hand_over, load_all
from leither.service.passkey_rows import drop_passkeys
from leither.service.private import PrivateUnsupported
from leither.service.token_rows import drop_tokens
from leither.service.users import Users
from leither.service.versions import held_versions


class Fate(StrEnum):
    """What becomes of a user's data: the owner holds it, as it was last, or it is deleted."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Left:
    """What a removal did.

    Fields: mimei, versions, bytes: what was theirs. sessions: tokens and sessions that ended. blocks_dropped,
    bytes_reclaimed: what a deletion gave back; 0 where the owner keeps it.
    """

    mimei: int
    versions: int
    bytes: int
    sessions: int
    blocks_dropped: int = 0
    bytes_reclaimed: int = 0


def remove_user(engines: Engines, users: Users, user: KeyId, fate: Fate) -> Left:
    """Take a user off the node; begun again after it was broken off, it goes on.

    What is kept belongs to the owner from then on, who may read, fork and delete it; unsaved changes become a version
    first. Nobody signs for the user any more, so nobody changes it.
    Raises: UserNotFound, NotCollected, StoreFull, PrivateUnsupported.
    """
    if fate is Fate.KEEP:
        _refuse_private(engines, user)
    row = users.suspend(user, suspended=True).row
    theirs: dict[MimeiId, Mimei] = {}
    versions = 0
    ended: int | None = None
    while ended is None:  # what was being made when they were suspended is met by another round
        with engines.state.read() as view:
            found = [mimei for mimei in load_all(engines, view) if mimei.facts.user == user]
            versions += sum(len(held_versions(view, mimei.id)) for mimei in found if mimei.id not in theirs)
        theirs |= {mimei.id: mimei for mimei in found}
        for mimei in found:
            if fate is Fate.DELETE:
                Catalog(engines).delete(mimei.id, force=True)
            elif mimei.row.dirty and mimei.facts.own:
                backup(engines, mimei.id, note="before its user left")
        ended = engines.state.write(partial(_leave, user, row.keys, fate, engines))
    size_bytes = sum(mimei.row.size_bytes for mimei in theirs.values())
    users.keys.seeds.remove(key_id(row.key))
    engines.persons.dismiss(user)
    engines.forget_people()
    engines.events.tell_ended()
    if fate is Fate.KEEP:
        for handed in theirs:
            engines.events.tell(Event(handed, "control"))
        return Left(len(theirs), versions, size_bytes, ended)
    swept = collect(engines)
    reclaimed = max(0, swept.bytes_before - swept.bytes_after)
    return Left(len(theirs), versions, size_bytes, ended, swept.blocks_dropped, reclaimed)


def _refuse_private(engines: Engines, user: KeyId) -> None:
    """Refuse to keep what nobody here could open any more once the user's seed is gone."""
    with engines.state.read() as view:
        for mimei in load_all(engines, view):
            if mimei.is_private and mimei.facts.user == user:
                raise PrivateUnsupported(mimei.id, "keeping it when its user leaves")


def _leave(user: KeyId, keys: Sequence[bytes], fate: Fate, engines: Engines, transaction: Transaction) -> int | None:
    """Hand a user's MiMei to the owner, and drop their rows; return how many tokens ended, None to go on deleting."""
    theirs = [mimei for mimei in load_all(engines, transaction) if mimei.facts.user == user]
    if theirs and fate is Fate.DELETE:
        return None
    for mimei in theirs:
        hand_over(transaction, mimei.id, mimei.row, None, kept=mimei.genesis.author in keys)
    transaction.delete(tables.USERS + user)
    transaction.delete(tables.USAGE + user)
    drop_passkeys(transaction, user)
    drop_audit(transaction, user)
    return drop_tokens(transaction, user)
