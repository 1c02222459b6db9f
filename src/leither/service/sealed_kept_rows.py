"""Private MiMei that this node keeps without their keys, as they stand in the state engine."""

from collections.abc import Iterator

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.head import Head
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines


class SealedRow(msgspec.Struct, frozen=True, array_like=True):
    """A private MiMei as its keeper has it.

    Fields: author: whole key. genesis: sealed form. control, heads: CIDs. versions: (sealed form, whether its number
    names it), those below before those above. size_bytes: of all it holds.
    """

    author: bytes
    genesis: bytes
    control: bytes
    heads: tuple[bytes, ...]
    versions: tuple[tuple[bytes, bool], ...]
    size_bytes: int


_DECODER = msgspec.msgpack.Decoder(SealedRow)


def read_sealed(view: View, mimei: MimeiId) -> SealedRow | None:
    """Return how a private MiMei is kept without its key, None if it isn't."""
    stored = view.get(tables.SEALED_KEPT + mimei)
    return _DECODER.decode(stored) if stored is not None else None


def read_all_sealed(view: View) -> Iterator[tuple[MimeiId, SealedRow]]:
    """Iterate over what is kept without its key, by id."""
    for key, value in view.scan(tables.SEALED_KEPT, prefix_end(tables.SEALED_KEPT)):
        yield MimeiId(key[1:]), _DECODER.decode(value)


def drop_sealed(transaction: Transaction, mimei: MimeiId) -> bool:
    """Keep a private MiMei no more; tell whether it was kept. A sweep gives its blocks back."""
    return transaction.delete(tables.SEALED_KEPT + mimei)


def put_sealed(transaction: Transaction, mimei: MimeiId, row: SealedRow) -> None:
    """Write how a private MiMei is kept."""
    transaction.put(tables.SEALED_KEPT + mimei, msgspec.msgpack.encode(row))


def sealed_roots(engines: Engines, row: SealedRow) -> Iterator[Cid]:
    """Yield the sealed blocks of which all others of a MiMei are parts. Raises: BlockMissing, NotARecord."""
    yield Cid(row.genesis)
    for form, _ in row.versions:
        yield Cid(form)
    for cid in row.heads:
        sealed = engines.record(Head, Cid(cid)).sealed
        if sealed is not None:
            yield sealed
