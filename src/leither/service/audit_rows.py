"""The audits of the people of a node as they stand in the state engine: for each an entry an hour and trace.

0 or 1 person, hour, digest of the trace    an entry; 0 stands for the owner
2, person                                   how many entries are new since room was made
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

import msgspec

from leither import limits
from leither.crypto import KeyId
from leither.people.audit import HOUR_MS, Entry, surplus
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.user_rows import read_user

_DIGEST_BYTES = 12
_DECODER = msgspec.msgpack.Decoder(Entry)


def read_audit(view: View, owner: KeyId | None, *, since_ms: int = 0) -> Iterator[Entry]:
    """Iterate over a person's entries of the hour of `since_ms` and later, hour by hour."""
    for _, entry in _rows(view, owner, since_ms):
        yield entry


def put_entries(transaction: Transaction, owner: KeyId | None, entries: Iterable[Entry], now_ms: int) -> None:
    """Keep entries in a person's audit, each joined with what is kept of the same hour and trace.

    Nothing is kept of what was done to what was a user's who has left.
    Cost: a pass over the audit whenever limits.AUDIT_SLACK new ones have come.
    """
    if owner is not None and read_user(transaction, owner) is None:
        return
    new = 0
    for entry in entries:
        key = _key(owner, entry)
        held = transaction.get(key)
        new += held is None
        kept = entry if held is None else _DECODER.decode(held).joined(entry)
        transaction.put(key, msgspec.msgpack.encode(kept))
    if not new:
        return
    counted = transaction.get(_new_key(owner))
    new += tables.read_u64(counted) if counted is not None else 0
    if new >= limits.AUDIT_SLACK:
        _make_room(transaction, owner, now_ms)
        new = 0
    transaction.put(_new_key(owner), tables.u64(new))


def _make_room(transaction: Transaction, owner: KeyId | None, now_ms: int) -> None:
    """Drop what is too old, and so much that another limits.AUDIT_SLACK entries fit."""
    begin = now_ms - limits.AUDIT_S * 1000
    gone = [key for key, _ in transaction.scan(_prefix(owner), _from(owner, begin))]
    gone += surplus(
        ((key, entry.trace.bucket) for key, entry in _rows(transaction, owner, begin)),
        most=limits.AUDIT_ENTRIES_MAX - limits.AUDIT_SLACK,
        of_one=limits.AUDIT_ENTRIES_OF_ONE_MAX - limits.AUDIT_SLACK,
    )
    for key in gone:
        transaction.delete(key)


def drop_audit(transaction: Transaction, owner: KeyId | None) -> None:
    """Forget a person's audit."""
    prefix = _prefix(owner)
    for key in [key for key, _ in transaction.scan(prefix, prefix_end(prefix))]:
        transaction.delete(key)
    transaction.delete(_new_key(owner))


def _rows(view: View, owner: KeyId | None, since_ms: int) -> Iterator[tuple[bytes, Entry]]:
    for key, value in view.scan(_from(owner, since_ms), prefix_end(_prefix(owner))):
        yield key, _DECODER.decode(value)


def _prefix(owner: KeyId | None) -> bytes:
    return tables.AUDIT + (b"\0" if owner is None else b"\1" + owner)


def _from(owner: KeyId | None, since_ms: int) -> bytes:
    return _prefix(owner) + (max(since_ms, 0) // HOUR_MS).to_bytes(4)


def _key(owner: KeyId | None, entry: Entry) -> bytes:
    digest = sha256(msgspec.msgpack.encode(entry.trace)).digest()[:_DIGEST_BYTES]
    return _from(owner, entry.first_ms) + digest


def _new_key(owner: KeyId | None) -> bytes:
    return tables.AUDIT + b"\2" + (owner or b"")
