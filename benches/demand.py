"""Files on demand: a part and all of a large file, from another node over loopback."""

import random
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benches.figure import Figure
from benches.finding import Author, connect, serve, settings
from leither.codec import Cid
from leither.node import Node
from leither.people import OWNER
from leither.service.tree import open_tree, read_bytes
from leither.service.uploads import TreeUpload

FILE_BYTES = 64 << 20
PART = (FILE_BYTES // 2 + 1000, FILE_BYTES // 2 + 5096)


def figures(*, rounds: int = 5) -> list[Figure]:
    """Return the figures."""
    part: list[float] = []
    whole: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="leither-bench-") as name,
        Author.started([sys.executable, "-m", "benches.demand", f"{name}/author"]) as author,
        Node.open(settings(Path(name) / "reader")) as reader,
    ):
        connect(reader, author.address)
        for _ in range(rounds):
            cid = _opened(reader, author)
            part.append(1000 * _taken(reader, cid, *PART))
            whole.append(FILE_BYTES / _taken(reader, cid, 0, FILE_BYTES) / (1 << 20))
    return [
        Figure("4 KiB in the middle of 64 MiB that are elsewhere", "ms", part),
        Figure("64 MiB that are elsewhere, from front to end", "MiB/s", whole, more_is_better=True),
    ]


def _opened(reader: Node, author: Author) -> Cid:
    """Return the root of a file that was released a moment ago, and of which the reader has all but its bytes."""
    mimei = author.release()
    assert reader.services is not None
    reader.services.resolving.fetch(mimei, OWNER, again=True)
    with open_tree(reader.engines, mimei, "release", OWNER) as tree:
        cid = tree.follow(("large",)).entry.cid
    assert cid is not None
    return cid


def _taken(reader: Node, cid: Cid, start: int, stop: int) -> float:
    """Return how many seconds it takes to read a part of a file."""
    begun = perf_counter()
    size_bytes = sum(map(len, read_bytes(reader.engines, cid, start, stop)))
    taken = perf_counter() - begun
    assert size_bytes == stop - start
    return taken


def _large(name: str, tree: TreeUpload) -> None:
    """Put a large file of bytes that follow from the name."""
    file = tree.file(("large",))
    file.write(random.Random(name).randbytes(FILE_BYTES))
    file.finish()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), _large)
