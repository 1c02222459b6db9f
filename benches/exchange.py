"""A file of 64 MiB from one node to another: by Bitswap beside Helia, by HTTP beside Kubo.

Each side is a process of its own. Ours are whole nodes that keep blocks on disk, and a transfer ends when all is
durable; Kubo keeps its blocks on disk as well, Helia in memory. Every round moves another file.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benches.figure import Figure, in_turns
from benches.peers import kubo, kubo_environment
from leither.codec import Cid
from leither.config import Settings, load
from leither.crypto.peer_id import PeerId
from leither.mimei.version import Version
from leither.net.http_gateway import HttpGateway
from leither.node import Node
from leither.node.serving import serving_in_thread
from leither.people.right import parse as parse_right
from leither.ports import Known
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.fetch import Fetch
from leither.service.history import release
from leither.service.uploads import Upload

MIB = 1 << 20
WEB = Path(__file__).parents[1] / "web"
HELIA = Path(__file__).parents[1] / "tests/conformance/helia_exchange.mjs"


def figures(*, file_mib: int = 64, rounds: int = 5) -> list[Figure]:
    """Return the figures. Needs Helia in web/; those beside Kubo are left out where there is none."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        files = [folder / f"file-{number}" for number in range(2 * rounds)]
        for each in files:
            each.write_bytes(os.urandom(file_mib * MIB))
        # What one of them has gets from a peer of its own kind, another has not: so there are files of either kind.
        theirs, ours_alone = files[:rounds], files[rounds:]
        ours = stack.enter_context(_our_pair(folder, theirs, ours_alone))
        helia = stack.enter_context(_helia_pair(theirs, ours))
        workers = {
            "leither": ours.by_bitswap,
            "Helia to Helia, in memory": helia.by_itself,
            "leither to Helia": helia.from_us,
            "Helia to leither": helia.to_us,
            "leither by HTTP": ours.by_http,
        }
        if kubo():
            between = stack.enter_context(_kubo_pair(folder, theirs, ours))
            workers |= {
                "Kubo to Kubo, ipfs cat": between.by_itself,
                "leither to Kubo, ipfs cat": between.from_us,
                "Kubo to leither": between.to_us,
                "Kubo's gateway to leither": between.by_http,
            }
        samples = in_turns(rounds, **workers)
    speeds = {name: [file_mib / seconds for seconds in taken] for name, taken in samples.items()}
    rows = [
        ("leither", "by Bitswap", ["Helia to Helia, in memory"], ">= 1x Helia"),
        ("leither by HTTP", "by HTTP", ["Kubo to Kubo, ipfs cat", "Kubo's gateway to leither"], ">= 2x Kubo"),
        ("leither to Helia", "from leither to Helia", ["Helia to Helia, in memory"], ">= 0.8x"),
        ("Helia to leither", "from Helia to leither", ["Helia to Helia, in memory"], ">= 0.8x"),
        ("leither to Kubo, ipfs cat", "from leither to Kubo", ["Kubo to Kubo, ipfs cat"], ">= 0.8x"),
        ("Kubo to leither", "from Kubo to leither", ["Kubo to Kubo, ipfs cat"], ">= 0.8x"),
    ]
    return [
        Figure(
            f"{file_mib} MiB from node to node, {work}",
            "MiB/s",
            speeds[name],
            {peer: speeds[peer] for peer in peers if peer in speeds},
            target,
            more_is_better=True,
        )
        for name, work, peers, target in rows
        if name in speeds
    ]


@dataclass(frozen=True, slots=True)
class _There:
    """What the other process says of its node."""

    id: str
    addresses: list[str]
    url: str
    roots: list[str]
    roots_alone: list[str]


