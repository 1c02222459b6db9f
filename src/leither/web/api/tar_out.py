"""A tree as a pax archive, made as it is read. Source: POSIX.1-2017 pax."""

from collections.abc import Callable, Iterator

from leither.codec import Cid
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import Path, path_text
from leither.web.api.tar_header import BLOCK

_FILE_MODE, _DIRECTORY_MODE, _LINK_MODE = 0o644, 0o755, 0o777
_OCTAL_11 = 8**11
_END = bytes(2 * BLOCK)


def tar_stream(entries: Iterator[tuple[Path, PathEntry]], read: Callable[[Cid], Iterator[bytes]]) -> Iterator[bytes]:
    """Iterate over the bytes of an archive of `entries`, whose content `read` gives.

    What is a reference to another MiMei is left out: it is no part of this one's content.
    """
    for path, entry in entries:
        match entry.type:
            case EntryType.FILE:
                yield _member(b"0", path, entry, size=entry.size_bytes)
                if entry.cid is not None and entry.size_bytes:
                    yield from read(entry.cid)
                    yield bytes(-entry.size_bytes % BLOCK)
            case EntryType.DIRECTORY:
                yield _member(b"5", path, entry)
            case EntryType.SYMLINK:
                yield _member(b"2", path, entry)
            case EntryType.REFERENCE:
                continue
    yield _END


def _member(kind: bytes, path: Path, entry: PathEntry, *, size: int = 0) -> bytes:
    name = path_text(path).encode() + (b"/" if kind == b"5" else b"")
    link = entry.target.encode()
    seconds, rest = divmod(entry.mtime_ms, 1000)
    pax = {}
    if len(name) > 100:
        pax["path"] = name
    if len(link) > 100:
        pax["linkpath"] = link
    if size >= _OCTAL_11:
        pax["size"] = str(size).encode()
    if rest or seconds >= _OCTAL_11:
        pax["mtime"] = f"{seconds}.{rest:03}".encode()
    mode = entry.mode or {b"5": _DIRECTORY_MODE, b"2": _LINK_MODE}.get(kind, _FILE_MODE)
    header = _header(kind, name, link, mode, size if size < _OCTAL_11 else 0, min(seconds, _OCTAL_11 - 1))
    return _extended(pax) + header if pax else header


def _extended(records: dict[str, bytes]) -> bytes:
    data = b"".join([_record(key, value) for key, value in records.items()])
    return _header(b"x", b"pax", b"", _FILE_MODE, len(data), 0) + data + bytes(-len(data) % BLOCK)


def _record(key: str, value: bytes) -> bytes:
    """Return a record, whose length counts its own digits."""
    rest = b" %s=%s\n" % (key.encode(), value)
    length = len(rest) + 1
    while length != len(rest) + len(str(length)):
        length += 1
    return str(length).encode() + rest


def _header(kind: bytes, name: bytes, link: bytes, mode: int, size: int, mtime_s: int) -> bytes:
    fields = b"".join(
        (
            name[:100].ljust(100, b"\0"),
            b"%07o\0" % (mode & 0o7777),
            b"0000000\0" * 2,
            b"%011o\0" % size,
            b"%011o\0" % mtime_s,
            b" " * 8,
            kind,
            link[:100].ljust(100, b"\0"),
            b"ustar\00000",
        )
    ).ljust(BLOCK, b"\0")
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]
