"""Pack files by number, with a bounded number of them open."""

import os
import threading
from collections import OrderedDict
from pathlib import Path

from leither import limits

PACK_SUFFIX = ".pack"


class PackFile:
    """An open pack. It closes when the last one who holds it lets go, so a reader outlives a sweep's deletion."""

    __slots__ = ("fd", "number")

    def __init__(self, number: int, fd: int) -> None:
        self.number = number
        self.fd = fd

    def read(self, offset: int, size_bytes: int) -> bytes:
        """Return up to `size_bytes` at `offset`; fewer only at the end of the file. Raises: OSError."""
        data = os.pread(self.fd, size_bytes, offset)
        while len(data) < size_bytes:
            more = os.pread(self.fd, size_bytes - len(data), offset + len(data))
            if not more:
                break
            data += more
        return data

    def size_bytes(self) -> int:
        """Return the file's length."""
        return os.fstat(self.fd).st_size

    def __del__(self) -> None:
        os.close(self.fd)


class PackFiles:
    """The packs of one directory. Thread-safe."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._open: OrderedDict[int, PackFile] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, number: int) -> Path:
        """Return the path of pack `number`."""
        return self.directory / f"{number}{PACK_SUFFIX}"

    def numbers(self) -> list[int]:
        """Return the numbers of the packs in the directory, ascending."""
        stems = (name.removesuffix(PACK_SUFFIX) for name in os.listdir(self.directory) if name.endswith(PACK_SUFFIX))
        return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal() and str(int(stem)) == stem)

    def get(self, number: int) -> PackFile:
        """Return pack `number`, opened if need be. Raises: FileNotFoundError."""
        with self._lock:
            pack = self._open.get(number)
            if pack is None:
                pack = PackFile(number, os.open(self.path(number), os.O_RDWR | os.O_CLOEXEC))
                self._keep(pack)
            else:
                self._open.move_to_end(number)
            return pack

    def add(self, pack: PackFile) -> None:
        """Take a pack that was just created."""
        with self._lock:
            self._keep(pack)

    def forget(self, number: int) -> None:
        """Let go of pack `number`."""
        with self._lock:
            self._open.pop(number, None)

    def close(self) -> None:
        """Let go of all packs."""
        with self._lock:
            self._open.clear()

    def _keep(self, pack: PackFile) -> None:
        self._open[pack.number] = pack
        if len(self._open) > limits.PACK_FILES_OPEN_MAX:
            self._open.popitem(last=False)
