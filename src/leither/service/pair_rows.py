"""Paired nodes as they stand in the state engine: who they are, and what each keeps for the other."""

from collections.abc import Iterator

import msgspec

from leither import limits
from leither.crypto import KeyId, MimeiId, PeerId, peer_id_of
from leither.errors import LimitError, NotFound
from leither.ports import State, Transaction, View, prefix_end
from leither.service import tables
from leither.service.holding import Mimei

_KEY_BYTES = 32


class PairNotFound(NotFound):
    """This node is not paired with one of that name."""

    code = "pair-not-found"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(f"this node is not paired with {self.given!r}; `leither pair list` shows with which it is")


class TooManyPairs(LimitError):
    """This node is paired with as many as it may be."""

    code = "too-many-pairs"

    def __init__(self) -> None:
        super().__init__(
            f"this node is paired with {limits.PAIRS_MAX} others, the limit; `leither pair remove` one that is no more"
        )


class PairRow(msgspec.Struct, frozen=True, array_like=True):
    """A paired node.

    Fields: name: what it is called here. person: whole key of who it acts for. device: the record that says so.
    addresses: where it is reached. since_ms: when they paired. quota: what it may have kept here, None for no bound.
    everything: whether it keeps all that is the owner's; else `chosen`, ids. met_ms: when they last spoke.
    given: the quota that it gives, as it said last.
    """

    name: str
    person: bytes
    device: bytes
    addresses: tuple[str, ...]
    since_ms: int
    quota: int | None = None
    everything: bool = True
    chosen: tuple[bytes, ...] = ()
    met_ms: int = 0
    given: int | None = None


class KeptRow(msgspec.Struct, frozen=True, array_like=True):
    """A MiMei that this node keeps for a paired one.

    Fields: wished: the mark that was asked for. sealed: it is private. mark: of what is here, empty before
    anything is. at_ms: when it was found to be that. reason: the code of what stands in the way, empty for nothing.
    author: whose what is kept sealed is, empty where nothing is.
    """

    wished: bytes
    sealed: bool
    mark: bytes = b""
    size_bytes: int = 0
    at_ms: int = 0
    reason: str = ""
    author: bytes = b""


class ToldRow(msgspec.Struct, frozen=True, array_like=True):
    """What a paired node says of a MiMei that it keeps; the fields are those of `KeptRow`.

    known: the mark of the last that was found equal to what is here. known_ms: when that was.
    """

    mark: bytes
    size_bytes: int
    at_ms: int
    reason: str
    known: bytes = b""
    known_ms: int = 0


_PAIR = msgspec.msgpack.Decoder(PairRow)
_KEPT = msgspec.msgpack.Decoder(KeptRow)
_TOLD = msgspec.msgpack.Decoder(ToldRow)


def read_pair(view: View, node: bytes) -> PairRow | None:
    """Return the row of a paired node, by its key, or None."""
    stored = view.get(tables.PAIRS + node)
    return _PAIR.decode(stored) if stored is not None else None


def read_pairs(view: View) -> Iterator[tuple[bytes, PairRow]]:
    """Iterate over the paired nodes, by key."""
    for key, value in view.scan(tables.PAIRS, prefix_end(tables.PAIRS)):
        yield key[1:], _PAIR.decode(value)


def put_pair(transaction: Transaction, node: bytes, row: PairRow) -> None:
    """Write the row of a paired node. Raises: TooManyPairs."""
    if transaction.get(tables.PAIRS + node) is None and sum(1 for _ in read_pairs(transaction)) >= limits.PAIRS_MAX:
        raise TooManyPairs
    transaction.put(tables.PAIRS + node, msgspec.msgpack.encode(row))


def drop_pair_row(transaction: Transaction, node: bytes) -> None:
    """Forget a paired node."""
    transaction.delete(tables.PAIRS + node)


def find_pair(view: View, given: str) -> tuple[bytes, PairRow]:
    """Return the paired node that is called so, or whose peer id begins so. Raises: PairNotFound."""
    pairs = list(read_pairs(view))
    named = [pair for pair in pairs if pair[1].name == given]
    found = named or [pair for pair in pairs if given and peer_of(pair[0]).startswith(given)]
    if len(found) != 1:
        raise PairNotFound(given)
    return found[0]


