"""A node among others, on loopback: what it listens on, whom it stays connected with, and what is kept of that."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.config import load
from leither.node import Node
from leither.node.listening import PortTaken
from leither.node.machine import Machine
from leither.node.networking import PeerNotChosen
from leither.ports import Reach
from leither.ports.network_errors import BadAddress
from leither.testing.suites.network import until
from tests.unit.node.folder import settings

ALONE = Machine("alone", lambda: ["127.0.0.1"])
"""A machine in no network, so that no neighbour is looked for."""


@contextmanager
def serving(home: Path, **options: object) -> Iterator[Node]:
    with Node.open(settings(home, **{"network_port": 0, **options}), machine=ALONE) as node:
        yield node


@contextmanager
def two(folder: Path) -> Iterator[tuple[Node, Node]]:
    with ExitStack() as stack:
        first, second = (stack.enter_context(serving(folder / name)) for name in ("first", "second"))
        yield first, second


def connected(node: Node) -> list[str]:
    return [peer.id for peer in node.networking.facts().peers if peer.agent]


def address(node: Node) -> str:
    return node.networking.facts().addresses[0]


def test_a_new_node_is_reached_on_loopback_alone(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        facts = node.networking.facts()
    assert (facts.reach, facts.running, list(facts.peers)) == (Reach.OFF, True, [])
    assert facts.addresses
    for text in facts.addresses:
        ip = Multiaddr.parse(text).ip
        assert ip is not None
        assert ip.is_loopback


def test_a_node_that_is_off_loads_nothing_of_the_network_until_somebody_comes(tmp_path: Path) -> None:
    """In a process of its own: what this one has loaded stays."""
    program = """
import sys
from pathlib import Path

from leither.node import Node
from tests.unit.node.folder import settings

with Node.open(settings(Path(sys.argv[1]), network_port=0)) as node:
    facts = node.networking.facts()
    loaded = {"leither.net.host", "leither.wire.noise", "cryptography", "psutil", "websockets"} & sys.modules.keys()
    print(len(facts.addresses), *sorted(loaded))
"""
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_node_that_is_off_lets_in_whoever_comes_on_loopback(tmp_path: Path) -> None:
    with two(tmp_path) as (first, second):
        peer = second.networking.add(address(first))
        until(lambda: connected(second) == [peer], what="a connection")
        until(lambda: connected(first) == [second.networking.facts().id], what="the same from the other side")


def test_a_node_is_the_same_peer_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        first = node.networking.facts().id
    with serving(tmp_path) as node:
        assert node.networking.facts().id == first


def test_a_chosen_peer_is_connected_and_again_after_a_restart(tmp_path: Path) -> None:
    with two(tmp_path) as (first, second):
        peer = second.networking.add(address(first))
        until(lambda: connected(second) == [peer] and first.networking.facts().peers != [], what="a connection")
        port = Multiaddr.parse(address(first)).value("tcp")
    with serving(tmp_path / "second") as second, serving(tmp_path / "first", network_port=port) as first:
        assert [each.id for each in second.networking.facts().kept] == [peer]
        until(lambda: connected(second) == [peer], what="a connection")


def test_a_peer_may_be_chosen_and_forgotten_while_the_node_does_not_serve(tmp_path: Path) -> None:
    with serving(tmp_path / "other") as other:
        given = address(other)
    with Node.open(settings(tmp_path / "home"), listening=False) as node:
        peer = node.networking.add(given)
        assert [each.id for each in node.networking.facts().kept] == [peer]
        node.networking.remove(peer)
        assert list(node.networking.facts().kept) == []
        with pytest.raises(PeerNotChosen):
            node.networking.remove(peer)


def test_a_forgotten_peer_is_not_connected_any_more(tmp_path: Path) -> None:
    with two(tmp_path) as (first, second):
        peer = second.networking.add(address(first))
        until(lambda: connected(second) == [peer], what="a connection")
        second.networking.remove(peer)
        until(lambda: not second.networking.facts().peers, what="the end of a connection")
        assert list(second.networking.facts().kept) == []


def test_an_address_that_names_nobody_is_refused(tmp_path: Path) -> None:
    with Node.open(settings(tmp_path), listening=False) as node:
        for given in ("", "nonsense", "/ip4/127.0.0.1/tcp/4801"):
            with pytest.raises(BadAddress):
                node.networking.add(given)


def test_the_reach_is_switched_at_once_and_kept(tmp_path: Path) -> None:
    with serving(tmp_path) as node:
        node.networking.switch(Reach.PEERS)
        assert node.networking.facts().reach is Reach.PEERS
        assert load({"home": tmp_path}, environ={}).network == "peers"
        node.networking.switch(Reach.OFF)
        assert all("/127.0.0.1/" in each for each in node.networking.facts().addresses)


def test_while_it_is_off_another_port_does(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(tmp_path, network_port=port) as node:
            assert Multiaddr.parse(address(node)).value("tcp") != str(port)


def test_once_it_is_on_a_taken_port_is_refused_and_the_node_stays_off(tmp_path: Path) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = taken.getsockname()[1]
        with serving(tmp_path, network_port=port) as node:
            with pytest.raises(PortTaken):
                node.networking.switch(Reach.PEERS)
            assert node.networking.facts().reach is Reach.OFF
            assert load({"home": tmp_path}, environ={}).network == "off"
