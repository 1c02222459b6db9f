"""What a node announces, and when it stops."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leither import limits
from leither.crypto import epoch_secret
from leither.mimei.rendezvous import private_rendezvous, rendezvous
from leither.people import Act
from leither.people import right as rights
from leither.ports import PeerEvent, Reach
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.publishing_keys import multihash
from leither.testing.hub import Hub
from leither.wire.denylist import read_denylists
from tests.unit.service.life import made, put
from tests.unit.service.publishing_world import Node, meet

PERIOD_MS = limits.ANNOUNCE_PERIOD_S * 1000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(stepped=True) as hub:
        yield hub


@pytest.fixture
def node(hub: Hub) -> Node:
    """A node with a neighbour that takes what it says."""
    node = Node(hub, "desk")
    meet(node, Node(hub, "neighbour", person="bob"))
    return node


def test_a_release_that_everybody_may_read_is_announced_by_its_id_and_by_its_root(node: Node) -> None:
    mimei = node.released()
    assert node.say() == sorted([multihash(rendezvous(mimei)), node.root_key(mimei)])


def test_what_is_not_for_everybody_is_not_announced(node: Node) -> None:
    node.released(right=0)
    assert node.say() == []


def test_without_a_release_nothing_is_announced_that_nobody_may_read(node: Node) -> None:
    node.made("empty")
    put(node.engines, node.made("unreleased"), "a", b"1")
    assert node.say() == []


def test_versions_that_everybody_may_read_are_found_by_id_although_none_is_released(node: Node) -> None:
    mimei = node.made("open", right=rights.pack(everyone=Act.READ_VERSIONS))
    put(node.engines, mimei, "a", b"1")
    backup(node.engines, mimei)
    assert node.say() == [multihash(rendezvous(mimei))]


def test_of_a_private_mimei_only_a_key_is_announced_that_nobody_else_can_tell(node: Node) -> None:
    mimei = node.made("secret", right=0, private=True)
    put(node.engines, mimei, "a", b"1")
    backup(node.engines, mimei)
    read_key = epoch_secret(node.engines.identity.seed, mimei, 0)
    assert node.say() == [multihash(private_rendezvous(read_key, mimei))]


def test_a_new_release_is_announced_at_once_and_the_old_root_no_more(node: Node) -> None:
    mimei = node.released()
    node.say()
    old = node.root_key(mimei)
    node.released(text=b"newer")
    assert node.say() == [node.root_key(mimei)]
    assert old not in node.say(ms=2 * PERIOD_MS)


def test_everything_is_announced_again_within_its_period(node: Node) -> None:
    mimei = node.released()
    node.say()
    assert node.say(ms=PERIOD_MS) == sorted([multihash(rendezvous(mimei)), node.root_key(mimei)])


@pytest.mark.parametrize("how", ["deleted", "closed"])
def test_what_is_taken_back_is_announced_no_more_from_that_moment(node: Node, how: str) -> None:
    mimei = node.released()
    if how == "deleted":
        Catalog(node.engines).delete(mimei)
    else:
        Catalog(node.engines).change_control(mimei, right=0)
    assert node.say(ms=3 * PERIOD_MS) == []


def test_a_root_that_two_mimei_share_is_announced_while_one_of_them_stands(node: Node) -> None:
    first, second = node.released("one"), node.released("two")
    shared = node.root_key(first)
    Catalog(node.engines).delete(first)
    assert node.say() == sorted([multihash(rendezvous(second)), shared])


def test_a_node_that_starts_again_says_only_what_is_due(node: Node) -> None:
    mimei = node.released()
    node.say()
    node.stop()
    node.start()
    assert node.say() == []
    assert multihash(rendezvous(mimei)) in node.say(ms=PERIOD_MS)


def test_what_was_said_before_and_is_wanted_no_more_is_forgotten_at_the_start(node: Node) -> None:
    mimei = node.released()
    node.say()
    node.stop()
    Catalog(node.engines).delete(mimei)
    node.start()
    assert node.say(ms=3 * PERIOD_MS) == []
    assert node.publishing.announced == 0


def test_alone_a_node_says_nothing_until_somebody_comes(hub: Hub) -> None:
    node, other = Node(hub, "desk"), Node(hub, "neighbour", person="bob")
    mimei = node.released()
    assert node.say(ms=PERIOD_MS) == []
    meet(node, other)
    node.publishing.meet(PeerEvent(other.network.peer_id, came=True))
    assert multihash(rendezvous(mimei)) in node.say()


@pytest.mark.parametrize("restarted", [False, True])
def test_who_reaches_further_says_everything_anew(node: Node, restarted: bool) -> None:
    mimei = node.released()
    node.say()
    if restarted:
        node.stop()
    node.network.reach = Reach.PUBLIC
    if restarted:
        node.start()
    assert node.say() == sorted([multihash(rendezvous(mimei)), node.root_key(mimei)])
    assert node.say() == []


def test_the_root_of_what_is_denied_is_not_announced(node: Node) -> None:
    mimei = node.released()
    node.engines.denied = read_denylists([("a.deny", f"/ipfs/{node.root(mimei).text}".encode())])
    assert node.say() == [multihash(rendezvous(mimei))]


def test_a_change_of_the_working_copy_alone_announces_nothing(node: Node) -> None:
    mimei = node.released()
    node.say()
    put(node.engines, mimei, "index.html", b"draft")
    made(node.engines, mark="other")
    assert node.say() == []
