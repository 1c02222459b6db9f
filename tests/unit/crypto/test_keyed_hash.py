"""HMAC with its key hashed once gives what HMAC gives."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.crypto.keyed_hash import KeyedHash


@given(st.binary(max_size=64), st.binary(max_size=200))
def test_it_gives_what_hmac_gives(key: bytes, message: bytes) -> None:
    assert KeyedHash(key).digest(message) == hmac.digest(key, message, hashlib.sha256)


def test_a_key_serves_any_number_of_messages() -> None:
    keyed = KeyedHash(b"key")
    first = keyed.digest(b"one")
    assert keyed.digest(b"two") != first
    assert keyed.digest(b"one") == first


def test_a_key_longer_than_a_block_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        KeyedHash(bytes(65))


def test_the_key_does_not_show() -> None:
    assert b"secret key".hex() not in repr(KeyedHash(b"secret key"))
