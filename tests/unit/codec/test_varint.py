"""Varints: minimal, bounded, and refused with the place of the fault."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.codec import varint
from leither.codec.varint import BadVarint

NUMBERS = st.integers(0, (1 << 64) - 1)


@given(number=NUMBERS, before=st.binary(max_size=3), after=st.binary(max_size=3))
def test_a_number_reads_back_from_anywhere(number: int, before: bytes, after: bytes) -> None:
    data = before + varint.encode(number) + after
    stop = len(data) - len(after)
    assert varint.decode(data, len(before)) == (number, stop)
    assert varint.size_bytes(number) == stop - len(before)


@pytest.mark.parametrize(
    ("number", "data"),
    [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (300, "ac02"), ((1 << 64) - 1, "ff" * 9 + "01")],
)
def test_known_numbers_have_their_known_bytes(number: int, data: str) -> None:
    assert varint.encode(number) == bytes.fromhex(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "cut off"),
        ("80", "cut off"),
        ("ffff", "cut off"),
        ("8000", "padded"),
        ("ff8000", "padded"),
        ("ff" * 9 + "02", "exceeds 64 bits"),
        ("ff" * 10, "exceeds 64 bits"),
        ("80" * 9 + "00", "padded"),
    ],
)
def test_malformed_bytes_are_refused(data: str, reason: str) -> None:
    with pytest.raises(BadVarint, match=reason) as caught:
        varint.decode(b"\x05" + bytes.fromhex(data), 1)
    assert caught.value.offset == 1


@pytest.mark.parametrize("number", [-1, 1 << 64])
def test_a_number_beyond_64_bits_has_no_bytes(number: int) -> None:
    with pytest.raises(ValueError, match="no 64-bit varint"):
        varint.encode(number)
