"""Names and providers for other implementations: Helia follows a name to what a node released, through a third node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from leither.codec import RAW, Cid
from leither.crypto import MimeiId, name_key
from leither.node import Node
from leither.ports.network_errors import ValueNotFound
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.publishing_keys import multihash, released_root
from leither.testing.suites.network import until
from leither.wire.ipns import ipns_key, ipns_name
from tests.conformance.ipfs_peers import Helia, NotGiven, helia
from tests.unit.node.folder import settings
from tests.unit.service.life import held, put
from tests.unit.service.publishing_world import PUBLIC

NAMES = Path(__file__).with_name("helia_names.mjs")


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """A node that publishes, and a third one that knows it."""
    with ExitStack() as stack:
        author, third = (
            stack.enter_context(Node.open(settings(tmp_path / name, network_port=0))) for name in ("author", "third")
        )
        third.networking.add(author.networking.facts().addresses[0])
        until(lambda: any(peer.protocols for peer in third.networking.facts().peers), what="a connection")
        yield author, third


def published(node: Node, text: bytes) -> MimeiId:
    mimei = Catalog(node.engines).create(kind="fs", mark="site", right=PUBLIC)[0].id
    put(node.engines, mimei, "folder/page.txt", text)
    backup(node.engines, mimei)
    history.release(node.engines, mimei)
    return mimei


def root_of(node: Node, mimei: MimeiId) -> str:
    root = released_root(held(node.engines, mimei))
    assert root is not None
    return root.text


def is_said(author: Node, third: Node, mimei: MimeiId) -> bool:
    """Whether the third node can tell both the name and who holds the release."""
    network = third.networking.network
    assert network is not None
    key = ipns_key(name_key(author.engines.identity.seed, mimei).public)
    root = released_root(held(author.engines, mimei))
    assert root is not None
    try:
        says = root.text.encode() in network.get_value(key, timeout_s=2)
    except ValueNotFound:
        return False
    providers = network.find_providers(multihash(root), timeout_s=2)
    return says and author.networking.facts().id in [each.id for each in providers]


def resolved(other: Helia, name: str) -> str | None:
    """What Helia resolves a name to, None while it finds nothing: it goes on meeting a peer after it was dialled."""
    try:
        return other.name(name)
    except NotGiven:
        return None


def opened(other: Helia, author: Node, third: Node, text: str) -> str:
    """Release a text, and return what Helia reads of it by the name alone."""
    mimei = published(author, text.encode())
    until(lambda: is_said(author, third, mimei), what="the announcements")
    other.dial(third.networking.facts().addresses[0])
    name = ipns_name(name_key(author.engines.identity.seed, mimei).public)
    until(lambda: resolved(other, name) is not None, what="a DHT that knows the third node")
    value = resolved(other, name)
    assert value == f"/ipfs/{root_of(author, mimei)}"
    return other.read(value.removeprefix("/ipfs/"), "folder/page.txt")


def test_helia_opens_what_a_node_released_and_then_released_anew_by_its_name_alone(nodes: tuple[Node, Node]) -> None:
    with helia(NAMES) as other:
        assert opened(other, *nodes, "first words") == "first words"
        assert opened(other, *nodes, "other words") == "other words"


def test_what_helia_provides_is_found_through_a_third_node(nodes: tuple[Node, Node]) -> None:
    author, third = nodes
    thing = Cid.of(RAW, b"what helia has")
    with helia(NAMES) as other:
        other.dial(third.networking.facts().addresses[0])
        until(lambda: other.known.id in providers(author, other, thing), what="a DHT that knows the third node")


def providers(author: Node, other: Helia, cid: Cid) -> list[str]:
    """Let Helia tell that it has something, as far as it knows whom to tell; return who is found by it."""
    network = author.networking.network
    assert network is not None
    try:
        other.provide(cid.text)
    except NotGiven:
        return []
    return [each.id for each in network.find_providers(multihash(cid), timeout_s=2)]
