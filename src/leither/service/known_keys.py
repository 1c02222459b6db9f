"""What this node knows of people's keys beside sessions and grants: that one counts no longer, or gave way to another.

It is asked at each request of a session, so that a device that was lost acts no longer from the moment on at which its
person's word has come, whatever connections it still holds.
"""

from collections.abc import Sequence

from leither import limits
from leither.crypto import id_text, key_id
from leither.errors import DeniedError, LimitError
from leither.people import Revocation, Successor
from leither.people.audit import Kind
from leither.people.successor import KeysDiverged
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.token_audit import note_token
from leither.service.token_rows import TokenRow, visit_rows

_KEY_BYTES = 32


class TooManyRevocations(LimitError):
    """As many revocations are known as there may be."""

    code = "too-many-revocations"

    def __init__(self) -> None:
        super().__init__(
            f"this node knows {limits.REVOCATIONS_MAX:,} revoked devices, passports and replaced keys, the limit; "
            "ask its owner to take the grants of that person back"
        )


class KeyReplaced(DeniedError):
    """A key was shown whose place another has taken."""

    code = "key-replaced"

    def __init__(self, key: bytes) -> None:
        self.key = id_text(key_id(key))
        super().__init__(f"another key has taken the place of {self.key}; sign in with that one")


def revoked_keys(view: View) -> frozenset[tuple[bytes, bytes]]:
    """Return (person, device or passport) of every revocation that is known."""
    rows = view.scan(tables.REVOCATIONS, prefix_end(tables.REVOCATIONS))
    return frozenset((key[1 : 1 + _KEY_BYTES], key[1 + _KEY_BYTES :]) for key, _ in rows)


def known_revocations(engines: Engines) -> frozenset[tuple[bytes, bytes]]:
    """Return the same in a snapshot of its own."""
    with engines.state.read() as view:
        return revoked_keys(view)


def counts(view: View, row: TokenRow) -> bool:
    """Tell whether the keys behind a visitor's session still count. Cost: a look for each of two rows."""
    if not row.keys:
        return True
    person = row.keys[0]
    return view.get(tables.REVOCATIONS + person + row.device) is None and view.get(tables.SUCCESSORS + person) is None


def learn_revocation(engines: Engines, revocation: Revocation) -> None:
    """Keep a person's word that a device or passport of theirs counts no longer, and end that device's sessions.

    Raises: BadSignature, TooManyRevocations.
    """
    person, named = revocation.check().named
    _learn(engines, tables.REVOCATIONS + person + named, revocation.encode())


def learn_successors(engines: Engines, successors: Sequence[Successor]) -> None:
    """Keep that keys gave way to others, their signatures checked; end the sessions of the former ones.

    Raises: KeysDiverged: where another successor of one is known. TooManyRevocations.
    """
    for successor in successors:
        _learn(engines, tables.SUCCESSORS + successor.by, successor.encode())


def _learn(engines: Engines, key: bytes, record: bytes) -> None:
    table = key[:1]

    def add(transaction: Transaction) -> bool:
        if transaction.get(key) is not None:
            return False
        if sum(1 for _ in transaction.scan(table, prefix_end(table))) >= limits.REVOCATIONS_MAX:
            raise TooManyRevocations
        transaction.put(key, record)
        for row_key, row in visit_rows(transaction).items():
            if not counts(transaction, row):
                note_token(engines, transaction, Kind.SIGN_OUT, row_key, row)
                transaction.delete(row_key)
        return True

    if engines.state.write(add):
        engines.events.tell_ended()


def lineage_of(view: View, person: bytes, brought: Sequence[Successor]) -> tuple[Successor, ...]:
    """Return the records of `brought` that lead to a person's key, the last first; all that don't are passed over.

    Raises: KeyReplaced, KeysDiverged, BadSignature.
    """
    if view.get(tables.SUCCESSORS + person) is not None:
        raise KeyReplaced(person)
    by_new = {record.new: record for record in brought}
    found: list[Successor] = []
    key = person
    while key in by_new:
        record = by_new.pop(key).check()
        known = view.get(tables.SUCCESSORS + record.by)
        if known is not None and Successor.decode(known).new != record.new:
            raise KeysDiverged(record.by)
        found.append(record)
        key = record.by
    return tuple(found)
