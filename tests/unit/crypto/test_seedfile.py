"""A seed under a passphrase: opened by it alone, and at a bounded cost."""

import struct

import pytest

from leither import limits
from leither.crypto import NotASeed, WrongPassphrase, open_seed, seal_seed

SEED = bytes(range(32))
SALT = bytes(range(100, 116))
NONCE = bytes(range(200, 212))


def seal(passphrase: str = "correct horse") -> bytes:
    return seal_seed(SEED, passphrase, salt=SALT, nonce=NONCE, ops=1, memory_kib=8)


def with_costs(sealed: bytes, ops: int, memory_kib: int) -> bytes:
    return sealed[:6] + struct.pack(">II", ops, memory_kib) + sealed[14:]


def test_the_passphrase_opens_what_it_sealed_at_the_full_cost() -> None:
    sealed = seal_seed(SEED, "correct horse", salt=SALT, nonce=NONCE)
    assert sealed[:14] == b"LSEED1" + struct.pack(">II", 3, 64 * 1024)
    assert open_seed(sealed, "correct horse") == SEED


class TestAtTheLeastCost:
    @pytest.mark.parametrize("passphrase", ["", "a", "pässwörd", "密码", "\0", "x" * 10_000, "\udcff"])
    def test_any_text_is_a_passphrase(self, passphrase: str) -> None:
        assert open_seed(seal(passphrase), passphrase) == SEED

    def test_composed_and_decomposed_characters_are_the_same_passphrase(self) -> None:
        assert open_seed(seal("caf\u00e9"), "cafe\u0301") == SEED

    @pytest.mark.parametrize("other", ["", "Correct horse", "correct horse "])
    def test_another_passphrase_does_not_open_it(self, other: str) -> None:
        with pytest.raises(WrongPassphrase):
            open_seed(seal(), other)

    @pytest.mark.parametrize("position", [14, 29, 30, 41, 42, 73, 74, 89])
    def test_a_flipped_bit_behind_the_costs_does_not_open(self, position: int) -> None:
        sealed = bytearray(seal())
        sealed[position] ^= 1
        with pytest.raises(WrongPassphrase):
            open_seed(bytes(sealed), "correct horse")

    def test_other_costs_within_bounds_do_not_open_it(self) -> None:
        with pytest.raises(WrongPassphrase):
            open_seed(with_costs(seal(), 2, 8), "correct horse")

    @pytest.mark.parametrize(
        ("ops", "memory_kib"),
        [
            (0, 8),
            (limits.SEED_OPS_MAX + 1, 8),
            (0xFFFFFFFF, 8),
            (1, 7),
            (1, 0),
            (1, limits.SEED_MEMORY_KIB_MAX + 1),
            (1, 0xFFFFFFFF),
        ],
    )
    def test_costs_out_of_bounds_are_refused_before_they_are_paid(self, ops: int, memory_kib: int) -> None:
        with pytest.raises(NotASeed, match="the limits are"):
            open_seed(with_costs(seal(), ops, memory_kib), "correct horse")

    @pytest.mark.parametrize("change", [b"", b"\0"])
    def test_another_length_is_refused(self, change: bytes) -> None:
        sealed = seal()
        with pytest.raises(NotASeed, match=f"expected {len(sealed)}"):
            open_seed(sealed + change if change else sealed[:-1], "correct horse")

    def test_another_format_is_refused(self) -> None:
        with pytest.raises(NotASeed, match="unknown format"):
            open_seed(b"LSEED2" + seal()[6:], "correct horse")

    def test_a_seed_of_another_length_is_never_sealed(self) -> None:
        with pytest.raises(AssertionError):
            seal_seed(SEED[:-1], "correct horse", salt=SALT, nonce=NONCE)
