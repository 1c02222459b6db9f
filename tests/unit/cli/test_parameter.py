"""Sizes as people write them."""

import click
import pytest

from leither.cli.parameter import SIZE


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [("0", 0), ("1500", 1500), ("10K", 10240), ("10KiB", 10240), ("2 MB", 2 << 20), ("3g", 3 << 30), ("7 bytes", 7)],
)
def test_a_size_may_have_a_unit(text: str, size_bytes: int) -> None:
    assert SIZE.convert(text, None, None) == size_bytes


@pytest.mark.parametrize("text", ["", "-1", "1.5G", "ten", "1X", "9" * 30])
def test_what_is_no_size_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(click.BadParameter, match="such as 10G"):
        SIZE.convert(text, None, None)
