"""HKDF-SHA256, by the vectors of RFC 5869 appendix A."""

import pytest

from leither.crypto import hkdf, map_salt, person_key
from leither.crypto.derive import expand

PRK_3 = "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"


@pytest.mark.parametrize(
    ("prk", "info", "okm"),
    [
        (
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            bytes(range(0xF0, 0xFA)),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
            bytes(range(0xB0, 0x100)),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (PRK_3, b"", "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ],
)
def test_expansion_gives_the_published_output(prk: str, info: bytes, okm: str) -> None:
    assert expand(bytes.fromhex(prk), info, len(okm) // 2).hex() == okm


def test_extraction_with_no_salt_gives_the_published_key() -> None:
    derived = hkdf(b"\x0b" * 22, purpose="leither/test/1", context=b"\1\2", size_bytes=42)
    assert derived == expand(bytes.fromhex(PRK_3), b"leither/test/1\0\1\2", 42)


@pytest.mark.parametrize("size_bytes", [1, 31, 32, 33, 64, 8160])
def test_any_length_up_to_the_bound_is_a_prefix_of_the_longest(size_bytes: int) -> None:
    longest = expand(b"k" * 32, b"info", 8160)
    assert expand(b"k" * 32, b"info", size_bytes) == longest[:size_bytes]


@pytest.mark.parametrize("size_bytes", [0, 8161])
def test_a_length_out_of_bounds_is_a_fault_of_the_caller(size_bytes: int) -> None:
    with pytest.raises(AssertionError):
        expand(b"k" * 32, b"", size_bytes)


def test_purpose_and_context_both_count() -> None:
    seed = bytes(32)
    derived = {
        hkdf(seed, purpose="leither/person/1"),
        hkdf(seed, purpose="leither/map-salt/1"),
        hkdf(seed, purpose="leither/person/1", context=b"\0"),
    }
    assert len(derived) == 3


def test_a_seed_always_gives_the_same_person_and_the_same_salts() -> None:
    seed = bytes(range(32))
    assert person_key(seed).public.hex() == "4669261af7c93c64ec5c0995eb5ff015fca8c5e076ff48c86264af7ca97d483d"
    assert map_salt(seed, b"m" * 20).hex() == "7211ba64791b5f3084e92ac60025da3f"
