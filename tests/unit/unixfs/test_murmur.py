"""The hash of names, against the reference implementation's published values."""

from __future__ import annotations

import pytest

from leither.unixfs.murmur import murmur64


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        # MurmurHash3_x64_128 with seed 0, its first 64 bits, as several implementations publish them.
        (b"", 0x0),
        (b"hello", 0xCBD8A7B341BD9B02),
        (b"hello, world", 0x342FAC623A5EBC8E),
        (b"19 Jan 2038 at 3:14:07 AM", 0xB89E5988B737AFFC),
        (b"The quick brown fox jumps over the lazy dog.", 0xCD99481F9EE902C9),
    ],
)
def test_the_published_values_are_met(data: bytes, expected: int) -> None:
    assert murmur64(data) == expected
