"""Ed25519 as RFC 8032 has it, signatures that count for one kind of record only, and hostile keys and signatures."""

import hashlib

import pytest

from leither.crypto import KeyPair, key_id, keys, verify

RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        b"",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"\x72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        b"\xaf\x82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        hashlib.sha512(b"abc").digest(),
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of Ed25519's base point (RFC 8032 section 5.1)."""
PAIR = KeyPair(bytes(range(32)))
SIGNATURE = PAIR.sign("head", b"message")


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC_8032)
def test_keys_and_signatures_are_the_published_ones(
    seed: str, public: str, message: bytes, signature: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "domain", lambda kind: b"")
    pair = KeyPair(bytes.fromhex(seed))
    assert pair.public.hex() == public
    assert pair.sign("", message).hex() == signature
    assert verify(pair.public, "", message, bytes.fromhex(signature))


def test_what_is_signed_begins_with_the_kind_and_a_zero_byte() -> None:
    assert keys.domain("head") == b"leither/head/1\0"


def test_a_signature_holds_for_its_kind_message_and_key() -> None:
    assert verify(PAIR.public, "head", b"message", SIGNATURE)


def test_a_signature_for_one_kind_does_not_count_for_another() -> None:
    assert not verify(PAIR.public, "tag", b"message", SIGNATURE)


def test_another_key_or_message_does_not_verify() -> None:
    assert not verify(KeyPair(bytes(32)).public, "head", b"message", SIGNATURE)
    assert not verify(PAIR.public, "head", b"messagE", SIGNATURE)


@pytest.mark.parametrize("bit", range(0, 512, 7))
def test_a_flipped_bit_of_the_signature_does_not_verify(bit: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[bit // 8] ^= 1 << bit % 8
    assert not verify(PAIR.public, "head", b"message", bytes(changed))


@pytest.mark.parametrize("bit", range(0, 256, 5))
def test_a_flipped_bit_of_the_key_does_not_verify(bit: int) -> None:
    changed = bytearray(PAIR.public)
    changed[bit // 8] ^= 1 << bit % 8
    assert not verify(bytes(changed), "head", b"message", SIGNATURE)


def test_a_signature_whose_scalar_is_not_reduced_does_not_verify() -> None:
    scalar = int.from_bytes(SIGNATURE[32:], "little")
    for raised in range(scalar + ORDER, 1 << 256, ORDER):
        assert not verify(PAIR.public, "head", b"message", SIGNATURE[:32] + raised.to_bytes(32, "little"))


SMALL_ORDER = [
    bytes(32),
    b"\1" + bytes(31),
    b"\1" + bytes(30) + b"\x80",
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
]
NOT_ON_THE_CURVE = [
    b"\2" + bytes(31),
    b"\xff" * 32,
    bytes.fromhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


@pytest.mark.parametrize("point", SMALL_ORDER + NOT_ON_THE_CURVE)
def test_a_key_that_anybody_can_sign_for_is_refused(point: bytes) -> None:
    for signature in (point + bytes(32), bytes(64), b"\1" + bytes(63), SIGNATURE):
        assert not any(verify(point, "head", b"%d" % number, signature) for number in range(16))


@pytest.mark.parametrize("point", SMALL_ORDER + NOT_ON_THE_CURVE)
def test_a_signature_with_such_a_point_is_refused(point: bytes) -> None:
    assert not verify(PAIR.public, "head", b"message", point + SIGNATURE[32:])


@pytest.mark.parametrize("signature", [b"", SIGNATURE[:-1], SIGNATURE + b"\0", bytes(64), b"\xff" * 64])
def test_a_malformed_signature_is_refused_without_an_error(signature: bytes) -> None:
    assert not verify(PAIR.public, "head", b"message", signature)


@pytest.mark.parametrize("public", [b"", PAIR.public[:-1], PAIR.public + b"\0"])
def test_a_key_of_another_length_is_refused_without_an_error(public: bytes) -> None:
    assert not verify(public, "head", b"message", SIGNATURE)


def test_a_pair_shows_its_public_half_only() -> None:
    assert repr(PAIR) == f"KeyPair(public={PAIR.public.hex()})"
    assert PAIR.id == key_id(PAIR.public)
