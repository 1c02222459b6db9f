"""Two nodes that exchange blocks on loopback: what is public is given, by Bitswap and by HTTP, and nothing else."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.version import Version
from leither.net.http_gateway import HttpGateway
from leither.node import Node
from leither.node.serving import serving_in_thread
from leither.people import right as rights
from leither.ports import Known
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.fetch import BlocksNotFound, Fetch
from leither.service.history import release
from leither.service.uploads import TreeUpload
from tests.unit.node.folder import settings

PUBLIC = rights.parse("everyone=read-release")
FILES = {("page.html",): b"<h1>Here</h1>", ("deep", "large"): random.Random(1).randbytes(3_000_000)}


@contextmanager
def serving(home: Path) -> Iterator[Node]:
    with Node.open(settings(home, network_port=0)) as node:
        yield node


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    with ExitStack() as stack:
        first, second = (stack.enter_context(serving(tmp_path / name)) for name in ("first", "second"))
        yield first, second


def publish(node: Node, right: int) -> tuple[MimeiId, Cid]:
    """A released tree of FILES; its id and content root."""
    mimei, _ = Catalog(node.engines).create(kind="fs", app="test", mark="exchange", right=right)
    with TreeUpload(node.engines, mimei.id) as tree:
        for path, data in FILES.items():
            file = tree.file(path)
            file.write(data)
            file.finish()
        tree.finish()
    version = backup(node.engines, mimei.id).cid
    assert version is not None
    release(node.engines, mimei.id, version)
    return mimei.id, node.engines.record(Version, version).content


def known(node: Node) -> Known:
    facts = node.networking.facts()
    return Known(facts.id, tuple(facts.addresses))


def fetch(node: Node, root: Cid, other: Node) -> None:
    assert node.services is not None
    with node.services.fetching.fetch(root, peers=[known(other)]) as fetching:
        fetching.run()


def test_what_is_public_is_given_to_strangers(two: tuple[Node, Node]) -> None:
    first, second = two
    _, root = publish(first, PUBLIC)
    fetch(second, root, first)
    assert second.engines.blocks.get(root) == first.engines.blocks.get(root)


def test_what_is_not_public_is_not_given_and_what_no_longer_is_is_given_no_more(two: tuple[Node, Node]) -> None:
    first, second = two
    mimei, root = publish(first, 0)
    with pytest.raises(BlocksNotFound):
        fetch(second, root, first)
    assert not second.engines.blocks.has(root)
    Catalog(first.engines).change_control(mimei, right=PUBLIC)
    Catalog(first.engines).change_control(mimei, right=0)
    with pytest.raises(BlocksNotFound):
        fetch(second, root, first)
    Catalog(first.engines).change_control(mimei, right=PUBLIC)
    fetch(second, root, first)
    assert second.engines.blocks.has(root)


@pytest.mark.parametrize("streams", [False, True], ids=["block by block", "in one answer"])
def test_what_is_public_is_fetched_from_the_gateway_of_a_node(two: tuple[Node, Node], *, streams: bool) -> None:
    first, second = two
    _, root = publish(first, PUBLIC)
    with (
        serving_in_thread(first.app(), first.sockets),
        Fetch(second.engines.blocks, root, exchange=None, monotonic_s=time.monotonic) as fetching,
    ):
        fetching.add_gateway(HttpGateway(f"http://127.0.0.1:{first.port}"), streams=streams)
        progress = fetching.run()
    assert (progress.size_bytes, progress.found_bytes) == (progress.total_bytes, 0)
    assert second.engines.blocks.get(root) == first.engines.blocks.get(root)
