"""Addresses of peers, as text and as bytes."""

import pytest

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr, tcp_address

PEER = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("/ip4/127.0.0.1/tcp/4001", "047f000001060fa1"),
        ("/ip6/::1/tcp/80/ws", "29000000000000000000000000000000010600" + "50dd03"),
        ("/ip4/1.2.3.4/udp/4001/quic-v1", "0401020304910" + "20fa1cd03"),
        ("/dns4/example.org/tcp/443/tls/ws", "360b6578616d706c652e6f7267" + "0601bbc003dd03"),
    ],
)
def test_an_address_has_one_form_as_bytes(text: str, encoded: str) -> None:
    address = Multiaddr.parse(text)
    assert address.encode().hex() == encoded
    assert str(Multiaddr.decode(bytes.fromhex(encoded))) == text


def test_an_address_through_a_relay_says_so_and_whose_it_is() -> None:
    address = Multiaddr.parse(f"/ip4/1.2.3.4/tcp/1/p2p/{PEER}/p2p-circuit/p2p/{PEER}")
    assert address.relayed
    assert address.peer == PEER
    assert not address.without_peer().parts[-1][1]
    assert Multiaddr.decode(address.encode()) == address


def test_the_old_name_of_p2p_is_understood() -> None:
    assert str(Multiaddr.parse(f"/ip4/1.2.3.4/tcp/1/ipfs/{PEER}")) == f"/ip4/1.2.3.4/tcp/1/p2p/{PEER}"


def test_a_peer_is_put_at_the_end_once() -> None:
    address = tcp_address("::1", 4801).with_peer(Multiaddr.parse(f"/p2p/{PEER}").peer or "")  # type: ignore[arg-type]
    assert str(address) == f"/ip6/::1/tcp/4801/p2p/{PEER}"
    assert address.peer is not None
    assert address.with_peer(address.peer) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "127.0.0.1:80",
        "/ip4/127.0.0.1/tcp/65536",
        "/ip4/127.0.0.1/tcp/-1",
        "/ip4/999.0.0.1/tcp/1",
        "/ip4/::1/tcp/1",
        "/ip4/127.0.0.1/tcp",
        "/ip4/127.0.0.1/unknown/1",
        "/ip4/127.0.0.1/tcp/1/p2p/nobody",
        "/dns4//tcp/1",
        "/ws" * 13,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(NotAMultiaddr):
        Multiaddr.parse(text)


@pytest.mark.parametrize(
    "encoded", ["", "04", "047f0000", "80", "047f00000106", "ffff7f", "a50303abcdef", "3600", "dd03" * 13]
)
def test_bytes_that_are_no_address_are_refused(encoded: str) -> None:
    with pytest.raises(NotAMultiaddr):
        Multiaddr.decode(bytes.fromhex(encoded))
