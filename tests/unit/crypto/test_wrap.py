"""Wrapping keys for readers: by the standard's own vectors, and against the library that opens them."""

import pytest

from leither.crypto.wrap import SEAL_KEY_BYTES, WRAPPED_BYTES, SealKey, derive_private, encapsulate, seal_key, wrap

SECRET = bytes(range(32))
READER, STRANGER = SealKey(bytes(range(1, 33))), SealKey(bytes(range(2, 34)))
# RFC 9180, appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence number 0.
INFO = "4f6465206f6e2061204772656369616e2055726e"
EPHEMERAL_MATERIAL = "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b"
EPHEMERAL_PRIVATE = "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"
EPHEMERAL_PUBLIC = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
READER_PUBLIC = "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"
PLAINTEXT = "4265617574792069732074727574682c20747275746820626561757479"
AAD = "436f756e742d30"
CIPHERTEXT = "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"


def test_the_standard_s_vector_is_made() -> None:
    assert derive_private(bytes.fromhex(EPHEMERAL_MATERIAL)).hex() == EPHEMERAL_PRIVATE
    made = encapsulate(
        bytes.fromhex(PLAINTEXT),
        bytes.fromhex(READER_PUBLIC),
        bytes.fromhex(INFO),
        ephemeral=bytes.fromhex(EPHEMERAL_PRIVATE),
        aad=bytes.fromhex(AAD),
    )
    assert made.hex() == EPHEMERAL_PUBLIC + CIPHERTEXT


def test_the_reader_s_library_opens_what_was_wrapped() -> None:
    wrapped = wrap(SECRET, READER.public, b"info")
    assert len(wrapped) == WRAPPED_BYTES
    assert READER.unwrap(wrapped, b"info") == SECRET


def test_wrapping_again_gives_the_same_bytes() -> None:
    assert wrap(SECRET, READER.public, b"info") == wrap(SECRET, READER.public, b"info")


def test_each_wrapping_has_an_ephemeral_key_of_its_own() -> None:
    made = {
        wrap(secret, reader.public, info)[:32]
        for secret in (SECRET, bytes(32))
        for reader in (READER, STRANGER)
        for info in (b"info", b"other")
    }
    assert len(made) == 8


def test_nobody_else_opens_it_and_not_in_another_place() -> None:
    wrapped = wrap(SECRET, READER.public, b"info")
    assert STRANGER.unwrap(wrapped, b"info") is None
    assert READER.unwrap(wrapped, b"other") is None


@pytest.mark.parametrize("position", [0, 31, 32, WRAPPED_BYTES - 1])
def test_a_changed_byte_opens_nothing(position: int) -> None:
    wrapped = bytearray(wrap(SECRET, READER.public, b"info"))
    wrapped[position] ^= 1
    assert READER.unwrap(bytes(wrapped), b"info") is None


@pytest.mark.parametrize("wrapped", [b"", bytes(31), bytes(WRAPPED_BYTES)])
def test_what_was_never_wrapped_opens_nothing(wrapped: bytes) -> None:
    assert READER.unwrap(wrapped, b"info") is None


def test_a_reader_s_key_of_small_order_is_refused() -> None:
    with pytest.raises(ValueError, match="shared key"):
        wrap(SECRET, bytes(32), b"info")


def test_a_seal_key_follows_from_a_seed_and_does_not_show() -> None:
    key = seal_key(SECRET)
    assert len(key.public) == SEAL_KEY_BYTES
    assert key.public == seal_key(SECRET).public != seal_key(bytes(32)).public
    assert repr(key) == f"SealKey(public={key.public.hex()})"
