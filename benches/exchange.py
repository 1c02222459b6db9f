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
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter

from benches.figure import Figure, in_turns
from benches.peers import kubo, kubo_environment
from leither.codec import Cid
from leither.config import Settings, load
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
    """Return the figures."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        files = [folder / f"file-{number}" for number in range(rounds)]
        for each in files:
            each.write_bytes(os.urandom(file_mib * MIB))
        ours = stack.enter_context(_our_pair(folder, files))
        bitswap = {"leither": lambda: file_mib / ours.by_bitswap()}
        if (WEB / "node_modules/helia").exists():
            pair = stack.enter_context(_helia_pair(files))
            bitswap["Helia to Helia, in memory"] = lambda: file_mib / pair()
        http = {"leither": lambda: file_mib / ours.by_http()}
        if kubo():
            between = stack.enter_context(_kubo_pair(folder, files))
            http["Kubo to Kubo, ipfs cat"] = lambda: file_mib / between.by_itself()
            http["Kubo's gateway to leither"] = lambda: file_mib / between.by_http(ours.take_by_http)
        rows = [("Bitswap", bitswap, ">= 1x Helia"), ("HTTP", http, ">= 2x Kubo")]
        made = []
        for name, workers, target in rows:
            samples = in_turns(rounds, **workers)
            work = f"{file_mib} MiB from node to node, {name}"
            made.append(Figure(work, "MiB/s", samples.pop("leither"), samples, target, more_is_better=True))
        return made


class _OurPair:
    def __init__(self, here: Node, there: dict[str, object]) -> None:
        self._here = here
        self._known = Known(str(there["id"]), tuple(there["addresses"]))  # type: ignore[arg-type, call-overload]
        self._url = str(there["url"])
        roots = [Cid.parse(text) for text in there["roots"]]  # type: ignore[attr-defined]
        self._left = {"bitswap": iter(roots), "http": iter(roots)}

    def by_bitswap(self) -> float:
        root = next(self._left["bitswap"])
        assert self._here.fetching is not None
        with self._here.fetching.fetch(root, peers=[self._known]) as fetch:
            start = perf_counter()
            fetch.run()
        taken = perf_counter() - start
        self._forget()
        return taken

    def by_http(self) -> float:
        return self.take_by_http(self._url, next(self._left["http"]))

    def take_by_http(self, url: str, root: Cid) -> float:
        with Fetch(self._here.engines.blocks, root, exchange=None, monotonic_s=time.monotonic) as fetch:
            fetch.add_gateway(HttpGateway(url))
            start = perf_counter()
            fetch.run()
        taken = perf_counter() - start
        self._forget()
        return taken

    def _forget(self) -> None:
        self._here.engines.blocks.sweep(lambda: ())


@contextmanager
def _our_pair(folder: Path, files: list[Path]) -> Iterator[_OurPair]:
    command = [sys.executable, "-m", "benches.exchange", str(folder / "there"), *map(str, files)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            there = json.loads(process.stdout.readline())
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


@contextmanager
def _helia_pair(files: list[Path]) -> Iterator[Callable[[], float]]:
    command = ["node", "--input-type=module", "--eval", HELIA.read_text()]
    with ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, cwd=WEB, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(2)
        ]

        def tell(number: int, **said: object) -> dict[str, object]:
            process = processes[number]
            process.stdin.write(json.dumps(said) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            answer: dict[str, object] = json.loads(process.stdout.readline())  # type: ignore[union-attr]
            if "error" in answer:
                raise RuntimeError(str(answer["error"]))
            return answer

        try:
            addresses = [json.loads(each.stdout.readline())["addresses"] for each in processes]  # type: ignore[union-attr]
            roots = iter([tell(0, command="add", path=str(each))["cid"] for each in files])
            tell(1, command="dial", address=addresses[0][0])
            yield lambda: float(str(tell(1, command="cat", cid=next(roots), timeoutMs=120_000)["seconds"]))
        finally:
            for process in processes:
                process.stdin.close()  # type: ignore[union-attr]


class _KuboPair:
    def __init__(self, homes: list[dict[str, str]], roots: list[str], gateway: str) -> None:
        self._homes = homes
        self._gateway = gateway
        self._left = {"itself": iter(roots), "http": iter(roots)}

    def by_itself(self) -> float:
        start = perf_counter()
        command = [str(kubo()), "cat", next(self._left["itself"])]
        subprocess.run(command, env=self._homes[1], check=True, stdout=subprocess.DEVNULL)
        return perf_counter() - start

    def by_http(self, take: Callable[[str, Cid], float]) -> float:
        return take(self._gateway, Cid.parse(next(self._left["http"])))


@contextmanager
def _kubo_pair(folder: Path, files: list[Path]) -> Iterator[_KuboPair]:
    homes = [kubo_environment(folder / f"kubo-{number}") for number in range(2)]
    with ExitStack() as stack:
        gateways = []
        for home in homes:
            for setting in (["Routing.Type", "none"], ["--json", "Version.SwarmCheckEnabled", "false"]):
                subprocess.run([str(kubo()), "config", *setting], env=home, check=True)
            daemon = stack.enter_context(
                subprocess.Popen([str(kubo()), "daemon"], env=home, stdout=subprocess.PIPE, text=True)
            )
            stack.callback(daemon.terminate)
            assert daemon.stdout is not None
            for line in daemon.stdout:
                if line.startswith("Gateway server listening on /ip4/127.0.0.1/tcp/"):
                    gateways.append(f"http://127.0.0.1:{line.strip().rpartition('/')[2]}")
                if "Daemon is ready" in line:
                    break
        roots = [_kubo(homes[0], "add", "-Q", str(each)) for each in files]
        address = next(each for each in _kubo(homes[0], "id", "-f", "<addrs>").split() if "/ip4/127.0.0.1/tcp/" in each)
        _kubo(homes[1], "swarm", "connect", address)
        yield _KuboPair(homes, roots, gateways[0])


def _kubo(home: dict[str, str], *arguments: str) -> str:
    command = [str(kubo()), *arguments]
    return subprocess.run(command, env=home, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), [Path(each) for each in sys.argv[2:]])
