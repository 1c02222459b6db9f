"""Other implementations of IPFS as peers on the loopback interface: Helia in Node, and Kubo where one is at hand."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.ports import Known
from tests.conformance.independent import REPOSITORY

HELIA = Path(__file__).with_name("helia_exchange.mjs")
TIMEOUT_S = 60


class NotGiven(Exception):
    """The peer did not get what it asked for."""


class IpfsPeer(Protocol):
    """A running node of another implementation."""

    @property
    def known(self) -> Known:
        """Its id and address."""

    def dial(self, address: str) -> None:
        """Let it connect."""

    def add(self, path: Path) -> str:
        """Let it add a file, and return the root."""

    def cat(self, cid: str, *, timeout_s: int = TIMEOUT_S) -> str:
        """Let it get a file, and return the SHA-256 of what it got. Raises: NotGiven."""

    def list(self, cid: str, path: str = "") -> set[str]:
        """Return the names in a directory below a root. Raises: NotGiven."""

    def read(self, cid: str, path: str) -> str:
        """Return the text of a file below a root. Raises: NotGiven."""

    def pin(self, cid: str) -> set[str]:
        """Let it keep a root with all that it links to; return what that is. Raises: NotGiven."""


def known(addresses: list[str]) -> Known:
    """The id and loopback address among `addresses`."""
    address = next(each for each in addresses if each.startswith("/ip4/127.0.0.1/tcp/") and "/ws" not in each)
    peer = Multiaddr.parse(address).peer
    assert peer is not None
    return Known(peer, (address,))


class Helia:
    """Helia, told by lines what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.known = known(self._answer()["addresses"])

    def dial(self, address: str) -> None:
        self._tell("dial", address=address)

    def add(self, path: Path) -> str:
        return str(self._tell("add", path=str(path))["cid"])

    def cat(self, cid: str, *, timeout_s: int = TIMEOUT_S) -> str:
        return str(self._tell("cat", cid=cid, timeoutMs=1000 * timeout_s)["sha256"])

    def name(self, name: str, *, timeout_s: int = TIMEOUT_S) -> str:
        """What it resolves an IPNS name to. Raises: NotGiven."""
        return str(self._tell("name", name=name, timeoutMs=1000 * timeout_s)["value"])

    def provide(self, cid: str) -> None:
        """Let it say in the DHT that it has something. Raises: NotGiven."""
        self._tell("provide", cid=cid, timeoutMs=1000 * TIMEOUT_S)

    def read(self, cid: str, path: str, *, timeout_s: int = TIMEOUT_S) -> str:
        """The text of a file below a directory, which it finds by itself. Raises: NotGiven."""
        return str(self._tell("read", cid=cid, path=path, timeoutMs=1000 * timeout_s)["text"])

    def list(self, cid: str, path: str = "") -> set[str]:
        return set(self._tell("list", cid=cid, path=path, timeoutMs=1000 * TIMEOUT_S)["names"])

    def pin(self, cid: str) -> set[str]:
        return set(self._tell("pin", cid=cid, timeoutMs=1000 * TIMEOUT_S)["pinned"])

    def seconds(self, cid: str) -> float:
        """How long it takes it to get a file, without what it takes to start."""
        return float(self._tell("cat", cid=cid, timeoutMs=1000 * TIMEOUT_S)["seconds"])

    def _tell(self, command: str, **options: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise NotGiven(answer["error"])
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "Helia ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def helia(script: Path = HELIA, *, within: Sequence[str] = ()) -> Iterator[Helia]:
    """Run a Helia node. `within` is what runs it, such as on another host."""
    node = shutil.which("node")
    if node is None or not (REPOSITORY / "web/node_modules/helia").is_dir():
        pytest.fail("needs Node and the packages under web/; `make test` sets them up, or run `npm ci` in web/")
    command = [*within, node, "--input-type=module", "--eval", script.read_text()]
    with subprocess.Popen(
        command, cwd=REPOSITORY / "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Helia(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


class Kubo:
    """A Kubo daemon that knows nobody."""

    def __init__(self, program: str, environment: dict[str, str], gateway: str) -> None:
        self.gateway = gateway
        self._program = program
        self._environment = environment
        self.known = known(self.run("id", "-f", "<addrs>").split())

    def run(self, *arguments: str, timeout_s: int = TIMEOUT_S) -> str:
        return self._run(*arguments, timeout_s=timeout_s).decode().strip()

    def dial(self, address: str) -> None:
        self.run("swarm", "connect", address)

    def add(self, path: Path, *options: str) -> str:
        return self.run("add", "-Q", *options, str(path))

    def cat(self, cid: str, *, timeout_s: int = TIMEOUT_S) -> str:
        return hashlib.sha256(self._run("cat", cid, timeout_s=timeout_s)).hexdigest()

    def list(self, cid: str, path: str = "") -> set[str]:
        listed = self.run("ls", "--size=false", "--resolve-type=false", f"/ipfs/{cid}/{path}".rstrip("/"))
        return {line.split(maxsplit=1)[1].rstrip("/") for line in listed.splitlines()}

    def read(self, cid: str, path: str) -> str:
        return self.run("cat", f"/ipfs/{cid}/{path}")

    def pin(self, cid: str) -> set[str]:
        self.run("pin", "add", cid)
        return {cid, *self.run("--offline", "refs", "-r", "-u", cid).split()}

    def _run(self, *arguments: str, timeout_s: int) -> bytes:
        command = [self._program, f"--timeout={timeout_s}s", *arguments]
        done = subprocess.run(command, env=self._environment, capture_output=True, check=False)
        if done.returncode:
            raise NotGiven(done.stderr.decode())
        return done.stdout


@contextmanager
def kubo(home: Path) -> Iterator[Kubo]:
    """Run a Kubo daemon with a repository in `home`, or skip the test where there is no Kubo."""
    program = os.environ.get("LEITHER_TEST_KUBO") or shutil.which("ipfs")
    if program is None:
        pytest.skip("no Kubo: neither LEITHER_TEST_KUBO nor `ipfs` on PATH; Helia is tested all the same")
    environment = {**os.environ, "IPFS_PATH": str(home), "IPFS_TELEMETRY": "off", "DO_NOT_TRACK": "1"}
    for arguments in (
        ["init", "--profile=test,unixfs-v1-2025"],
        ["config", "Routing.Type", "none"],
        ["config", "--json", "Version.SwarmCheckEnabled", "false"],
    ):
        subprocess.run([program, *arguments], env=environment, check=True, capture_output=True)
    with subprocess.Popen(
        [program, "daemon"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as daemon:
        try:
            assert daemon.stdout is not None
            said: list[str] = []
            while not said or "Daemon is ready" not in said[-1]:
                said.append(daemon.stdout.readline())
                assert said[-1], "".join(said)
            (port,) = [line.strip().rpartition("/")[2] for line in said if line.startswith("Gateway server listening")]
            yield Kubo(program, environment, f"http://127.0.0.1:{port}")
        finally:
            daemon.terminate()
