"""A user leaves a node: what becomes of their data, and of all by which they were here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leither.crypto import KeyId, MimeiId, key_id
from leither.people.erasure import Erasure
from leither.ports import Transaction, View
from leither.service import tables
from leither.service.audit_rows import drop_audit
from leither.service.backup import backup
from leither.service.engines import Engines
from leither.service.erasing import erase
from leither.service.events import Event
from leither.service.holding import Mimei, hand_over, load_all
from leither.service.kept import leave_kept
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
    bytes_reclaimed: what a deletion gave back; 0 where the owner keeps it. erasure: the receipt of a deletion.
    compacted: whether nothing of what was deleted is left in the files of the state.
    """

    mimei: int
    versions: int
    bytes: int
    sessions: int
    blocks_dropped: int = 0
    bytes_reclaimed: int = 0
    erasure: Erasure | None = None
    compacted: bool = False


def remove_user(engines: Engines, users: Users, user: KeyId, fate: Fate) -> Left:
    """Take a user off the node; begun again after it was broken off, it goes on.

    What is kept belongs to the owner from then on, who may read, fork and delete it; unsaved changes become a version
    first. Nobody signs for the user any more, so nobody changes it. Of what is deleted nothing stays, and the user gets
    a receipt.
    Raises: UserNotFound, NotCollected, StoreFull, PrivateUnsupported.
    """
    if fate is Fate.KEEP:
        return _keep(engines, users, user)
    with engines.state.read() as view:
        theirs, versions = _held(engines, view, user)
    size_bytes = sum(mimei.row.size_bytes for mimei in theirs)
    erased = erase(engines, users, user)
    return Left(
        len(erased.erasure.mimei) + erased.erasure.more,
        versions,
        size_bytes,
        erased.sessions,
        erased.swept.blocks_dropped,
        max(0, erased.swept.bytes_before - erased.swept.bytes_after),
        erased.erasure,
        erased.compacted,
    )


def _held(engines: Engines, view: View, user: KeyId) -> tuple[list[Mimei], int]:
    theirs = [mimei for mimei in load_all(engines, view) if mimei.facts.user == user]
    return theirs, sum(len(held_versions(view, mimei.id)) for mimei in theirs)


def _keep(engines: Engines, users: Users, user: KeyId) -> Left:
    with engines.state.read() as view:
        theirs, _ = _held(engines, view, user)
    for mimei in theirs:
        if mimei.is_private:
            # Nobody here could open it any more once the user's seed is gone.
            raise PrivateUnsupported(mimei.id, "keeping it when its user leaves")
    row = users.suspend(user, suspended=True).row
    with engines.state.read() as view:
        theirs, versions = _held(engines, view, user)
    for mimei in theirs:
        if not mimei.is_saved and mimei.facts.own:
            backup(engines, mimei.id, note="before its user left")
    handed, ended, size_bytes = engines.state.write(lambda change: _hand_all_over(engines, change, user, row.keys))
    users.keys.seeds.remove(key_id(row.key))
    engines.persons.dismiss(user)
    engines.forget_people()
    engines.events.tell_ended()
    for each in handed:
        engines.events.tell(Event(each, "control"))
    return Left(len(handed), versions, size_bytes, ended)


def _hand_all_over(
    engines: Engines, transaction: Transaction, user: KeyId, keys: Sequence[bytes]
) -> tuple[list[MimeiId], int, int]:
    """Hand a user's MiMei to the owner, and drop their rows: (the MiMei, how many tokens ended, bytes)."""
    theirs = [mimei for mimei in load_all(engines, transaction) if mimei.facts.user == user]
    for mimei in theirs:
        hand_over(transaction, mimei.id, mimei.row, None, kept=mimei.genesis.author in keys)
    transaction.delete(tables.USERS + user)
    transaction.delete(tables.USAGE + user)
    leave_kept(transaction, user, keep=True)
    drop_passkeys(transaction, user)
    drop_audit(transaction, user)
    size_bytes = sum(mimei.row.size_bytes for mimei in theirs)
    return [mimei.id for mimei in theirs], drop_tokens(transaction, user), size_bytes
