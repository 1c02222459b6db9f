"""What a node released, for other implementations: read and kept by its root alone, whoever of both dialled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leither.codec import Cid
from leither.codec.links import links
from leither.crypto import MimeiId
from leither.db import execute
from leither.mimei.version import Version
from leither.node import Node
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.publishing_keys import released_root
from tests.conformance.ipfs_peers import IpfsPeer, NotGiven, helia, kubo
from tests.unit.node.folder import settings
from tests.unit.service.life import held, put
from tests.unit.service.publishing_world import PUBLIC

pytestmark = pytest.mark.network

FILES = {"index.html": b"<h1>Home</h1>", "notes/one.txt": b"first", "notes/two.txt": b"second" * 200_000}


@pytest.fixture(params=["helia", "kubo"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IpfsPeer]:
    with helia() if request.param == "helia" else kubo(tmp_path / "kubo") as running:
        yield running


@pytest.fixture
def author(tmp_path: Path) -> Iterator[Node]:
    with Node.open(settings(tmp_path / "author", network_port=0)) as node:
        yield node


def release(node: Node, mimei: MimeiId) -> Cid:
    backup(node.engines, mimei)
    history.release(node.engines, mimei)
    root = released_root(held(node.engines, mimei))
    assert root is not None
    return root


def connect(node: Node, peer: IpfsPeer, *, we_dial: bool) -> None:
    if we_dial:
        assert node.networking.network is not None
        node.networking.network.connect(peer.known)
    else:
        peer.dial(node.networking.facts().addresses[0])


def below(node: Node, root: Cid) -> set[str]:
    """The CIDs of a root and of all that it links to."""
    found, waiting = set(), [root]
    while waiting:
        cid = waiting.pop()
        if cid.text not in found:
            found.add(cid.text)
            waiting += links(cid, node.engines.blocks.get(cid))
    return found


DIALLERS = pytest.mark.parametrize("we_dial", [True, False], ids=["we dial", "they dial"])


@DIALLERS
def test_a_released_tree_is_listed_and_read_by_its_root(author: Node, peer: IpfsPeer, *, we_dial: bool) -> None:
    mimei = Catalog(author.engines).create(kind="fs", mark="site", right=PUBLIC)[0].id
    for path, data in FILES.items():
        put(author.engines, mimei, path, data)
    root = release(author, mimei).text
    connect(author, peer, we_dial=we_dial)
    assert peer.list(root) == {"index.html", "notes"}
    assert peer.list(root, "notes") == {"one.txt", "two.txt"}
    assert {path: peer.read(root, path).encode() for path in FILES} == FILES


@DIALLERS
def test_a_released_database_is_pinned_whole_by_its_root(author: Node, peer: IpfsPeer, *, we_dial: bool) -> None:
    mimei = Catalog(author.engines).create(kind="db", mark="data", right=PUBLIC)[0].id
    words = [word for number in range(3000) for word in (b"key %d" % number, b"value %d" % number)]
    Database.open(author.engines, mimei).write(lambda space: execute(space, [b"MSET", *words])).result()
    root = release(author, mimei)
    whole = below(author, root)
    assert len(whole) > 10
    connect(author, peer, we_dial=we_dial)
    assert peer.pin(root.text) == whole


def test_what_is_not_released_is_not_pinned(author: Node, peer: IpfsPeer) -> None:
    mimei = Catalog(author.engines).create(kind="db", mark="data", right=PUBLIC)[0].id
    Database.open(author.engines, mimei).write(lambda space: execute(space, [b"SET", b"a", b"1"])).result()
    root = release(author, mimei)
    Database.open(author.engines, mimei).write(lambda space: execute(space, [b"SET", b"a", b"2"])).result()
    backup(author.engines, mimei)
    last = held(author.engines, mimei).base
    assert last is not None
    later = author.engines.record(Version, last).content
    assert later != root
    connect(author, peer, we_dial=True)
    peer.pin(root.text)
    with pytest.raises(NotGiven):
        peer.cat(later.text, timeout_s=2)
