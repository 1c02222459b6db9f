"""The folder of denylists: read when the node starts, and again whenever something in it has changed."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from leither import limits
from leither.codec.foreign import AnyCid
from leither.wire.denylist import BadDenylist, Denylist, read_denylists

LOGGER = logging.getLogger("leither.denylists")
_SUFFIX = ".deny"

_Stamps = dict[str, tuple[int, int]]
"""By name: when a file was last written, and its size."""


class DenylistFolder:
    """Implements the port `Denied` over the files `*.deny` of a folder, which count in the order of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stamps: _Stamps = {}
        self._list = Denylist()
        self._generation = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="leither-denylists", daemon=True)
        self.check()

    @property
    def generation(self) -> int:
        """Counts the changes."""
        return self._generation

    def denies(self, cid: AnyCid, path: Sequence[str] = ()) -> bool:
        """See `ports.Denied`."""
        return self._list.denies(cid, path)

    def denies_name(self, name: str, path: Sequence[str] = ()) -> bool:
        """See `ports.Denied`."""
        return self._list.denies_name(name, path)

    def watch(self) -> None:
        """Look every limits.DENY_CHECK_S whether something has changed, until `close`."""
        self._thread.start()

    def close(self) -> None:
        """Look no more. Idempotent."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join()

    def check(self) -> None:
        """Read the lists again if they have changed. One that can't be read is told of, and left out."""
        stamps = self._stamps_now()
        if stamps == self._stamps:
            return
        found, names = Denylist(), sorted(stamps)
        while names:
            try:
                found = read_denylists((name, self._read(name, stamps[name][1])) for name in names)
                break
            except BadDenylist as error:
                LOGGER.error("%s", error)
                names.remove(error.file)
        for file, line in found.unread:
            LOGGER.warning("line %d of denylist %s is no rule that can be read; it is passed over", line, file)
        self._list, self._stamps = found, stamps
        self._generation += 1

    def _stamps_now(self) -> _Stamps:
        try:
            files = [each for each in self._folder.iterdir() if each.suffix == _SUFFIX]
            return {each.name: (found.st_mtime_ns, found.st_size) for each in files for found in [each.stat()]}
        except FileNotFoundError:
            return {}
        except OSError as error:
            LOGGER.error(
                "the folder of denylists %s can't be read: %s; what was read before counts", self._folder, error
            )
            return self._stamps

    def _read(self, name: str, size_bytes: int) -> bytes:
        if size_bytes > limits.DENY_FILE_BYTES_MAX:
            raise BadDenylist(name, f"it is larger than {limits.DENY_FILE_BYTES_MAX:,} bytes")
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(limits.DENY_FILE_BYTES_MAX)
        except OSError as error:
            raise BadDenylist(name, error.strerror or str(error)) from error

    def _watch(self) -> None:
        while not self._closed.wait(limits.DENY_CHECK_S):
            self.check()
