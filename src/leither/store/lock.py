"""One process, one opening: a store is locked while it is open."""

import fcntl
import os
from pathlib import Path

from leither.errors import Conflict

LOCK_NAME = "lock"


class StoreInUse(Conflict):
    """The store is open already, here or in another process."""

    code = "store-in-use"

    def __init__(self, path: Path, owner: str) -> None:
        self.path = str(path)
        self.owner = owner
        by = f"process {owner}" if owner else "another process"
        super().__init__(f"{path} is in use by {by}; stop it first, or ask the running node instead")


class StoreClosed(Conflict):
    """The store was closed and takes no more work."""

    code = "store-closed"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} is closed; open it again")


class DirectoryLock:
    """An advisory lock on a directory, held until `release` or the end of the process."""

    def __init__(self, directory: Path) -> None:
        """Take the lock. Raises: StoreInUse."""
        path = directory / LOCK_NAME
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode("ascii"), 0)
        except BlockingIOError:
            owner = os.pread(self._fd, 20, 0).decode("ascii", "replace")
            os.close(self._fd)
            raise StoreInUse(directory, owner) from None
        except OSError:
            os.close(self._fd)
            raise

    def release(self) -> None:
        """Give the lock back. Idempotent."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
