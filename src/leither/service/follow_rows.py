"""What this node follows, and from whom: rows in the state engine."""

from collections.abc import Iterator
from itertools import islice

import msgspec

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.crypto.peer_id import PeerId
from leither.errors import LimitError
from leither.ports import State, Transaction, View, prefix_end
from leither.service import tables


class FollowRow(msgspec.Struct, frozen=True, array_like=True):
    """How a MiMei is followed.

    Fields: sources: peer ids. live: in real time. user: to whom it belongs where it is new here, empty for the owner.
    on_demand: whether its files come when they are read.
    """

    sources: tuple[str, ...]
    live: bool = False
    user: bytes = b""
    on_demand: bool = False

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """The nodes from which it comes."""
        return tuple(PeerId(source) for source in self.sources)

    @property
    def owner(self) -> KeyId | None:
        """The user to whom it belongs, None for the owner."""
        return KeyId(self.user) if self.user else None


class TooManyFollowed(LimitError):
    """As much is followed as may be."""

    code = "too-many-followed"

    def __init__(self) -> None:
        super().__init__(
            f"this node follows {limits.FOLLOWED_MAX:,} MiMei, the limit; `leither unfollow` some that you don't need"
        )


_DECODER = msgspec.msgpack.Decoder(FollowRow)


def read_follow(view: View, mimei: MimeiId) -> FollowRow | None:
    """Return how a MiMei is followed, None where it isn't."""
    row = view.get(tables.FOLLOWS + mimei)
    return None if row is None else _DECODER.decode(row)


def read_follows(view: View) -> Iterator[tuple[MimeiId, FollowRow]]:
    """Iterate over what is followed, by id."""
    for key, row in view.scan(tables.FOLLOWS, prefix_end(tables.FOLLOWS)):
        yield MimeiId(key[1:]), _DECODER.decode(row)


def put_follow(state: State, mimei: MimeiId, row: FollowRow) -> FollowRow:
    """Follow a MiMei from these nodes as well; return the row as it is now. Raises: TooManyFollowed."""

    def change(transaction: Transaction) -> FollowRow:
        known = read_follow(transaction, mimei)
        if known is None:
            rows = transaction.scan(tables.FOLLOWS, prefix_end(tables.FOLLOWS))
            if sum(1 for _ in islice(rows, limits.FOLLOWED_MAX)) >= limits.FOLLOWED_MAX:
                raise TooManyFollowed
        sources = dict.fromkeys((*row.sources, *(known.sources if known is not None else ())))
        kept = msgspec.structs.replace(
            row,
            sources=tuple(sources)[: limits.FOLLOW_SOURCES_MAX],
            user=known.user if known is not None else row.user,
        )
        transaction.put(tables.FOLLOWS + mimei, msgspec.msgpack.encode(kept))
        return kept

    return state.write(change)


def drop_follow(state: State, mimei: MimeiId) -> bool:
    """Follow a MiMei no more; tell whether it was followed. What is here of it stays."""
    return state.write(lambda transaction: transaction.delete(tables.FOLLOWS + mimei))
