"""Messages of the DHT, and the table of who is near."""

import random

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.crypto import peer_id_of
from leither.crypto.peer_id import PeerId
from leither.limits import KAD_PEERS_MAX
from leither.wire.kad_message import Contact, KadMessage, Kind, Value, parse_kad
from leither.wire.protobuf import BadProtobuf, bytes_field, number_field
from leither.wire.routing_table import BUCKET_PEERS, RoutingTable, nearest, place, place_of

ADDRESS = Multiaddr.parse("/ip4/127.0.0.1/tcp/4001")


def peers(count: int) -> list[PeerId]:
    return [peer_id_of(number.to_bytes(32, "big")) for number in range(count)]


@pytest.mark.parametrize(
    "message",
    [
        KadMessage(Kind.PING),
        KadMessage(Kind.FIND_NODE, b"key", closer=(Contact(peers(1)[0], (ADDRESS,)),)),
        KadMessage(Kind.PUT_VALUE, b"key", Value(b"key", b"value")),
        KadMessage(Kind.GET_PROVIDERS, b"key", providers=(Contact(peers(1)[0], ()), Contact(peers(2)[1], (ADDRESS,)))),
    ],
)
def test_a_message_is_the_same_after_it_travelled(message: KadMessage) -> None:
    assert parse_kad(message.encode()) == message


def test_peers_over_the_limit_and_those_without_an_id_are_left_out() -> None:
    many = KadMessage(Kind.FIND_NODE, b"key", closer=tuple(Contact(peer, ()) for peer in peers(KAD_PEERS_MAX + 5)))
    nobody = bytes_field(8, bytes_field(1, b"nobody"))
    assert len(parse_kad(nobody + many.encode()).closer) == KAD_PEERS_MAX


@pytest.mark.parametrize("data", [b"\x08\x09", b"\xff", b"\x12\x05a", number_field(1, 1 << 40)])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(BadProtobuf):
        parse_kad(data)


def test_the_nearest_peers_are_found_in_their_order() -> None:
    own, *others = peers(40)
    table = RoutingTable(own)
    held = [peer for peer in others if table.add(peer)]
    target = place(b"somewhere")
    assert table.nearest(target, 5) == nearest(target, held, 5)
    distances = [place_of(peer) ^ target for peer in table.nearest(target)]
    assert distances == sorted(distances)


def test_far_buckets_are_full_where_near_ones_have_room() -> None:
    own, *others = peers(2000)
    table = RoutingTable(own)
    for peer in others:
        table.add(peer)
    assert len(table) < 300
    near = nearest(place_of(own), others, BUCKET_PEERS // 2)
    assert all(peer in table for peer in near)


def test_who_was_there_first_stays_in_a_full_bucket() -> None:
    own, *others = peers(500)
    table = RoutingTable(own)
    first = {peer for peer in others[:250] if table.add(peer)}
    for peer in others[250:]:
        table.add(peer)
    assert all(peer in table for peer in first)


def test_a_peer_that_is_removed_is_no_longer_found() -> None:
    own, other = peers(2)
    table = RoutingTable(own)
    assert not table.add(own)
    assert table.add(other)
    table.remove(other)
    assert other not in table
    assert table.nearest(random.Random(1).getrandbits(256)) == []
