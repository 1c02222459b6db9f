"""Writing what came from a node: beside its place first, then put there in one step; never anywhere else."""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from leither import limits
from leither.errors import Conflict, CorruptionError, PeerError


class TargetExists(Conflict):
    """Something is where the answer should be written."""

    code = "target-exists"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"{path} is there already; name another place, or replace it with --force")


class HostileName(PeerError):
    """A name would lead out of the folder it should be written in."""

    code = "hostile-name"

    def __init__(self, name: str) -> None:
        self.name = name[:200]
        super().__init__(f"{self.name!r} does not stay inside the target folder; nothing was written")


class NotATar(CorruptionError):
    """The stream of a tree is cut off or malformed."""

    code = "not-a-tar"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the tree that the node sent can't be read: {reason}; nothing was written, try again")


class _Reader:
    """A file object over chunks of bytes, as `tarfile` wants one."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def read(self, size_bytes: int) -> bytes:
        parts, missing = [], size_bytes
        while missing:
            if not self._rest:
                self._rest = next(self._chunks, b"")
                if not self._rest:
                    break
            part, self._rest = self._rest[:missing], self._rest[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


@contextmanager
def replacing_file(target: Path, *, force: bool, secret: bool = False) -> Iterator[IO[bytes]]:
    """Open a new file that becomes `target` when the context ends well. Raises: TargetExists."""
    if os.path.lexists(target) and not force:
        raise TargetExists(target)
    fd, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if not secret:
            os.chmod(name, 0o666 & ~_umask())
        if force:
            os.replace(name, target)
        else:
            _link(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


def unpack_tree(chunks: Iterator[bytes], target: Path, *, force: bool) -> int:
    """Write a tar stream as the folder `target`; return how many files it held.

    Links are made last, so that nothing is ever written through one.

    Raises: TargetExists, HostileName, NotATar.
    """
    if os.path.lexists(target) and not force:
        raise TargetExists(target)
    partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        files = _extract(chunks, partial)
        partial.chmod(0o777 & ~_umask())
        if os.path.lexists(target):
            if not force:
                raise TargetExists(target)
            _swap(partial, target)
        else:
            partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return files


def _extract(chunks: Iterator[bytes], folder: Path) -> int:
    files = 0
    links: list[tuple[Path, str]] = []
    folders: list[tuple[Path, tarfile.TarInfo]] = []
    try:
        with tarfile.open(fileobj=_Reader(chunks), mode="r|", encoding="utf-8", errors="strict") as archive:  # type: ignore[call-overload]
            for member in archive:
                path = _inside(folder, member.name)
                if member.isdir():
                    path.mkdir(parents=True, exist_ok=True)
                    folders.append((path, member))
                    continue
                path.parent.mkdir(parents=True, exist_ok=True)
                if member.issym():
                    links.append((path, member.linkname))
                elif member.isreg():
                    files += 1
                    _write(archive, member, path)
                else:
                    raise HostileName(member.name)
    except (tarfile.TarError, UnicodeError, EOFError) as error:
        raise NotATar(str(error)) from error
    for path, destination in links:
        path.symlink_to(destination)
    for path, member in reversed(folders):  # a folder's time changes while things are put into it
        _stamp(path, member)
    return files


def _inside(folder: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    bad = (
        not name
        or name.startswith("/")
        or ".." in parts
        or "\0" in name
        or (os.name == "nt" and set(name) & set("\\:"))
    )
    if bad or len(parts) > limits.PATH_DEPTH_MAX:
        raise HostileName(name)
    return folder.joinpath(*parts)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = archive.extractfile(member)
    if source is None:
        raise NotATar(f"{member.name} has no content")
    with path.open("xb") as file:
        shutil.copyfileobj(source, file, limits.CHUNK_BYTES)
        if file.tell() != member.size:
            raise NotATar(f"{member.name} is cut off")
    _stamp(path, member)


def _stamp(path: Path, member: tarfile.TarInfo) -> None:
    # Set-user-id and its like are never set from what came over a network.
    mode = member.mode & 0o777
    if mode:
        path.chmod(mode | (0o700 if member.isdir() else 0))
    if member.mtime:
        os.utime(path, ns=(round(member.mtime * 1000) * 1_000_000,) * 2)


def _swap(partial: Path, target: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent)) / "old"
    os.rename(target, old)
    try:
        partial.rename(target)
    except BaseException:
        os.rename(old, target)
        old.parent.rmdir()
        raise
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    else:
        old.unlink()
    old.parent.rmdir()


def _link(name: str, target: Path) -> None:
    """Give the finished file its name, unless something took that name meanwhile."""
    try:
        os.link(name, target)
    except FileExistsError:
        raise TargetExists(target) from None
    except OSError:  # a file system without hard links
        os.replace(name, target)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
