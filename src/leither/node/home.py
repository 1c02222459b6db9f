"""The home folder of a node: what is where in it, who holds it, and how to reach who does.

lock            held by the one process that has the folder open
identity/seed   the person's 32-byte seed       identity/node.key   the key of this node
identity/former/ what both keys signed when one took the other's place; seeds before, as long as they are needed
identity/users/ the seeds of its users, by their ids
token           the owner's token for the command line
tls/            this node's authority, and what it issued for other machines to meet
node.json       how to reach the node that runs; only good while the lock is held
denylists/      files ending .deny: what the node gives to nobody
blocks/ state/  the stores
config.toml     settings, written by people
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from leither.errors import Conflict, DeniedError
from leither.store.disk import make_directory, storage_error
from leither.store.keyfile import read_secret, write_secret
from leither.store.lock import LOCK_NAME, DirectoryLock, StoreInUse

_TOKEN_BYTES_MAX = 200
_NODE_FILE_BYTES_MAX = 4096
_LOCK_TRIES = 5
_LOCK_TRY_S = 0.02


class HomeInUse(Conflict):
    """Another process has this home folder open."""

    code = "home-in-use"

    def __init__(self, home: Path, process: str) -> None:
        self.home = str(home)
        self.process = process
        by = f"process {process}" if process else "another process"
        super().__init__(
            f"the home folder {home} is in use by {by}; stop that node first, or choose another with LEITHER_HOME"
        )


class TokenMissing(DeniedError):
    """A node runs, but its token file is gone."""

    code = "token-missing"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"a node runs on this home folder, but its token file {path} is missing; restart it")


@dataclass(frozen=True, slots=True)
class Running:
    """A node that can be asked.

    Fields: url: of its page. host, port: where it listens. host_header: what requests say they are for. socket: path
    of its Unix socket instead of host and port, or empty. token: the owner's.
    """

    url: str
    host: str
    port: int
    host_header: str
    process: int
    socket: str = ""
    token: str = field(default="", repr=False)

    @property
    def authority(self) -> str:
        """Where to connect, as it stands in an address."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Home:
    """A home folder. Making the object touches nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seed_file = path / "identity" / "seed"
        self.key_file = path / "identity" / "node.key"
        self.former = path / "identity" / "former"
        self.user_seeds = path / "identity" / "users"
        self.token_file = path / "token"
        self.node_file = path / "node.json"
        self.socket_file = path / "command.sock"
        self.tls = path / "tls"
        self.denylists = path / "denylists"
        self.blocks = path / "blocks"
        self.state = path / "state"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder if need be and hold its lock. Raises: HomeInUse, StoreFull, StoreBroken."""
        lock = self._lock()
        try:
            self.node_file.unlink(missing_ok=True)
            yield
            self.node_file.unlink(missing_ok=True)
        finally:
            lock.release()

    def _lock(self) -> DirectoryLock:
        for last in (False,) * _LOCK_TRIES + (True,):
            try:
                make_directory(self.path)
                return DirectoryLock(self.path)
            except StoreInUse as error:
                if last:
                    raise HomeInUse(self.path, error.owner) from None
                time.sleep(_LOCK_TRY_S)  # `running` holds it for an instant to see whether anybody does
            except OSError as error:
                raise storage_error(str(self.path), error) from error
        raise AssertionError

    def announce(self, running: Running) -> None:
        """Tell other processes how to reach the node that holds the folder."""
        shown = {name: value for name, value in asdict(running).items() if name != "token"}
        write_secret(self.node_file, json.dumps(shown).encode() + b"\n")

    def running(self) -> Running | None:
        """Return the node that runs on this folder; None if there is none. Raises: TokenMissing, KeyFileExposed."""
        told = read_secret(self.node_file, size_bytes_max=_NODE_FILE_BYTES_MAX)
        if told is None:
            return None
        try:
            found = Running(**json.loads(told))
        except (ValueError, TypeError):
            return None
        # A node that was killed leaves its file behind, but not its lock.
        if self._holder() != found.process:
            return None
        token = read_secret(self.token_file, size_bytes_max=_TOKEN_BYTES_MAX)
        if token is None:
            raise TokenMissing(self.token_file)
        return Running(**{**asdict(found), "token": token.decode("ascii", "replace").strip()})

    def _holder(self) -> int | None:
        """Return the process that holds the lock; None if nobody does."""
        import fcntl

        try:
            fd = os.open(self.path / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(fd, 20, 0) or b"0")
        finally:
            os.close(fd)
        return None
