"""The key of a private network: how it is read, and what follows from it."""

import nacl.bindings
import pytest
from Crypto.Cipher import Salsa20

from leither.net.private_network import NotANetworkKey, parse_network_key, subkey

KEY = bytes(range(32))


def test_a_key_file_of_go_libp2p_is_understood() -> None:
    assert parse_network_key(f"/key/swarm/psk/1.0.0/\n/base16/\n{KEY.hex()}\n") == KEY


@pytest.mark.parametrize(
    "text",
    ["", KEY.hex(), f"/key/swarm/psk/1.0.0/\n/base64/\n{KEY.hex()}", f"/key/swarm/psk/1.0.0/\n/base16/\n{'g' * 64}"],
)
def test_what_is_no_key_file_is_refused(text: str) -> None:
    with pytest.raises(NotANetworkKey):
        parse_network_key(text)


@pytest.mark.parametrize("nonce", [bytes(24), bytes(range(100, 124)), b"\xff" * 24])
def test_the_stream_is_that_of_xsalsa20_as_libsodium_has_it(nonce: bytes) -> None:
    plain = bytes(range(256)) * 3
    sealed = nacl.bindings.crypto_secretbox(plain, nonce, KEY)
    cipher = Salsa20.new(subkey(KEY, nonce), nonce[16:])
    cipher.encrypt(bytes(32))  # which libsodium takes for its tag's key
    assert cipher.encrypt(plain) == sealed[16:]
