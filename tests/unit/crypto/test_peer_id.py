"""How libp2p names keys. The vectors are those of its specification."""

import pytest

from leither.crypto import NotAPeerId, parse_peer_id, peer_id_bytes, peer_id_of, peer_public_key

ED25519 = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
RSA = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"


def test_the_id_of_an_ed25519_key_holds_the_key() -> None:
    key = peer_public_key(parse_peer_id(ED25519))
    assert key is not None
    assert peer_id_of(key) == ED25519


def test_the_id_of_another_kind_of_key_holds_none() -> None:
    assert peer_public_key(parse_peer_id(RSA)) is None


@pytest.mark.parametrize("text", [ED25519, RSA])
def test_an_id_is_the_same_as_text_and_as_bytes(text: str) -> None:
    assert parse_peer_id(peer_id_bytes(parse_peer_id(text))) == text


@pytest.mark.parametrize("given", ["", "0OIl", "Qm", ED25519[:-1], ED25519 + "1", "1" * 65, b"", b"\x12\x20abc"])
def test_what_is_no_id_is_refused(given: str | bytes) -> None:
    with pytest.raises(NotAPeerId):
        parse_peer_id(given)
