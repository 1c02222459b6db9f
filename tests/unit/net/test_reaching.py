"""Which addresses are dialled and told, by how far the network is switched on."""

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.net.reaching import is_dialled, may_dial, plainest, told_addresses, worth_telling
from leither.ports import Reach

LOOPBACK = "/ip4/127.0.0.1/tcp/1"
PRIVATE = "/ip4/192.168.1.2/tcp/1"
SHARED = "/ip4/100.64.0.1/tcp/1"
LINK = "/ip6/fe80::1/tcp/1"
UNIQUE = "/ip6/fd00::1/tcp/1"
GLOBAL = "/ip4/8.8.8.8/tcp/1"
NAME = "/dns4/example.org/tcp/1"


def addresses(*texts: str) -> list[Multiaddr]:
    return [Multiaddr.parse(text) for text in texts]


@pytest.mark.parametrize(
    ("reach", "dialled"),
    [
        (Reach.OFF, {LOOPBACK}),
        (Reach.LAN, {LOOPBACK, PRIVATE, SHARED, LINK, UNIQUE}),
        (Reach.PEERS, {LOOPBACK, PRIVATE, SHARED, LINK, UNIQUE, GLOBAL, NAME}),
        (Reach.PUBLIC, {LOOPBACK, PRIVATE, SHARED, LINK, UNIQUE, GLOBAL, NAME}),
    ],
)
def test_each_reach_dials_so_far_and_no_further(reach: Reach, dialled: set[str]) -> None:
    everything = addresses(LOOPBACK, PRIVATE, SHARED, LINK, UNIQUE, GLOBAL, NAME)
    assert {str(each) for each in everything if may_dial(each, reach)} == dialled


@pytest.mark.parametrize("text", ["/ip4/0.0.0.0/tcp/1", "/ip4/224.0.0.1/tcp/1", "/ip6/::/tcp/1"])
def test_what_is_nobodys_address_is_never_dialled(text: str) -> None:
    assert not any(may_dial(Multiaddr.parse(text), reach) for reach in Reach)


@pytest.mark.parametrize(
    ("text", "dialled"),
    [
        (LOOPBACK, True),
        (f"{LOOPBACK}/ws", True),
        ("/ip4/127.0.0.1/udp/1/quic-v1", False),
        ("/ip4/127.0.0.1/tcp/1/tls/ws", True),
        ("/ip4/127.0.0.1/tcp/1/tls/sni/example.org/ws", True),
        ("/ip4/127.0.0.1/tcp/1/wss", True),
        ("/ip4/127.0.0.1/tcp/1/tls", False),
        ("/dns4/example.org/tcp/1", True),
    ],
)
def test_transports_that_are_not_spoken_are_not_dialled(text: str, dialled: bool) -> None:
    assert is_dialled(Multiaddr.parse(text)) is dialled


def test_a_websocket_is_dialled_only_where_nothing_plainer_is_known() -> None:
    found = plainest(addresses(LOOPBACK, f"{LOOPBACK}/ws", f"{PRIVATE}/ws", LOOPBACK))
    assert [str(each) for each in found] == [LOOPBACK, f"{PRIVATE}/ws"]


def test_what_is_listened_on_everywhere_is_told_by_the_machines_addresses() -> None:
    listening = addresses("/ip4/0.0.0.0/tcp/4801", "/ip6/::/tcp/4801")
    machine = ("127.0.0.1", "192.168.1.2", "8.8.8.8", "::1")
    found = [str(each) for each in told_addresses(listening, lambda: machine, Reach.LAN) if each.parts[-1][0] == "tcp"]
    assert found == ["/ip4/127.0.0.1/tcp/4801", "/ip4/192.168.1.2/tcp/4801", "/ip6/::1/tcp/4801"]


def test_loopback_is_told_to_none_but_this_machine() -> None:
    own = addresses(LOOPBACK, PRIVATE)
    assert worth_telling(own, Multiaddr.parse(PRIVATE)) == addresses(PRIVATE)
    assert worth_telling(own, Multiaddr.parse(LOOPBACK)) == own
