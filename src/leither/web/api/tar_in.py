"""A tar archive that arrives in pieces, turned into a tree as it comes: nothing is kept but the member at hand."""

import re
from collections.abc import Callable
from typing import Protocol

from leither import limits
from leither.mimei.entry import PathEntry
from leither.mimei.path import ROOT, Path
from leither.unixfs import BadName, PathTooLong, check_path
from leither.web.api.tar_header import BLOCK, EMPTY, FILES, BadTar, Header, TarTooLarge, read_header, read_pax

_DEVICES = {b"3": "a character device", b"4": "a block device", b"6": "a named pipe"}
_EXTENDED = b"LKxXg"
_DECIMAL = re.compile(r"(-?)([0-9]{1,15})(?:\.([0-9]{0,20}))?")
_DIGITS = re.compile(r"[0-9]{1,18}")


class FileSink(Protocol):
    """Takes the bytes of one file."""

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""

    def finish(self) -> PathEntry:
        """End the file."""


class TreeSink(Protocol):
    """Takes the members of a tree."""

    def file(self, path: Path, *, mode: int, mtime_ms: int) -> FileSink:
        """Begin a file."""

    def directory(self, path: Path, *, mode: int, mtime_ms: int) -> None:
        """Take a directory."""

    def symlink(self, path: Path, target: str, *, mtime_ms: int) -> None:
        """Take a symbolic link."""

    def link(self, path: Path, same_as: Path) -> None:
        """Take a file that is the same as one before."""


class TarIngest:
    """Feeds a tree from the bytes of a tar archive. Cost: memory for one piece and one extended header."""

    def __init__(self, tree: TreeSink) -> None:
        self._tree = tree
        self._buffer = bytearray()
        self._state: Callable[[], bool] = self._at_header
        self._left = 0
        self._padding = 0
        self._file: FileSink | None = None
        self._extended: Header | None = None
        self._long_name: bytes | None = None
        self._long_link: bytes | None = None
        self._pax: dict[str, str] = {}
        self._global: dict[str, str] = {}
        self._ended = False

    def feed(self, data: bytes) -> None:
        """Take the next bytes. Raises: BadTar, TarTooLarge, and what the tree raises."""
        if self._ended:
            return
        self._buffer += data
        while self._state():
            pass

    def finish(self) -> None:
        """Check that the archive came to its end. Raises: BadTar."""
        if not self._ended:
            raise BadTar("", "it ends without the block of zeros that ends one, so some of it may be missing")

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _at_header(self) -> bool:
        if len(self._buffer) < BLOCK:
            return False
        block = self._take(BLOCK)
        if block == EMPTY:
            # Two such blocks end an archive; what follows the first is padding.
            self._ended = True
            self._buffer.clear()
            return False
        header = read_header(block)
        if header.type in _EXTENDED:
            if header.size > limits.TAR_EXTENDED_BYTES_MAX:
                raise TarTooLarge("extended header", header.size, limits.TAR_EXTENDED_BYTES_MAX)
            self._extended = header
            self._expect(header.size, self._at_extended)
            return True
        self._member(header)
        return True

    def _expect(self, size: int, state: Callable[[], bool]) -> None:
        self._left = size
        self._padding = -size % BLOCK
        self._state = state

    def _at_extended(self) -> bool:
        if len(self._buffer) < self._left + self._padding:
            return False
        data = self._take(self._left + self._padding)[: self._left]
        header = self._extended
        assert header is not None
        name = header.name.decode("utf-8", "replace")
        match header.type:
            case b"L":
                self._long_name = data.partition(b"\0")[0]
            case b"K":
                self._long_link = data.partition(b"\0")[0]
            case b"g":
                self._global |= read_pax(data, name)
            case _:
                self._pax = read_pax(data, name)
        self._state = self._at_header
        return True

    def _at_content(self) -> bool:
        assert self._file is not None
        if self._left:
            if not self._buffer:
                return False
            count = min(self._left, len(self._buffer))
            self._file.write(self._take(count))
            self._left -= count
            return True
        if len(self._buffer) < self._padding:
            return False
        self._take(self._padding)
        self._file.finish()
        self._file = None
        self._state = self._at_header
        return True

    def _member(self, header: Header) -> None:
        """Hand one member to the tree; the long names and records before it are spent."""
        pax = self._global | self._pax
        name = _decoded(self._long_name, pax.get("path"), header.name)
        link = _decoded(self._long_link, pax.get("linkpath"), header.link)
        self._pax, self._long_name, self._long_link = {}, None, None
        mtime_ms = _time_ms(pax.get("mtime"), header.mtime_s, name)
        path = _path(name, name)
        kind = header.type
        if kind in FILES and not (kind == b"\0" and name.endswith("/")):
            size = _size(pax.get("size"), header.size, name)
            self._file = self._tree.file(path, mode=header.mode, mtime_ms=mtime_ms)
            self._expect(size, self._at_content)
        elif kind == b"5" or kind in FILES:
            self._tree.directory(path, mode=header.mode, mtime_ms=mtime_ms)
        elif kind == b"2":
            self._tree.symlink(path, link, mtime_ms=mtime_ms)
        elif kind == b"1":
            self._tree.link(path, _path(link, name))
        else:
            what = _DEVICES.get(kind, f"a member of type {kind!r}")
            raise BadTar(name, f"{what} can't be kept; leave it out")


def _decoded(long: bytes | None, pax: str | None, short: bytes) -> str:
    if pax is not None:
        return pax
    raw = short if long is None else long
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadTar(raw.decode("utf-8", "backslashreplace"), "the name is not UTF-8; rename it") from None


def _path(name: str, member: str) -> Path:
    """Return the path that `name` means below the tree's root. Raises: BadTar."""
    if name.startswith("/"):
        raise BadTar(member, f"the name {name[:200]!r} is absolute")
    path = tuple([part for part in name.split("/") if part not in ("", ".")])
    try:
        check_path(path)
    except (BadName, PathTooLong) as error:
        raise BadTar(member.encode("utf-8", "replace").decode(), str(error)) from None
    return path if path else ROOT


def _time_ms(pax: str | None, seconds: int, name: str) -> int:
    if pax is None:
        return min(seconds * 1000, limits.TIME_MS_MAX)
    found = _DECIMAL.fullmatch(pax)
    if found is None:
        raise BadTar(name, f"{pax[:40]!r} is not a time")
    if found[1]:
        return 0
    return min(int(found[2]) * 1000 + int((found[3] or "")[:3].ljust(3, "0")), limits.TIME_MS_MAX)


def _size(pax: str | None, size: int, name: str) -> int:
    if pax is not None:
        if not _DIGITS.fullmatch(pax):
            raise BadTar(name, f"{pax[:40]!r} is not a size")
        size = int(pax)
    if size > limits.FILE_BYTES_MAX:
        raise TarTooLarge("file", size, limits.FILE_BYTES_MAX)
    return size
