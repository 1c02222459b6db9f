"""All that is a user's is deleted, so that nothing of it is left in the node's files, and a receipt says so.

Each step can be broken off and begun again. The user's row goes last, with nothing in it by then but their key, so the
owner finds whom to go on with: they are called by their id.
"""

from dataclasses import dataclass
from functools import partial

import msgspec

from leither import limits
from leither.codec import Cid
from leither.crypto import KeyId, MimeiId, id_text, key_id
from leither.people.erasure import Erasure
from leither.ports import Reclaimed, Transaction, View
from leither.service import tables
from leither.service.audit_rows import drop_audit
from leither.service.catalog import Catalog
from leither.service.collect import collect
from leither.service.engines import Engines
from leither.service.holding import load_all
from leither.service.kept import leave_kept
from leither.service.locks import drop_locks_of
from leither.service.passkey_rows import drop_passkeys
from leither.service.persons import UserNotFound
from leither.service.reach import Reach
from leither.service.token_rows import drop_tokens
from leither.service.user_rows import UserRow, put_user, read_user
from leither.service.users import Users


class _Leaving(msgspec.Struct, frozen=True, array_like=True):
    """What of a deletion must outlive that it is broken off: the MiMei it is about, and what has ended."""

    mimei: tuple[bytes, ...] = ()
    sessions: int = 0
    passkeys: int = 0


@dataclass(frozen=True, slots=True)
class Erased:
    """What a deletion did. `compacted`: whether nothing of it is left in the files of the state either."""

    erasure: Erasure
    sessions: int
    swept: Reclaimed
    compacted: bool


_DECODER = msgspec.msgpack.Decoder(_Leaving)


def erase(engines: Engines, users: Users, user: KeyId) -> Erased:
    """Delete all that is a user's; begun again after it was broken off, it goes on.

    Cost: writes the packs that held it, and the state, anew. Memory: 200 bytes for each block of theirs.
    Raises: UserNotFound, NotCollected, StoreFull.
    """
    keys = engines.state.write(partial(_strip, user))
    reached: dict[Cid, int] = {}
    while True:  # what was being made when they were stripped is met by another round
        with engines.state.read() as view:
            found = [mimei.id for mimei in load_all(engines, view) if mimei.facts.user == user]
            _reach(engines, view, found, reached)
        if not found:
            break
        engines.state.write(partial(_note, user, found))
        for mimei in found:
            Catalog(engines).delete(mimei, force=True)
    engines.state.write(partial(leave_kept, user=user, keep=False))
    users.keys.seeds.remove(key_id(keys[0]))
    engines.persons.dismiss(user)
    engines.forget_people()
    engines.events.tell_ended()
    swept = collect(engines, thorough=True)
    compacted = engines.state.compact()
    left = engines.state.write(partial(_leave, user))
    return Erased(_receipt(engines, keys, left, reached), left.sessions, swept, compacted)


def _strip(user: KeyId, transaction: Transaction) -> tuple[bytes, ...]:
    """Take from a user's row all but their keys, and all by which they sign in; return the keys, the present first."""
    row = read_user(transaction, user)
    if row is None:
        raise UserNotFound(id_text(user))
    before = _read(transaction, user)
    stripped = UserRow(id_text(user), row.key, row.created_ms, suspended=True, former=row.former)
    put_user(transaction, user, msgspec.structs.replace(stripped, former_seeds=(b"",) * len(row.former)))
    passkeys, sessions = drop_passkeys(transaction, user), drop_tokens(transaction, user)
    drop_audit(transaction, user)
    drop_locks_of(transaction, user)
    _write(transaction, user, _Leaving(before.mimei, before.sessions + sessions, before.passkeys + passkeys))
    return row.keys


def _reach(engines: Engines, view: View, mimei: list[MimeiId], reached: dict[Cid, int]) -> None:
    """Add the blocks that MiMei reach, with their lengths. What is missing is passed over."""
    reach = Reach(engines)
    wanted = set(mimei)
    for held in load_all(engines, view):
        if held.id in wanted:
            for cid in reach.mimei(view, held):
                reached[cid] = engines.blocks.size_bytes(cid)


def _note(user: KeyId, found: list[MimeiId], transaction: Transaction) -> None:
    before = _read(transaction, user)
    _write(transaction, user, msgspec.structs.replace(before, mimei=tuple(sorted({*before.mimei, *found}))))


def _leave(user: KeyId, transaction: Transaction) -> _Leaving:
    left = _read(transaction, user)
    for table in (tables.USERS, tables.USAGE, tables.LEAVING):
        transaction.delete(table + user)
    drop_audit(transaction, user)
    return left


def _receipt(engines: Engines, keys: tuple[bytes, ...], left: _Leaving, reached: dict[Cid, int]) -> Erasure:
    kept = {cid: size for cid, size in reached.items() if engines.blocks.has(cid)}
    blocks, size_bytes = len(reached), sum(reached.values())
    node = engines.identity.node
    return Erasure(
        person=keys[0],
        at=engines.clock.now_ms(),
        mimei=left.mimei[: limits.ERASED_MIMEI_MAX],
        more=max(0, len(left.mimei) - limits.ERASED_MIMEI_MAX),
        keys=keys,
        blocks=blocks - len(kept),
        bytes=size_bytes - sum(kept.values()),
        shared_blocks=len(kept),
        shared_bytes=sum(kept.values()),
        ended=left.sessions + left.passkeys,
        by=node.public,
    ).signed(node)


def _read(view: View, user: KeyId) -> _Leaving:
    stored = view.get(tables.LEAVING + user)
    return _DECODER.decode(stored) if stored is not None else _Leaving()


def _write(transaction: Transaction, user: KeyId, row: _Leaving) -> None:
    transaction.put(tables.LEAVING + user, msgspec.msgpack.encode(row))
