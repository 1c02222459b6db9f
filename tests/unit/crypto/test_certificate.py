"""Certificates and keys that somebody else made."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from leither.crypto.authority import issue, make_authority
from leither.crypto.certificate import (
    BadCertificate,
    BadPrivateKey,
    CertificateFacts,
    KeyMismatch,
    Pair,
    address_of,
    check_pair,
    facts_of,
)

NOW_MS = 1_700_000_000_000
AUTHORITY = make_authority("abcd", [], NOW_MS)
PAIR = issue(AUTHORITY, ["desk.local"], [], NOW_MS)


def check(certificate: bytes, key: bytes) -> None:
    check_pair(Pair(certificate, key), certificate="/c.pem", key="/k.pem")


def test_a_pair_that_belongs_together_passes() -> None:
    check(PAIR.certificate, PAIR.key)
    check(PAIR.certificate + AUTHORITY.certificate, PAIR.key)


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", PAIR.key, PAIR.certificate[:200], PAIR.certificate.replace(b"A", b"B")],
    ids=["nothing", "words", "a key", "cut short", "changed"],
)
def test_what_is_no_certificate_is_named_with_where_it_is(text: bytes) -> None:
    with pytest.raises(BadCertificate, match=r"^/c.pem holds no certificate.*BEGIN CERTIFICATE"):
        check(text, PAIR.key)
    with pytest.raises(BadCertificate, match=r"^/c.pem"):
        facts_of(text, where="/c.pem")


@pytest.mark.parametrize(
    "text",
    [b"", b"hello", PAIR.certificate, PAIR.key[:100]],
    ids=["nothing", "words", "a certificate", "cut short"],
)
def test_what_is_no_key_is_named_with_where_it_is(text: bytes) -> None:
    with pytest.raises(BadPrivateKey, match=r"^/k.pem holds no private key.*BEGIN PRIVATE KEY"):
        check(PAIR.certificate, text)


def test_a_key_under_a_passphrase_is_told_apart() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    with pytest.raises(BadPrivateKey, match="it is encrypted"):
        check(PAIR.certificate, sealed)


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ed25519.Ed25519PrivateKey.generate(),
        rsa.generate_private_key(65537, 2048),
    ],
    ids=["same kind", "other kind", "rsa"],
)
def test_a_key_of_another_certificate_is_refused_with_both_files_named(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey,
) -> None:
    with pytest.raises(KeyMismatch, match=r"/k.pem is not that of the certificate in /c.pem"):
        check(PAIR.certificate, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def facts(*names: str, addresses: tuple[str, ...] = ()) -> CertificateFacts:
    found = tuple(ipaddress.ip_address(address) for address in addresses)
    return CertificateFacts("", 1, names, found, 0, 1, None)


def test_a_wildcard_covers_one_label() -> None:
    wild = facts("*.nas.example")
    assert wild.covers("a.nas.example")
    assert not wild.covers("nas.example")
    assert not wild.covers("a.b.nas.example")
    assert not facts("*.").covers("nas")


def test_addresses_are_covered_as_addresses_alone() -> None:
    assert facts(addresses=("fd00::1",)).covers("[fd00:0::1]")
    assert not facts("192.168.1.5").covers("192.168.1.5")


def test_an_address_is_told_from_a_name() -> None:
    assert str(address_of("[::1]")) == "::1"
    assert address_of("desk.local") is None
