"""How soon a change of a working copy is seen on another node that follows it live, over libp2p on loopback."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from pathlib import Path
from time import perf_counter

from benches.figure import Figure
from leither.config import load as load_settings
from leither.crypto import MimeiId
from leither.db import execute
from leither.mimei.path import parse_path
from leither.node import Node
from leither.people import OWNER, Act
from leither.people.right import pack
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.follow_rows import FollowRow
from leither.service.holding import MimeiNotFound
from leither.service.tree import NothingAtPath, open_tree
from leither.service.uploads import Upload

_WAIT_S = 30


class Pair:
    """Two nodes, of which the second follows what the first has."""

    def __init__(self, open_: ExitStack, folder: Path) -> None:
        self.first, self.second = (open_.enter_context(_node(folder / name)) for name in ("first", "second"))
        self._heard = threading.Condition()
        open_.enter_context(self.second.engines.events.watching(self._hear))

    def follow(self, kind: str) -> MimeiId:
        """Make a MiMei on the first node that the second follows live."""
        right = pack(everyone=Act.READ_CUR | Act.READ_VERSIONS)
        mimei = Catalog(self.first.engines).create(kind=kind, mark=kind, right=right)[0].id
        peer = self.second.networking.add(self.first.networking.facts().addresses[0])
        assert self.second.services is not None
        self.second.services.following.follow(mimei, FollowRow((peer,), live=True))
        return mimei

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what an event of the second node brings about."""
        with self._heard:
            if not self._heard.wait_for(holds, _WAIT_S):
                raise RuntimeError("the change did not come")

    def _hear(self, _: object) -> None:
        with self._heard:
            self._heard.notify_all()


def figures(*, changes: int = 30) -> Iterator[Figure]:
    """Measure. Takes a few seconds."""
    with ExitStack() as open_, tempfile.TemporaryDirectory() as folder:
        pair = Pair(open_, Path(folder))
        for what, kind, change, sees in (
            ("a file written", "fs", _put, _has),
            ("a SET", "db", _set, _reads),
        ):
            mimei = pair.follow(kind)
            taken = []
            for number in range(changes + 1):
                start = perf_counter()
                change(pair.first, mimei, number)
                pair.until(lambda: sees(pair.second, mimei, number))  # noqa: B023 - called at once
                taken.append((perf_counter() - start) * 1000)
            yield Figure(f"{what}, and seen on a node that follows live", "ms", taken[1:], target="<= 300")


def _node(home: Path) -> AbstractContextManager[Node]:
    return Node.open(load_settings({"home": home, "port": 0, "redis_port": 0, "network_port": 0}, environ={}))


def _put(node: Node, mimei: MimeiId, number: int) -> None:
    with Upload(node.engines, mimei, parse_path(f"folder/{number}")) as upload:
        upload.write(b"%d" % number * 100)
        upload.finish()


def _has(node: Node, mimei: MimeiId, number: int) -> bool:
    with suppress(MimeiNotFound, NothingAtPath), open_tree(node.engines, mimei, "cur", OWNER) as tree:
        return not tree.entry(parse_path(f"folder/{number}")).is_directory
    return False


def _set(node: Node, mimei: MimeiId, number: int) -> None:
    Database.open(node.engines, mimei).write(lambda space: execute(space, [b"SET", b"key", b"%d" % number])).result()


def _reads(node: Node, mimei: MimeiId, number: int) -> bool:
    with suppress(MimeiNotFound), Database.open(node.engines, mimei).reading() as space:
        return execute(space, [b"GET", b"key"]) == b"%d" % number
    return False
