"""Tags: a dimension and a value, signed by whoever says it."""

import pytest

from leither import limits
from leither.mimei.record import NotARecord
from leither.mimei.tag import NotATag, Tag, check_tag, parse_tag
from tests.unit.mimei.samples import TAG, changed


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("topic:music", ("topic", "music")),
        ("when:12:30", ("when", "12:30")),
        (" a : b ", (" a ", " b ")),
        ("ton:Grün", ("ton", "Grün")),
    ],
)
def test_a_tag_is_split_at_its_first_colon(text: str, parts: tuple[str, str]) -> None:
    assert parse_tag(text) == parts


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must not be empty"),
        ("topic", "must not be empty"),
        (":music", "must not be empty"),
        ("topic:", "must not be empty"),
        ("to\0pic:music", "control character"),
        ("topic:mu\nsic", "control character"),
        ("topic:\x7f", "control character"),
        ("topic:\x85", "control character"),
        ("topic:\ud800", "lone surrogate"),
        ("\udcff:music", "lone surrogate"),
        ("d" * 129 + ":v", "longer than 128 bytes"),
        ("d:" + "é" * 257, "of dimension or 512 of value"),
    ],
)
def test_any_other_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotATag, match="write dimension:value") as caught:
        parse_tag(text)
    assert reason in caught.value.reason


def test_a_dimension_has_no_colon() -> None:
    with pytest.raises(NotATag, match="no colon"):
        check_tag("a:b", "c")


def test_the_longest_tag_is_read() -> None:
    longest = {"dimension": "d" * limits.TAG_DIMENSION_BYTES_MAX, "value": "é" * (limits.TAG_VALUE_BYTES_MAX // 2)}
    assert Tag.decode(changed(TAG, **longest)).value == longest["value"]


@pytest.mark.parametrize(
    "fields",
    [
        {"dimension": ""},
        {"value": ""},
        {"dimension": "a:b"},
        {"value": "a\0b"},
        {"value": "é" * 257},
        {"dimension": "d" * 129},
        {"at": -1},
        {"at": limits.TIME_MS_MAX + 1},
        {"at": 1.5},
    ],
)
def test_a_record_of_such_a_tag_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(NotARecord) as caught:
        Tag.decode(changed(TAG, **fields))
    assert caught.value.kind == "tag"
