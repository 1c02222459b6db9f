"""The index of the packs in LMDB: which block is where, and up to where that is known.

Only a cache of the packs: it is written late and in batches, and made again from them when it is lost or damaged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leither.store.disk import Disk, make_directory
from leither.store.frame import Place
from leither.store.lmdb_file import StateDamaged, open_environment

FORMAT = b"leither pack index 1"
_PLACE = struct.Struct("<IIIB")
_DROPPED = 0x80
_POSITION = struct.Struct("<IQ")
_COUNT = struct.Struct("<Q")
_NUMBER = struct.Struct(">I")
_PAGE = 4096
_RETIRED = 1 << 63


@dataclass(frozen=True, slots=True)
class Position:
    """A place between frames."""

    pack: int
    offset: int


@dataclass(frozen=True, slots=True)
class IndexChange:
    """One batch: what moved, and what is known with it."""

    places: Mapping[bytes, Place]
    known_to: Position
    blocks: int
    sizes: Mapping[int, int]
    retired: Iterable[int] = ()
    forgotten: Iterable[int] = ()


class PackIndex:
    """Digest to place. Reads are thread-safe; one thread commits."""

    def __init__(self, directory: Path) -> None:
        """Open or create. Raises: StateDamaged, lmdb.Error, OSError."""
        make_directory(directory)
        self._environment = environment = open_environment(directory, databases=3, readahead=False)
        try:
            with environment.begin(write=True) as transaction:
                self._places = environment.open_db(b"places", txn=transaction)
                self._packs = environment.open_db(b"packs", txn=transaction)
                self._meta = environment.open_db(b"meta", txn=transaction)
                found = transaction.get(b"format", db=self._meta)
                if found is None:
                    transaction.put(b"format", FORMAT, db=self._meta)
                elif found != FORMAT:
                    raise StateDamaged(directory, "its format is unknown")
        except BaseException:
            environment.close()
            raise

    def find(self, digest: bytes) -> Place | None:
        """Return the block's place, dropped ones too. Cost: one lookup. Raises: lmdb.Error."""
        with self._environment.begin(db=self._places) as transaction:
            value = transaction.get(digest)
        return None if value is None else _read_place(value)

    def known_to(self) -> Position:
        """Return the position up to which every frame is indexed."""
        with self._environment.begin(db=self._meta) as transaction:
            value = transaction.get(b"known-to")
        return Position(0, 0) if value is None else Position(*_POSITION.unpack(value))

    def blocks(self) -> int:
        """Return how many blocks are indexed and not dropped."""
        with self._environment.begin(db=self._meta) as transaction:
            value = transaction.get(b"blocks")
        return 0 if value is None else int(_COUNT.unpack(value)[0])

    def packs(self) -> tuple[dict[int, int], list[int]]:
        """Return the size of each pack as far as it is indexed, and the packs whose deletion was begun."""
        sizes: dict[int, int] = {}
        retired: list[int] = []
        with self._environment.begin(db=self._packs) as transaction:
            for key, value in transaction.cursor():
                number, size = _NUMBER.unpack(key)[0], _COUNT.unpack(value)[0]
                if size & _RETIRED:
                    retired.append(number)
                else:
                    sizes[number] = size
        return sizes, retired

    def entries(self) -> Iterator[tuple[bytes, Place]]:
        """Iterate over all entries by digest, dropped ones too, without pinning a snapshot."""
        last = b""
        while True:
            page: list[tuple[bytes, bytes]] = []
            with self._environment.begin(db=self._places) as transaction, transaction.cursor() as cursor:
                if cursor.set_range(last + b"\0"):
                    for pair in cursor.iternext():
                        page.append(pair)
                        if len(page) == _PAGE:
                            break
            if not page:
                return
            for digest, value in page:
                yield digest, _read_place(value)
            last = page[-1][0]

    def commit(self, change: IndexChange, disk: Disk) -> None:
        """Make `change` durable, whole or not at all. Raises: lmdb.Error, OSError."""
        with self._environment.begin(write=True) as transaction:
            with transaction.cursor(db=self._places) as cursor:
                # In key order neighbours share their pages.
                cursor.putmulti((digest, _write_place(change.places[digest])) for digest in sorted(change.places))
            for number, size in change.sizes.items():
                transaction.put(_NUMBER.pack(number), _COUNT.pack(size), db=self._packs)
            for number in change.retired:
                transaction.put(_NUMBER.pack(number), _COUNT.pack(_RETIRED), db=self._packs)
            for number in change.forgotten:
                transaction.delete(_NUMBER.pack(number), db=self._packs)
            known_to = _POSITION.pack(change.known_to.pack, change.known_to.offset)
            transaction.put(b"known-to", known_to, db=self._meta)
            transaction.put(b"blocks", _COUNT.pack(change.blocks), db=self._meta)
            disk.commit(transaction)

    def close(self) -> None:
        """Release."""
        self._environment.close()


def _read_place(value: bytes) -> Place:
    pack, offset, length, codec = _PLACE.unpack(value)
    return Place(pack, offset, length, codec & ~_DROPPED, bool(codec & _DROPPED))


def _write_place(place: Place) -> bytes:
    return _PLACE.pack(place.pack, place.offset, place.length, place.codec | (_DROPPED if place.dropped else 0))
