"""From the release on one node to the file on another that knows nothing but the id, over loopback."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Self

from benches.figure import Figure, in_turns
from leither.config import Settings, load
from leither.crypto import MimeiId, parse_id
from leither.node import Node
from leither.people import OWNER
from leither.people.right import parse as parse_right
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.resolving import NotOnNetwork
from leither.service.tree import open_tree, read_bytes
from leither.service.uploads import TreeUpload
from leither.testing.suites.network import until

FILES, FILE_BYTES = 20, 5000


def figures(*, rounds: int = 9) -> list[Figure]:
    """Return the figures."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        author = stack.enter_context(Author.started([sys.executable, "-m", "benches.finding", str(folder / "author")]))
        third, near, far = (stack.enter_context(Node.open(settings(folder / each))) for each in ("3rd", "near", "far"))
        connect(third, author.address)
        connect(near, author.address)
        connect(far, third.networking.facts().addresses[0])
        made = []
        for work, node in (("by a neighbour", near), ("through a third node, by the DHT", far)):
            samples = in_turns(rounds, leither=lambda node=node: author.read_by(node))  # type: ignore[misc]
            made.append(Figure(f"released, then read {work}", "ms", samples["leither"], {}, "<= 1,000 ms"))
        return made


class Author:
    """A node in another process that releases when told."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.address = str(json.loads(self._line())["address"])
        self._released = 0

    @classmethod
    @contextmanager
    def started(cls, command: list[str]) -> Iterator[Self]:
        """Give the node that a command starts, until the context ends."""
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            try:
                yield cls(process)
            finally:
                process.stdin.close()

    @staticmethod
    def greeting(node: Node) -> str:
        """Return what the node says first, in its process."""
        return json.dumps({"address": node.networking.facts().addresses[0]})

    def release(self) -> MimeiId:
        """Have the node release something new; return its id."""
        assert self._process.stdin is not None
        self._released += 1
        self._process.stdin.write(f"{self._released}\n")
        self._process.stdin.flush()
        return MimeiId(parse_id(self._line().strip()))

    def read_by(self, node: Node) -> float:
        """Release a site of some files, and return how long it takes another node to read one of them, in ms."""
        mimei = self.release()
        start = perf_counter()
        assert node.services is not None
        while True:
            try:
                node.services.resolving.fetch(mimei, OWNER, again=True)
                break
            except NotOnNetwork:
                continue  # the author has not said yet that it is there
        with open_tree(node.engines, mimei, "release", OWNER) as tree:
            entry = tree.follow(("7.txt",)).entry
        assert entry.cid is not None
        data = b"".join(read_bytes(node.engines, entry.cid))
        taken = perf_counter() - start
        assert len(data) == FILE_BYTES
        return 1000 * taken

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def settings(home: Path) -> Settings:
    """Return the settings of a node that takes any ports that are free."""
    return load({"home": home, "port": 0, "redis_port": 0, "network_port": 0}, environ={})


def connect(node: Node, address: str) -> None:
    """Connect a node with the one at an address."""
    peer = node.networking.add(address)
    until(lambda: any(each.id == peer and each.protocols for each in node.networking.facts().peers), what="a peer")


def serve(home: Path, fill: Callable[[str, TreeUpload], object]) -> None:
    """Release what `fill` puts into a folder for each line that comes, and say its id."""
    with Node.open(settings(home)) as node:
        print(Author.greeting(node), flush=True)
        for line in sys.stdin:
            right = parse_right("everyone=read-release")
            mimei, _ = Catalog(node.engines).create(kind="fs", app="bench", mark=line.strip(), right=right)
            with TreeUpload(node.engines, mimei.id) as tree:
                fill(line.strip(), tree)
                tree.finish()
            backup(node.engines, mimei.id)
            release(node.engines, mimei.id)
            print(mimei.genesis.id_text, flush=True)


def _site(name: str, tree: TreeUpload) -> None:
    for number in range(FILES):
        file = tree.file((f"{number}.txt",))
        file.write(f"{name} {number} ".encode().ljust(FILE_BYTES, b"."))
        file.finish()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), _site)
