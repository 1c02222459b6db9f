"""A folder of this machine as a tar stream: sorted, with modes and times, links as links, without special files."""

import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from leither import limits
from leither.errors import Conflict, InputError

_CHUNK_BYTES = limits.CHUNK_BYTES
_BLOCK_BYTES = 512


class FileChanged(Conflict):
    """A file got shorter while it was read."""

    code = "file-changed"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"{path} became shorter while it was read; try again when nothing writes to it")


class NameNotUnicode(InputError):
    """A name is not UTF-8, and so can't be a name in a MiMei."""

    code = "name-not-unicode"

    def __init__(self, path: str) -> None:
        self.path = ascii(path)
        super().__init__(f"the name of {self.path} is not UTF-8; rename it and try again")


def tar_stream(folder: Path, *, skipped: Callable[[str], object]) -> Iterator[bytes]:
    """Yield everything below `folder` as a pax archive, in chunks of about 1 MiB; `skipped` hears of special files.

    Hidden files are included, symbolic links are kept as they are and never followed.

    Raises: NameNotUnicode, FileChanged, OSError: a file can't be read.  Cost: one open file, a few MiB of memory.
    """
    pending = bytearray()
    for path, found in walk(folder):
        header = _header(path, folder, found)
        if header is None:
            skipped(str(path.relative_to(folder)))
            continue
        pending += header
        if stat.S_ISREG(found.st_mode):
            for chunk in _content(path, folder):
                pending += chunk
                if len(pending) >= _CHUNK_BYTES:
                    yield bytes(pending)
                    pending.clear()
        elif len(pending) >= _CHUNK_BYTES:
            yield bytes(pending)
            pending.clear()
    yield bytes(pending) + bytes(2 * _BLOCK_BYTES)


def folder_bytes(folder: Path) -> int:
    """Return how long the stream will be, for a progress bar. Names that need a header of their own are not counted."""
    return sum(_member_bytes(found) for _, found in walk(folder)) + 2 * _BLOCK_BYTES


def _member_bytes(found: os.stat_result) -> int:
    # Milliseconds stand in a pax record: one block for its header, one for itself.
    headers = 3 if found.st_mtime_ns // 1_000_000 % 1000 else 1
    blocks = -(-found.st_size // _BLOCK_BYTES) if stat.S_ISREG(found.st_mode) else 0
    return (headers + blocks) * _BLOCK_BYTES


def walk(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield what is below `folder` with its attributes, each folder before what is in it, by name."""
    open_folders = [(folder, iter(_entries(folder)))]
    while open_folders:
        above, entries = open_folders[-1]
        entry = next(entries, None)
        if entry is None:
            open_folders.pop()
            continue
        attributes = entry.stat(follow_symlinks=False)
        path = above / entry.name
        yield path, attributes
        if stat.S_ISDIR(attributes.st_mode):
            open_folders.append((path, iter(_entries(path))))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _header(path: Path, folder: Path, found: os.stat_result) -> bytes | None:
    """Return the header of a file, folder or link; for a file, without its length, which is known once it is open."""
    if stat.S_ISREG(found.st_mode):
        return b""
    member = tarfile.TarInfo()
    if stat.S_ISDIR(found.st_mode):
        member.type = tarfile.DIRTYPE
    elif stat.S_ISLNK(found.st_mode):
        member.type = tarfile.SYMTYPE
        member.linkname = os.readlink(path)
    else:
        return None
    return _encoded(member, path, folder, found)


def _content(path: Path, folder: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        found = os.fstat(file.fileno())
        member = tarfile.TarInfo()
        member.size = rest = found.st_size
        yield _encoded(member, path, folder, found)
        while rest:
            chunk = file.read(min(rest, _CHUNK_BYTES))
            if not chunk:
                raise FileChanged(path)
            rest -= len(chunk)
            yield chunk
    yield bytes(-found.st_size % _BLOCK_BYTES)


def _encoded(member: tarfile.TarInfo, path: Path, folder: Path, found: os.stat_result) -> bytes:
    member.name = path.relative_to(folder).as_posix()
    member.mode = stat.S_IMODE(found.st_mode)
    seconds, rest_ms = divmod(found.st_mtime_ns // 1_000_000, 1000)
    # A whole number needs no pax record of its own, and milliseconds are what a MiMei keeps.
    member.mtime = seconds + rest_ms / 1000 if rest_ms else seconds
    try:
        f"{member.name}{member.linkname}".encode()
    except UnicodeEncodeError:
        raise NameNotUnicode(str(path)) from None
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
