"""Right: 64 bits, of which 18 are given a meaning, and the words people write them in."""

import pytest

from leither.people import ACTS, ALL, Act, NotARight
from leither.people import right as rights


def test_the_bits_are_these_for_ever() -> None:
    assert {name: int(act) for name, act in ACTS.items()} == {
        "read-cur": 1,
        "read-versions": 2,
        "read-release": 4,
        "write": 8,
        "backup": 16,
        "release": 32,
        "fork": 64,
        "tag": 128,
        "share": 256,
    }
    assert int(ALL) == 511


def test_everyone_and_members_have_sixteen_bits_each() -> None:
    packed = rights.pack(everyone=Act.READ_RELEASE, members=Act.WRITE)
    assert packed == 0x0008_0004
    assert (rights.everyone(packed), rights.members(packed)) == (Act.READ_RELEASE, Act.WRITE)


def test_a_packed_right_is_a_plain_number() -> None:
    assert type(rights.pack(everyone=Act.TAG)) is int
    assert type(rights.parse("everyone=tag members=fork")) is int


@pytest.mark.parametrize(
    ("right", "text"),
    [
        (0, "private"),
        (4, "everyone=read-release"),
        (0x0041_0000, "members=read-cur,fork"),
        (0x01FF_0005, "everyone=read-cur,read-release members=" + ",".join(ACTS)),
    ],
)
def test_text_and_number_lead_to_each_other(right: int, text: str) -> None:
    assert (rights.text(right), rights.parse(text)) == (text, right)


@pytest.mark.parametrize("text", ["", "  ", "private", " private ", "everyone=", "everyone=,, members="])
def test_nothing_granted_is_private(text: str) -> None:
    assert rights.parse(text) == 0


def test_acts_given_in_several_parts_add_up() -> None:
    assert rights.parse("everyone=tag everyone=fork,tag") == 192


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("everyone", "does not say who"),
        ("nobody=tag", "does not say who"),
        ("private everyone=tag", "does not say who"),
        ("everyone=read", "unknown act 'read'"),
        ("everyone=TAG", "unknown act 'TAG'"),
        ("everyone=tag,fly", "unknown act 'fly'"),
        ("everyone=tag=fork", "unknown act 'tag=fork'"),
    ],
)
def test_any_other_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotARight, match="write everyone=ACT") as caught:
        rights.parse(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize("right", [-1, 1 << 9, 1 << 15, 1 << 25, 1 << 32, 1 << 63, 1 << 64])
def test_a_reserved_bit_is_refused(right: int) -> None:
    with pytest.raises(NotARight, match="reserved bits"):
        rights.check(right)


def test_every_bit_with_a_meaning_is_allowed() -> None:
    assert rights.check(0x01FF_01FF) == 0x01FF_01FF
