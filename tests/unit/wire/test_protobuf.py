"""Protobuf's wire form: what can be read is read as it stands, and everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.wire.protobuf import BadProtobuf, bytes_field, fields, number_field


def read(message: bytes) -> list[tuple[int, int | bytes]]:
    return [
        (number, value if isinstance(value, int) else bytes(value)) for number, value in fields(memoryview(message))
    ]


NUMBERS = st.integers(1, (1 << 29) - 1)
FIELDS = st.lists(st.tuples(NUMBERS, st.one_of(st.integers(1, (1 << 64) - 1), st.binary(max_size=300))))


@given(FIELDS)
def test_fields_read_back_in_their_order(written: list[tuple[int, int | bytes]]) -> None:
    message = b"".join(
        number_field(number, value) if isinstance(value, int) else bytes_field(number, value)
        for number, value in written
    )
    assert read(message) == written


def test_the_example_of_the_encoding_guide_is_read() -> None:
    assert read(bytes.fromhex("089601120774657374696e67")) == [(1, 150), (2, b"testing")]


def test_numbers_of_fixed_width_are_told_as_their_bytes() -> None:
    assert read(bytes.fromhex("09010203040506070815aabbccdd")) == [
        (1, bytes.fromhex("0102030405060708")),
        (2, bytes.fromhex("aabbccdd")),
    ]


def test_zero_is_written_as_an_absent_field() -> None:
    assert number_field(3, 0) == b""


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("08", id="number cut off"),
        pytest.param("0880", id="number cut off within"),
        pytest.param("088000", id="padded number"),
        pytest.param("08ffffffffffffffffff02", id="beyond 64 bits"),
        pytest.param("0001", id="field 0 with a number"),
        pytest.param("0200", id="field 0 with bytes"),
        pytest.param("0b0c", id="group"),
        pytest.param("0f", id="unknown wire type"),
        pytest.param("1205616263", id="bytes cut off"),
        pytest.param("12ffffffffffffffffff01", id="bytes of an absurd length"),
        pytest.param("0901020304", id="fixed number cut off"),
    ],
)
def test_what_is_no_protobuf_is_refused(message: str) -> None:
    with pytest.raises(BadProtobuf):
        read(bytes.fromhex(message))


@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_refused(message: bytes) -> None:
    try:
        found = read(message)
    except BadProtobuf:
        return
    assert all(number > 0 for number, _ in found)