def peer_of(node: bytes) -> PeerId:
    """Return the peer id of a paired node."""
    return peer_id_of(node)


def read_kept(view: View, node: bytes) -> Iterator[tuple[MimeiId, KeptRow]]:
    """Iterate over what this node keeps for a paired one, by id."""
    prefix = tables.KEPT + node
    for key, value in view.scan(prefix, prefix_end(prefix)):
        yield MimeiId(key[1 + _KEY_BYTES :]), _KEPT.decode(value)


def kept_row(view: View, node: bytes, mimei: MimeiId) -> KeptRow | None:
    """Return how this node keeps a MiMei for a paired one, None if it wasn't asked to."""
    stored = view.get(tables.KEPT + node + mimei)
    return _KEPT.decode(stored) if stored is not None else None


def put_kept(transaction: Transaction, node: bytes, mimei: MimeiId, row: KeptRow) -> None:
    """Write how this node keeps a MiMei for a paired one."""
    transaction.put(tables.KEPT + node + mimei, msgspec.msgpack.encode(row))


def drop_kept(transaction: Transaction, node: bytes, mimei: MimeiId) -> None:
    """Keep a MiMei no more for a paired node."""
    transaction.delete(tables.KEPT + node + mimei)


def persons_with(view: View, author: KeyId, mimei: MimeiId) -> set[bytes]:
    """Return the keys of the people whose paired nodes have an author's MiMei kept sealed here."""
    kept = ((row.person, kept_row(view, node, mimei)) for node, row in read_pairs(view))
    return {person for person, row in kept if row is not None and row.author == author}


def is_kept_for_pairs(view: View, author: KeyId, mimei: MimeiId) -> bool:
    """Tell whether a paired node has an author's MiMei kept sealed here."""
    return bool(persons_with(view, author, mimei))


def may_keep(view: View, node: bytes, held: Mimei) -> bool:
    """Tell whether a node is paired and was chosen to keep a MiMei, which is the owner's."""
    row = read_pair(view, node)
    return row is not None and is_wished(row, held)


def is_wished(row: PairRow, held: Mimei) -> bool:
    """Tell whether a paired node is to keep a MiMei: one of the owner's, all of which or which was chosen."""
    return held.facts.own and held.facts.user is None and (row.everything or held.id in row.chosen)


def used_bytes(view: View, person: bytes) -> int:
    """Return what this node keeps for all paired nodes of a person, each MiMei counted once."""
    sizes = {
        mimei: kept.size_bytes
        for node, row in read_pairs(view)
        if row.person == person
        for mimei, kept in read_kept(view, node)
    }
    return sum(sizes.values())


def read_told(view: View, node: bytes) -> Iterator[tuple[MimeiId, ToldRow]]:
    """Iterate over what a paired node says that it keeps, by id."""
    prefix = tables.TOLD + node
    for key, value in view.scan(prefix, prefix_end(prefix)):
        yield MimeiId(key[1 + _KEY_BYTES :]), _TOLD.decode(value)


def told_row(view: View, node: bytes, mimei: MimeiId) -> ToldRow | None:
    """Return what a paired node says of a MiMei, None if nothing."""
    stored = view.get(tables.TOLD + node + mimei)
    return _TOLD.decode(stored) if stored is not None else None


def put_told(transaction: Transaction, node: bytes, mimei: MimeiId, row: ToldRow) -> None:
    """Write what a paired node says of a MiMei."""
    transaction.put(tables.TOLD + node + mimei, msgspec.msgpack.encode(row))


def drop_told(transaction: Transaction, node: bytes, mimei: MimeiId) -> None:
    """Forget what a paired node said of a MiMei."""
    transaction.delete(tables.TOLD + node + mimei)


def change_pair(state: State, node: bytes, **changes: object) -> PairRow:
    """Change fields of a paired node's row; return the row as it is now. Raises: PairNotFound."""

    def change(transaction: Transaction) -> PairRow:
        row = read_pair(transaction, node)
        if row is None:
            raise PairNotFound(peer_of(node))
        changed = msgspec.structs.replace(row, **changes)
        put_pair(transaction, node, changed)
        return changed

    return state.write(change)
