"""Conditions and ranges of requests."""

import pytest

from leither.http.conditions import RangeNotSatisfiable, byte_range, matches

ETAG = b'"abc"'


@pytest.mark.parametrize("given", [b'"abc"', b'W/"abc"', b'"x", "abc"', b"*", b' "abc" '])
def test_if_none_match_finds_the_tag_in_every_form(given: bytes) -> None:
    assert matches(given, ETAG)


@pytest.mark.parametrize("given", [b"", b"abc", b'"ab"', b'"abcd"', b'"x"'])
def test_if_none_match_finds_no_other_tag(given: bytes) -> None:
    assert not matches(given, ETAG)


@pytest.mark.parametrize(
    ("given", "span"),
    [
        (b"bytes=0-0", (0, 1)),
        (b"bytes=2-", (2, 10)),
        (b"bytes=-3", (7, 10)),
        (b"bytes=-30", (0, 10)),
        (b"bytes=5-999", (5, 10)),
        (b"Bytes=1-2", (1, 3)),
        (b"bytes=0-1,3-4", None),
        (b"bytes=3-2", None),
        (b"bytes=-", None),
        (b"bytes=a-b", None),
        (b"lines=0-1", None),
        (b"bytes=00000000000000000000000001-", None),
    ],
)
def test_a_single_range_is_taken_and_anything_else_means_the_whole(given: bytes, span: tuple[int, int] | None) -> None:
    assert byte_range({b"range": given}, ETAG, 10) == span


@pytest.mark.parametrize("given", [b"bytes=10-", b"bytes=11-20", b"bytes=-0"])
def test_a_range_past_the_end_is_refused(given: bytes) -> None:
    with pytest.raises(RangeNotSatisfiable):
        byte_range({b"range": given}, ETAG, 10)


def test_if_range_with_another_tag_or_a_weak_one_or_a_date_means_the_whole() -> None:
    for condition in (b'"other"', b'W/"abc"', b"Mon, 01 Jan 2024 00:00:00 GMT"):
        assert byte_range({b"range": b"bytes=0-1", b"if-range": condition}, ETAG, 10) is None
    assert byte_range({b"range": b"bytes=0-1", b"if-range": ETAG}, ETAG, 10) == (0, 2)