class _OurPair:
    """A node in this process that fetches, and one in another that has all files."""

    def __init__(self, here: Node, there: _There) -> None:
        self._here = here
        self._there = there
        self._left = {way: iter(there.roots) for way in ("bitswap", "http")}

    @property
    def address(self) -> str:
        """Where the node that has the files is reached."""
        return self._there.addresses[0]

    @property
    def alone(self) -> Iterator[str]:
        """The roots of those files that only this node has."""
        return iter(self._there.roots_alone)

    def by_bitswap(self) -> float:
        return self.take(Known(PeerId(self._there.id), tuple(self._there.addresses)), next(self._left["bitswap"]))

    def by_http(self) -> float:
        return self.take_by_http(self._there.url, next(self._left["http"]))

    def take(self, peer: Known, root: str) -> float:
        """Fetch from one peer; return how long it took. What came is forgotten."""
        assert self._here.services is not None
        self._here.networking.network.connect(peer)  # type: ignore[union-attr]
        start = perf_counter()
        with self._here.services.fetching.fetch(Cid.parse(root), peers=[peer]) as fetch:
            fetch.run()
        return self._ended(start)

    def take_by_http(self, url: str, root: str) -> float:
        start = perf_counter()
        blocks = self._here.engines.blocks
        with Fetch(blocks, Cid.parse(root), exchange=None, monotonic_s=time.monotonic) as fetch:
            fetch.add_gateway(HttpGateway(url))
            fetch.run()
        return self._ended(start)

    def _ended(self, start: float) -> float:
        taken = perf_counter() - start
        self._here.engines.blocks.sweep(lambda: ())
        for peer in self._here.networking.facts().peers:
            self._here.networking.network.disconnect(peer.id)  # type: ignore[union-attr]
        return taken


