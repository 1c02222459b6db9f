"""What peers say of themselves and of others in the DHT reads back, cut at its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.codec import varint
from leither.codec.multiaddr import Multiaddr
from leither.crypto import PeerId
from leither.crypto.host_key import ECDSA, ED25519, RSA, HostKey
from leither.limits import IDENTIFY_PROTOCOLS_MAX, KAD_PEERS_MAX, PEER_ADDRESSES_MAX
from leither.wire.identify import Identity, parse_identity
from leither.wire.kad_message import Contact, KadMessage, Kind, Value, parse_kad
from leither.wire.peer_key import PeerKey, ed25519_key, key_in, parse_peer_key
from leither.wire.protobuf import BadProtobuf, bytes_field
from leither.wire.routing_table import BUCKET_PEERS, RoutingTable, nearest, place, place_of

PEERS = [HostKey(number.to_bytes(32, "big")).peer_id for number in range(1, 201)]
ADDRESS = Multiaddr.parse("/ip4/127.0.0.1/tcp/4001")

addresses = st.lists(
    st.sampled_from(
        [
            ADDRESS,
            Multiaddr.parse("/ip6/::1/tcp/1/ws"),
            Multiaddr.parse("/dns4/localhost/tcp/443/tls/ws"),
            Multiaddr.parse(f"/ip4/10.0.0.1/tcp/9/p2p/{PEERS[0]}/p2p-circuit/p2p/{PEERS[1]}"),
        ]
    ),
    max_size=4,
).map(tuple)
contacts = st.lists(st.builds(Contact, st.sampled_from(PEERS), addresses), max_size=5).map(tuple)
messages = st.builds(
    KadMessage,
    st.sampled_from(Kind),
    st.binary(max_size=40),
    st.none() | st.builds(Value, st.binary(max_size=20), st.binary(max_size=20)),
    contacts,
    contacts,
)


@given(messages)
def test_a_message_of_the_dht_reads_back(message: KadMessage) -> None:
    assert parse_kad(message.encode()) == message


def test_contacts_beyond_the_bound_are_left_out() -> None:
    many = tuple(Contact(peer, (ADDRESS,) * (PEER_ADDRESSES_MAX + 5)) for peer in PEERS)
    found = parse_kad(KadMessage(Kind.FIND_NODE, closer=many).encode())
    assert len(found.closer) == KAD_PEERS_MAX
    assert len(found.closer[0].addresses) == PEER_ADDRESSES_MAX


def test_a_contact_without_a_valid_id_or_address_is_left_out() -> None:
    bad_peer = bytes_field(8, bytes_field(1, b"nobody"))
    bad_address = bytes_field(8, bytes_field(1, b"\x12\x20" + bytes(32)) + bytes_field(2, b"\xff\xff\x03"))
    found = parse_kad(bad_peer + bad_address)
    assert [each.addresses for each in found.closer] == [()]


def test_a_message_of_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BadProtobuf, match="kind 9"):
        parse_kad(b"\x08\x09")


@given(
    addresses,
    st.frozensets(st.text("abc/.", min_size=1, max_size=9), max_size=4),
    st.none() | st.just(ADDRESS),
    st.text(max_size=20),
)
def test_what_a_peer_says_of_itself_reads_back(
    listening: tuple[Multiaddr, ...], protocols: frozenset[str], observed: Multiaddr | None, agent: str
) -> None:
    identity = Identity(b"key", listening, protocols, observed, agent)
    assert parse_identity(identity.encode()) == identity


def test_what_a_peer_says_of_itself_is_cut_at_the_bounds() -> None:
    identity = Identity(b"", (ADDRESS,) * 500, frozenset(f"/{number}" for number in range(500)), None, "a" * 9_999)
    found = parse_identity(identity.encode())
    assert len(found.addresses) == PEER_ADDRESSES_MAX
    assert len(found.protocols) == IDENTIFY_PROTOCOLS_MAX
    assert len(found.agent) == 256


@given(st.binary(max_size=120))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    for parse in (parse_kad, parse_identity, parse_peer_key):
        try:
            parse(data)
        except BadProtobuf:
            continue


def test_a_key_travels_as_its_peer_id_says() -> None:
    key = HostKey(bytes(32))
    assert ed25519_key(key.public).peer_id == key.peer_id
    assert key_in(key.peer_id) == parse_peer_key(ed25519_key(key.public).encoded) == ed25519_key(key.public)
    assert key_in(PeerKey(RSA, bytes(300)).peer_id) is None


@pytest.mark.parametrize(
    "key", [PeerKey(ED25519, bytes(31)), PeerKey(RSA, b""), PeerKey(ECDSA, bytes(2049)), PeerKey(7, bytes(32))]
)
def test_a_key_of_no_known_form_is_refused(key: PeerKey) -> None:
    with pytest.raises(BadProtobuf, match="public key of kind"):
        parse_peer_key(key.encoded)


@pytest.mark.parametrize("kind", [RSA, ED25519, 2, ECDSA])
def test_nothing_is_signed_by_a_key_that_is_none(kind: int) -> None:
    assert not PeerKey(kind, bytes(32)).verify(b"message", bytes(64))


@given(st.lists(st.sampled_from(PEERS), max_size=80), st.integers(0, 2**256 - 1))
def test_a_routing_table_finds_the_nearest_of_those_it_holds(added: list[PeerId], target: int) -> None:
    table = RoutingTable(PEERS[0])
    held = [peer for peer in dict.fromkeys(added) if table.add(peer)]
    assert len(table) == len(held)
    assert PEERS[0] not in held
    assert table.nearest(target, 7) == nearest(target, held, 7)


def test_a_full_bucket_keeps_those_that_were_there_first() -> None:
    table, own = RoutingTable(PEERS[0]), place_of(PEERS[0])
    far = [peer for peer in PEERS if (place_of(peer) ^ own) >> 255]
    assert [table.add(peer) for peer in far] == [True] * BUCKET_PEERS + [False] * (len(far) - BUCKET_PEERS)
    table.remove(far[0])
    assert far[0] not in table
    assert table.add(far[-1])


def test_a_place_is_the_hash_of_the_key() -> None:
    assert place(b"") >> 248 == 0xE3


def test_a_contact_s_circuit_is_kept_in_its_address() -> None:
    text = f"/ip4/127.0.0.1/tcp/1/p2p/{PEERS[0]}/p2p-circuit"
    encoded = Multiaddr.parse(text).encode()
    assert str(Multiaddr.decode(encoded)) == text
    assert varint.decode(encoded)[0] == 4
