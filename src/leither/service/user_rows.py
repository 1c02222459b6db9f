"""Users of this node as they stand in the state engine, and what all that belongs to one of them holds."""

from collections.abc import Iterator

import msgspec

from leither.crypto import KeyId, id_text
from leither.errors import LimitError
from leither.people import Successor
from leither.ports import Transaction, View, prefix_end
from leither.service import tables


class UserQuotaReached(LimitError):
    """All that belongs to a user would hold more than they were given."""

    code = "user-quota-reached"

    def __init__(self, user: KeyId, needed_bytes: int, quota_bytes: int) -> None:
        self.user = id_text(user)
        self.needed_bytes = needed_bytes
        self.quota_bytes = quota_bytes
        super().__init__(
            f"all that is yours here would hold {needed_bytes:,} bytes, and your quota on this node is "
            f"{quota_bytes:,}; nothing was changed; delete something, or ask the owner for more"
        )


class UserRow(msgspec.Struct, frozen=True, array_like=True):
    """A user: their name, whole key, quota over everything that is theirs, and what they have set for themselves.

    former: the successor records that lead to their key, the first one first. former_seeds: with each the seed before
    it, under the present one, where something private needs it; else empty.
    """

    name: str
    key: bytes
    created_ms: int
    quota: int | None = None
    settings: dict[str, str] = {}
    suspended: bool = False
    former: tuple[bytes, ...] = ()
    former_seeds: tuple[bytes, ...] = ()

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Their whole keys, the present one first."""
        return (self.key, *(Successor.decode(record).by for record in self.former))


_DECODER = msgspec.msgpack.Decoder(UserRow)


def read_user(view: View, user: KeyId) -> UserRow | None:
    """Return the row of a user, or None."""
    stored = view.get(tables.USERS + user)
    return _DECODER.decode(stored) if stored is not None else None


def put_user(transaction: Transaction, user: KeyId, row: UserRow) -> None:
    """Write the row of a user."""
    transaction.put(tables.USERS + user, msgspec.msgpack.encode(row))


def all_users(view: View) -> Iterator[tuple[KeyId, UserRow]]:
    """Iterate over the users, by id."""
    for key, value in view.scan(tables.USERS, prefix_end(tables.USERS)):
        yield KeyId(key[len(tables.USERS) :]), _DECODER.decode(value)


def used_bytes(view: View, user: KeyId) -> int:
    """Return what all that belongs to a user holds, counted as quotas count it."""
    stored = view.get(tables.USAGE + user)
    return tables.read_u64(stored) if stored is not None else 0


def charge(transaction: Transaction, user: KeyId, grown_bytes: int) -> None:
    """Count what a MiMei of a user has grown by, or shrunk. Raises: UserQuotaReached: if it grew beyond their quota."""
    if not grown_bytes:
        return
    used = max(0, used_bytes(transaction, user) + grown_bytes)
    row = read_user(transaction, user)
    if grown_bytes > 0 and row is not None and row.quota is not None and used > row.quota:
        raise UserQuotaReached(user, used, row.quota)
    transaction.put(tables.USAGE + user, tables.u64(used))