@contextmanager
def _our_pair(folder: Path, files: list[Path], alone: list[Path]) -> Iterator[_OurPair]:
    command = [sys.executable, "-m", "benches.exchange", str(folder / "there"), *map(str, files + alone)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            said = json.loads(process.stdout.readline())
            roots = said.pop("roots")
            there = _There(**said, roots=roots[: len(files)], roots_alone=roots[len(files) :])
            with Node.open(_settings(folder / "here")) as here:
                yield _OurPair(here, there)
        finally:
            process.stdin.close()


def _settings(home: Path) -> Settings:
    return load({"home": home, "port": 0, "redis_port": 0, "network_port": 0}, environ={})


def _serve(home: Path, files: list[Path]) -> None:
    """Publish files, say where they are, and serve until standard input ends."""
    with Node.open(_settings(home)) as node:
        roots = [_publish(node, each) for each in files]
        with serving_in_thread(node.app(), node.sockets):
            facts = node.networking.facts()
            url = f"http://127.0.0.1:{node.port}"
            said = {"id": facts.id, "addresses": list(facts.addresses), "url": url, "roots": roots}
            print(json.dumps(said), flush=True)
            sys.stdin.read()


def _publish(node: Node, path: Path) -> str:
    mimei, _ = Catalog(node.engines).create(
        kind="file", app="bench", mark=path.name, right=parse_right("everyone=read-release")
    )
    with Upload(node.engines, mimei.id, ()) as upload, path.open("rb") as source:
        while piece := source.read(MIB):
            upload.write(piece)
        upload.finish()
    version = backup(node.engines, mimei.id).cid
    assert version is not None
    release(node.engines, mimei.id, version)
    return node.engines.record(Version, version).content.text


class _Helia:
    """One Helia, told by lines what to do."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self.address = str(json.loads(self._out.readline())["addresses"][0])

    def tell(self, **said: object) -> dict[str, str]:
        self._in.write(json.dumps(said) + "\n")
        self._in.flush()
        answer: dict[str, str] = json.loads(self._out.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


class _HeliaPair:
    """Two Helias that are connected; the first has the files."""

    def __init__(self, first: _Helia, second: _Helia, roots: list[str], ours: _OurPair) -> None:
        self._first, self._second, self._ours = first, second, ours
        self._left = {way: iter(roots) for way in ("itself", "to us")}
        self._ours_alone = ours.alone

    def by_itself(self) -> float:
        return self._cat(next(self._left["itself"]))

    def from_us(self) -> float:
        return self._cat(next(self._ours_alone))

    def to_us(self) -> float:
        return self._ours.take(_known(self._first.address), next(self._left["to us"]))

    def _cat(self, root: str) -> float:
        return float(self._second.tell(command="cat", cid=root, timeoutMs=120_000)["seconds"])


@contextmanager
def _helia_pair(files: list[Path], ours: _OurPair) -> Iterator[_HeliaPair]:
    command = ["node", "--input-type=module", "--eval", HELIA.read_text()]
    with ExitStack() as stack:
        pipe = subprocess.PIPE
        started = [subprocess.Popen(command, cwd=WEB, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
        for process in started:
            stack.enter_context(process)
            stack.callback(process.stdin.close)  # type: ignore[union-attr]
        first, second = (_Helia(process) for process in started)
        roots = [first.tell(command="add", path=str(each))["cid"] for each in files]
        for address in (first.address, ours.address):
            second.tell(command="dial", address=address)
        yield _HeliaPair(first, second, roots, ours)


class _KuboPair:
    """Two Kubo daemons that are connected; the first has the files."""

    def __init__(self, second: dict[str, str], roots: list[str], *, address: str, gateway: str, ours: _OurPair) -> None:
        self._second, self._ours = second, ours
        self._address, self._gateway = address, gateway
        self._left = {way: iter(roots) for way in ("itself", "to us", "http")}
        self._ours_alone = ours.alone

    def by_itself(self) -> float:
        return self._cat(next(self._left["itself"]))

    def from_us(self) -> float:
        return self._cat(next(self._ours_alone))

    def to_us(self) -> float:
        return self._ours.take(_known(self._address), next(self._left["to us"]))

    def by_http(self) -> float:
        return self._ours.take_by_http(self._gateway, next(self._left["http"]))

    def _cat(self, root: str) -> float:
        start = perf_counter()
        subprocess.run([str(kubo()), "cat", root], env=self._second, check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - start


@contextmanager
def _kubo_pair(folder: Path, files: list[Path], ours: _OurPair) -> Iterator[_KuboPair]:
    homes = [kubo_environment(folder / f"kubo-{number}") for number in range(2)]
    with ExitStack() as stack:
        gateways = [_start_kubo(stack, home) for home in homes]
        roots = [_kubo(homes[0], "add", "-Q", str(each)) for each in files]
        address = next(each for each in _kubo(homes[0], "id", "-f", "<addrs>").split() if "/ip4/127.0.0.1/tcp/" in each)
        for each in (address, ours.address):
            _kubo(homes[1], "swarm", "connect", each)
        yield _KuboPair(homes[1], roots, address=address, gateway=gateways[0], ours=ours)


def _start_kubo(stack: ExitStack, home: dict[str, str]) -> str:
    """Start a daemon that knows nobody; return the address of its gateway."""
    for setting in (["Routing.Type", "none"], ["--json", "Version.SwarmCheckEnabled", "false"]):
        _kubo(home, "config", *setting)
    daemon = stack.enter_context(subprocess.Popen([str(kubo()), "daemon"], env=home, stdout=subprocess.PIPE, text=True))
    stack.callback(daemon.terminate)
    assert daemon.stdout is not None
    gateway = ""
    for line in daemon.stdout:
        if line.startswith("Gateway server listening on /ip4/127.0.0.1/tcp/"):
            gateway = f"http://127.0.0.1:{line.strip().rpartition('/')[2]}"
        if "Daemon is ready" in line:
            break
    return gateway


def _known(address: str) -> Known:
    return Known(PeerId(address.rpartition("/")[2]), (address,))


def _kubo(home: dict[str, str], *arguments: str) -> str:
    command = [str(kubo()), *arguments]
    return subprocess.run(command, env=home, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
