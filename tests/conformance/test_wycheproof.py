"""What we call for signatures, agreement, sealing and derivation, against Project Wycheproof's cases."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from nacl import bindings
from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import VerifyKey

from leither.crypto.derive import expand
from tests.conformance.wycheproof import Case, groups

# The module is downloaded once, on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)
REFUSED = None
NOT_HEX = ("comment", "result")


def every(name: str) -> Iterator[tuple[Case, Case, dict[str, bytes]]]:
    """Each group and test of a file, and the test's hexadecimal members as bytes."""
    for group, tests in groups(name):
        for test in tests:
            texts = {key: value for key, value in test.items() if isinstance(value, str) and key not in NOT_HEX}
            yield group, test, {key: bytes.fromhex(value) for key, value in texts.items()}


def outcome(work: Callable[[], bytes], *refusals: type[Exception]) -> bytes | None:
    """What `work` returns, or None where it is refused in one of the ways it may be."""
    try:
        return work()
    except refusals:
        return REFUSED


def test_ed25519_signatures_hold_or_are_refused() -> None:
    wrong = []
    for group, test, data in every("ed25519_test.json"):
        key = VerifyKey(bytes.fromhex(group["publicKey"]["pk"]))
        found = outcome(lambda key=key, data=data: key.verify(data["msg"], data["sig"]), BadSignatureError, ValueError)  # type: ignore[misc]
        if (found is not REFUSED) != (test["result"] == "valid"):
            wrong.append((test["tcId"], test["comment"]))
    assert wrong == []


def test_x25519_agrees_on_the_secret_and_refuses_one_of_zeros() -> None:
    wrong = []
    for _, test, data in every("x25519_test.json"):

        def agree(data: dict[str, bytes] = data) -> bytes:
            public = X25519PublicKey.from_public_bytes(data["public"])
            return X25519PrivateKey.from_private_bytes(data["private"]).exchange(public)

        expected = REFUSED if "ZeroSharedSecret" in test["flags"] else data["shared"]
        if outcome(agree, ValueError) != expected:
            wrong.append((test["tcId"], test["comment"]))
    assert wrong == []


Cipher = tuple[Callable[[bytes, bytes, bytes, bytes], bytes], Callable[[bytes, bytes, bytes, bytes], bytes]]
CIPHERS: dict[str, Cipher] = {
    "of blocks": (
        lambda key, nonce, text, aad: ChaCha20Poly1305(key).encrypt(nonce, text, aad),
        lambda key, nonce, text, aad: ChaCha20Poly1305(key).decrypt(nonce, text, aad),
    ),
    "of seed files": (
        lambda key, nonce, text, aad: bindings.crypto_aead_chacha20poly1305_ietf_encrypt(text, aad, nonce, key),
        lambda key, nonce, text, aad: bindings.crypto_aead_chacha20poly1305_ietf_decrypt(text, aad, nonce, key),
    ),
}


@pytest.mark.parametrize("cipher", CIPHERS.values(), ids=CIPHERS.keys())
def test_chacha20_poly1305_seals_alike_and_opens_only_what_is_right(cipher: Cipher) -> None:
    seal, open_sealed = cipher
    wrong = []
    refusals = (InvalidTag, ValueError, CryptoError, TypeError)
    for _, test, data in every("chacha20_poly1305_test.json"):
        key, nonce, aad, text = data["key"], data["iv"], data["aad"], data["ct"] + data["tag"]
        is_valid = test["result"] == "valid"
        opened = outcome(lambda k=key, n=nonce, t=text, a=aad: open_sealed(k, n, t, a), *refusals)  # type: ignore[misc]
        if opened != (data["msg"] if is_valid else REFUSED):
            wrong.append((test["tcId"], "open", test["comment"]))
        if is_valid and seal(key, nonce, data["msg"], aad) != text:
            wrong.append((test["tcId"], "seal", test["comment"]))
    assert wrong == []


def test_hkdf_expands_to_the_same_output_and_refuses_too_much() -> None:
    wrong = []
    for _, test, data in every("hkdf_sha256_test.json"):

        def derive(data: dict[str, bytes] = data, size: int = test["size"]) -> bytes:
            key = hmac.digest(data["salt"] or bytes(32), data["ikm"], hashlib.sha256)
            return expand(key, data["info"], size)

        expected = data["okm"] if test["result"] == "valid" else REFUSED
        if outcome(derive, AssertionError) != expected:
            wrong.append((test["tcId"], test["comment"]))
    assert wrong == []


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        ("ed25519_test.json", 151),
        ("x25519_test.json", 518),
        ("chacha20_poly1305_test.json", 325),
        ("hkdf_sha256_test.json", 86),
    ],
)
def test_all_cases_of_the_pinned_module_are_run(name: str, tests: int) -> None:
    assert sum(1 for _ in every(name)) == tests
