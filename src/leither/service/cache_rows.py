"""What came when it was read, and may go again: rows in the state engine, one for each block."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial

import msgspec

from leither.ports import State, Transaction, View, prefix_end
from leither.service import tables


class CacheRow(msgspec.Struct, frozen=True, array_like=True):
    """A block in the cache: when it was last read, as far as that was noted, and its length."""

    used_ms: int
    size_bytes: int


_DECODER = msgspec.msgpack.Decoder(CacheRow)
_BATCH = 1000


def read_cached(view: View, digest: bytes) -> CacheRow | None:
    """Return the row of a block, None if it is not in the cache."""
    row = view.get(tables.CACHED + digest)
    return None if row is None else _DECODER.decode(row)


def read_cache(view: View) -> Iterator[tuple[bytes, CacheRow]]:
    """Iterate over (digest, row) of all that is in the cache."""
    for key, row in view.scan(tables.CACHED, prefix_end(tables.CACHED)):
        yield key[1:], _DECODER.decode(row)


def put_cached(state: State, rows: Mapping[bytes, CacheRow]) -> None:
    """Note blocks as in the cache."""

    def change(transaction: Transaction) -> None:
        for digest, row in rows.items():
            transaction.put(tables.CACHED + digest, msgspec.msgpack.encode(row))

    state.write(change)


def note_uses(state: State, used_ms: Mapping[bytes, int]) -> None:
    """Note when blocks were last read, of those that are in the cache."""

    def change(transaction: Transaction) -> None:
        for digest, ms in used_ms.items():
            row = read_cached(transaction, digest)
            if row is not None and row.used_ms < ms:
                changed = msgspec.structs.replace(row, used_ms=ms)
                transaction.put(tables.CACHED + digest, msgspec.msgpack.encode(changed))

    state.write(change)


def drop_cached(state: State, digests: Iterable[bytes]) -> None:
    """Note blocks as in the cache no more: they went, or are to be here for another reason. Some in each change."""
    doomed = list(digests)
    for start in range(0, len(doomed), _BATCH):
        state.write(partial(_drop, doomed[start : start + _BATCH]))


def _drop(digests: Iterable[bytes], transaction: Transaction) -> None:
    for digest in digests:
        transaction.delete(tables.CACHED + digest)
