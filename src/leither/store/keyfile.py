"""Small secret files: key seeds and tokens. Readable by their owner alone, written whole or not at all."""

import os
import stat
import tempfile
from pathlib import Path

from leither.errors import CorruptionError, DeniedError
from leither.store.disk import Disk, make_directory, storage_error


class KeyFileDamaged(CorruptionError):
    """A key file does not hold what it should."""

    code = "key-file-damaged"

    def __init__(self, path: Path, expected_bytes: int, found_bytes: int) -> None:
        self.path = str(path)
        self.expected_bytes = expected_bytes
        self.found_bytes = found_bytes
        super().__init__(
            f"{path} holds {found_bytes} bytes, not the {expected_bytes} of a key; put it back from a copy, or start "
            "on an empty home folder and import an export that holds the identity"
        )


class KeyFileExposed(DeniedError):
    """A key file can be read by others."""

    code = "key-file-exposed"

    def __init__(self, path: Path, mode: int) -> None:
        self.path = str(path)
        self.mode = f"{mode:03o}"
        super().__init__(f"{path} is open to other users (mode {self.mode}); run: chmod 600 {path}")


def read_key(path: Path, *, size_bytes: int) -> bytes | None:
    """Return the key in `path`, or None if there is no such file.

    Raises: KeyFileDamaged: it has another size. KeyFileExposed: group or others may read or write it.
    """
    found = read_secret(path, size_bytes_max=size_bytes)
    if found is not None and len(found) != size_bytes:
        raise KeyFileDamaged(path, size_bytes, path.stat().st_size)
    return found


def read_secret(path: Path, *, size_bytes_max: int) -> bytes | None:
    """Return at most `size_bytes_max` + 1 bytes of `path`, or None without the file. Raises: KeyFileExposed."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise KeyFileExposed(path, mode)
            return file.read(size_bytes_max + 1)
    except FileNotFoundError:
        return None


def write_secret(path: Path, data: bytes) -> None:
    """Put `data` at `path`, durably and in one step: a crash leaves the old file or the new one.

    Raises: StoreFull, StoreBroken.  Cost: two fsyncs.
    """
    try:
        make_directory(path.parent)
        # mkstemp makes the file 0600 before anything is in it.
        fd, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
        Disk().sync_directory(path.parent)
    except OSError as error:
        raise storage_error(str(path), error) from error


def remove_secret(path: Path) -> None:
    """Remove `path`, durably. Nothing happens if there is no such file.

    Raises: StoreBroken.  Cost: an fsync.
    """
    try:
        path.unlink()
        Disk().sync_directory(path.parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise storage_error(str(path), error) from error
