"""Opening LMDB environments safely.

LMDB maps its file into memory and trusts it: a file shorter than its own meta page says ends the process with a bus
error at the first missing page, and an empty file is silently taken for a new database. Both are looked at here first.

The file format of LMDB 0.9 is pinned (`lib_version=0`); files of 1.0 can't be read by 0.9 or the other way round.
"""

from __future__ import annotations

import struct
from pathlib import Path

import lmdb
from lmdb.verify import VerifyError
from lmdb.verify import verify as verify_pages

from leither import limits
from leither.errors import CorruptionError

DATA_NAME = "data.mdb"
LMDB_MAJOR = 0

_PAGE_HEADER_BYTES = 16
_META = struct.Struct("=II QQ I44x 48x QQ")  # magic, version, address, map size, page size, ..., last page, txnid
_MAGIC = 0xBEEFC0DE
_DATA_VERSION = 1


class StateDamaged(CorruptionError):
    """An LMDB data file is not what LMDB wrote."""

    code = "state-damaged"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(
            f"{path} is damaged: {reason}; it was left as it is; move it away and restore it from a backup of the "
            "home folder, or import an export on an empty one"
        )


def open_environment(directory: Path, *, databases: int, readahead: bool) -> lmdb.Environment:
    """Open or create the environment in `directory`.

    Raises: StateDamaged: the file is too short or no LMDB 0.9 file. OSError, lmdb.Error: the disk refused.
    """
    data = directory / DATA_NAME
    if data.exists():
        check_data_file(data)
    try:
        environment = lmdb.open(
            str(directory),
            map_size=limits.STATE_MAP_BYTES,
            max_dbs=databases,
            max_readers=limits.STATE_READERS_MAX + 1,
            max_spare_txns=16,
            readahead=readahead,
            mode=0o600,
            lib_version=LMDB_MAJOR,
        )
    except (lmdb.InvalidError, lmdb.VersionMismatchError, lmdb.CorruptedError) as error:
        raise StateDamaged(data, str(error)) from None
    environment.reader_check()
    return environment


def check_data_file(path: Path) -> None:
    """Refuse a data file that would end the process when mapped.

    Raises: StateDamaged. Cost: two small reads; a walk through the whole file if it is shorter than it says.
    """
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        first = _read_meta(path, file.read(_PAGE_HEADER_BYTES + _META.size))
        file.seek(first[0])
        second = _read_meta(path, file.read(_PAGE_HEADER_BYTES + _META.size))
    page_bytes, last_page, _ = max(first, second, key=lambda meta: meta[2])
    expected = (last_page + 1) * page_bytes
    if size_bytes >= expected:
        return
    # Pages at the end that were freed in the transaction that took them may never have been written: walk to know.
    problems = _walk(path)
    if problems:
        raise StateDamaged(path, f"it has {size_bytes:,} bytes where {expected:,} were written ({problems[0]})")


def _read_meta(path: Path, page: bytes) -> tuple[int, int, int]:
    """Return (page size, last page, transaction id) of a meta page."""
    if len(page) < _PAGE_HEADER_BYTES + _META.size:
        raise StateDamaged(path, "it ends before its second page")
    magic, version, _, _, page_bytes, last_page, transaction = _META.unpack_from(page, _PAGE_HEADER_BYTES)
    if magic != _MAGIC:
        raise StateDamaged(path, "it is no LMDB file")
    if version != _DATA_VERSION:
        raise StateDamaged(path, f"it has LMDB data version {version}, not {_DATA_VERSION}")
    if not 512 <= page_bytes <= 65_536 or page_bytes & (page_bytes - 1):
        raise StateDamaged(path, f"its page size is {page_bytes}")
    return page_bytes, last_page, transaction


def _walk(path: Path) -> list[str]:
    try:
        problems: list[str] = verify_pages(str(path), subdir=False)  # type: ignore[no-untyped-call]
    except VerifyError as error:
        return [str(error)]
    return problems


def data_file_problems(directory: Path) -> list[str]:
    """Walk every page of a data file nobody has open and return what is wrong. Cost: reads the whole file."""
    return _walk(directory / DATA_NAME)
