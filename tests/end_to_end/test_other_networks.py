"""Two nodes behind routers find each other through a third, and go on without it where the routers allow it."""

from leither.testing.suites.network import until
from tests.end_to_end.networks import RELAY, Networks, Peer, behind_routers, in_one_network


def joined(networks: Networks) -> tuple[Peer, Peer]:
    """Return the two nodes behind routers, the left one connected with the right one through the relay."""
    relay, left, right = (networks.peer(name) for name in ("relay", "left", "right"))
    for peer in (left, right):
        peer.ask("keep", f"/ip4/{RELAY}/tcp/4801/p2p/{relay.id}")
    until(lambda: any("p2p-circuit" in str(each) for each in addresses(right)), what="an address through the relay")
    relayed = next(each for each in addresses(right) if "p2p-circuit" in each)
    assert left.ask("connect", relayed) == right.id
    return left, right


def addresses(peer: Peer) -> list[str]:
    found = peer.ask("addresses")
    assert isinstance(found, list)
    return [str(each) for each in found]


def how(peer: Peer, other: Peer) -> object:
    found = peer.ask("peers")
    assert isinstance(found, dict)
    return found.get(other.id)


def test_two_nodes_behind_routers_come_to_a_direct_connection() -> None:
    with behind_routers(scattering=False) as networks:
        left, right = joined(networks)
        until(lambda: how(left, right) == how(right, left) == "direct", what="a direct connection")
        assert left.ask("open", right.id) == "hello there"
        assert right.ask("open", left.id) == "hello there"


def test_where_the_routers_scatter_ports_the_connection_stays_relayed_and_works() -> None:
    with behind_routers(scattering=True) as networks:
        left, right = joined(networks)
        until(lambda: how(left, right) == how(right, left) == "relayed", what="a relayed connection")
        assert left.ask("open", right.id) == "hello there"
        assert right.ask("open", left.id) == "hello there"


def test_neighbours_find_each_other_by_themselves() -> None:
    with in_one_network() as networks:
        one, other = networks.peer("one", "lan"), networks.peer("other", "lan")
        until(lambda: how(one, other) == how(other, one) == "direct", what="finding the neighbour")
        assert one.ask("open", other.id) == "hello there"


def test_who_is_not_switched_on_for_the_lan_is_neither_found_nor_let_in() -> None:
    with in_one_network() as networks:
        one, other = networks.peer("one", "lan"), networks.peer("other", "off")
        answer = one.ask("connect", f"/ip4/192.168.50.2/tcp/4801/p2p/{other.id}")
        assert isinstance(answer, dict)
        assert answer["error"] == "peer-unreachable"
        assert how(one, other) is None
