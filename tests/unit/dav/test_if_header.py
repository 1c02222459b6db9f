"""The If header is read by its grammar."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.dav.if_header import BadIf, Condition, ConditionList, parse_if


def test_lists_without_a_resource_are_of_the_one_addressed() -> None:
    found = parse_if('(<urn:a> ["tag"]) (Not <DAV:no-lock>)')
    assert found.lists == (
        ConditionList(None, (Condition(False, "urn:a", None), Condition(False, None, '"tag"'))),
        ConditionList(None, (Condition(True, "DAV:no-lock", None),)),
    )
    assert found.tokens == {"urn:a", "DAV:no-lock"}


def test_a_resource_goes_for_every_list_behind_it() -> None:
    found = parse_if('<http://h/a> (<urn:a>)(Not["x"]) </b> ([W/"y"])')
    assert [one.resource for one in found.lists] == ["http://h/a", "http://h/a", "/b"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "()",
        "(",
        "(<urn:a>",
        "<urn:a>",
        "(<urn:a>) <http://h/a> (<urn:b>)",
        "<http://h/a> <http://h/b> (<urn:a>)",
        "(Not)",
        "(Not Not <urn:a>)",
        "(Nothing <urn:a>)",
        '("tag")',
        "(<urn:a>) x",
        "([tag])",
        "<http://h/a> (<urn:a>) <http://h/b>",
        "(<urn:a>)" * (limits.DAV_NAMED_MAX + 1),
    ],
)
def test_a_malformed_header_is_refused(header: str) -> None:
    with pytest.raises(BadIf):
        parse_if(header)


@given(st.text(alphabet='()<>[]" NotW/urn:a', max_size=60))
def test_any_text_is_read_or_refused(header: str) -> None:
    with suppress(BadIf):
        assert parse_if(header).lists


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ("(<urn:held>)", True),
        ("(<urn:other>)", False),
        ("(Not <urn:held>)", False),
        ('(<urn:held> ["now"])', True),
        ('(<urn:held> ["old"])', False),
        ('(["old"]) (Not <DAV:no-lock>)', True),
        ("</elsewhere> (<urn:held>)", False),
    ],
)
def test_one_list_that_holds_is_enough(header: str, holds: bool) -> None:
    def has_state(resource: str | None, token: str) -> bool:
        return resource is None and token == "urn:held"

    assert parse_if(header).holds(has_state, lambda resource: '"now"' if resource is None else None) is holds
