"""The key of an epoch: what it seals opens with it alone, and seals the same each time."""

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from leither.crypto import EpochKey, epoch_secret, hkdf

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
MIMEI = bytes(range(20))


def sealed(key: EpochKey, plaintext: bytes = b"plain", head: bytes = b"head") -> tuple[bytes, bytes]:
    nonce = key.nonce(head + plaintext)
    return nonce, key.seal(nonce, head, plaintext)


def test_what_is_sealed_opens_under_the_same_key() -> None:
    nonce, ciphertext = sealed(EpochKey(SECRET, 0))
    assert len(nonce) == 24
    assert len(ciphertext) == len(b"plain") + 16
    assert EpochKey(SECRET, 0).open(nonce, b"head", ciphertext) == b"plain"


def test_the_same_is_sealed_alike_and_another_thing_otherwise() -> None:
    key = EpochKey(SECRET, 0)
    assert sealed(key) == sealed(EpochKey(SECRET, 0))
    assert sealed(key)[0] != sealed(key, b"other")[0]
    assert sealed(key) != sealed(EpochKey(OTHER, 0))


@pytest.mark.parametrize("part", ["key", "nonce", "head", "ciphertext", "tag", "all of it"])
def test_nothing_opens_with_one_part_changed(part: str) -> None:
    key = EpochKey(SECRET, 0)
    nonce, ciphertext = sealed(key)
    head = b"head"
    match part:
        case "key":
            key = EpochKey(OTHER, 0)
        case "nonce":
            nonce = bytes((nonce[0] ^ 1,)) + nonce[1:]
        case "head":
            head = b"heae"
        case "ciphertext":
            ciphertext = bytes((ciphertext[0] ^ 1,)) + ciphertext[1:]
        case "tag":
            ciphertext = ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,))
        case "all of it":
            ciphertext = b""
    assert key.open(nonce, head, ciphertext) is None


def test_a_block_s_key_is_hkdf_of_the_epoch_key_and_the_nonce() -> None:
    key = EpochKey(SECRET, 7)
    nonce, ciphertext = sealed(key)
    block_key = hkdf(SECRET, purpose="leither/seal-block/1", context=nonce)
    assert ChaCha20Poly1305(block_key).decrypt(bytes(12), ciphertext, b"head") == b"plain"


def test_an_epoch_key_follows_from_seed_mimei_and_epoch() -> None:
    made = {
        epoch_secret(seed, mimei, epoch) for seed in (SECRET, OTHER) for mimei in (MIMEI, bytes(20)) for epoch in (0, 1)
    }
    assert len(made) == 8
    assert epoch_secret(SECRET, MIMEI, 1) == hkdf(
        SECRET, purpose="leither/epoch-key/1", context=MIMEI + bytes(7) + b"\x01"
    )


def test_the_key_before_opens_from_the_next_one() -> None:
    before, after = EpochKey(SECRET, 4), EpochKey(OTHER, 5)
    sealed_key = after.seal_previous(before, MIMEI)
    opened = after.open_previous(sealed_key, MIMEI)
    assert len(sealed_key) == 48
    assert opened is not None
    assert (opened.secret, opened.epoch) == (SECRET, 4)


def test_the_key_before_opens_in_no_other_place() -> None:
    sealed_key = EpochKey(OTHER, 5).seal_previous(EpochKey(SECRET, 4), MIMEI)
    assert EpochKey(OTHER, 5).open_previous(sealed_key, bytes(20)) is None
    assert EpochKey(OTHER, 6).open_previous(sealed_key, MIMEI) is None
    assert EpochKey(SECRET, 5).open_previous(sealed_key, MIMEI) is None
    assert EpochKey(OTHER, 5).open_previous(sealed_key[:-1], MIMEI) is None


def test_the_secret_does_not_show() -> None:
    assert repr(EpochKey(SECRET, 3)) == "EpochKey(epoch=3)"


def test_sealing_is_loaded_when_something_is_sealed_and_not_before() -> None:
    program = (
        "import sys; from leither.crypto import EpochKey; key = EpochKey(bytes(32), 0)\n"
        "assert 'cryptography' not in sys.modules; key.seal(bytes(24), b'', b''); assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
