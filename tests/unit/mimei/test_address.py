"""Addresses: an id, and perhaps a version, with one text for each."""

import pytest

from leither.codec import DAG_CBOR, Cid
from leither.crypto import MimeiId, id_text
from leither.mimei.address import Address, NotAnAddress, Selector, parse_address, parse_selector

ID = MimeiId(bytes(range(20)))
NAME = id_text(ID)
VERSION = Cid.of(DAG_CBOR, b"version")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (NAME, None),
        (f"{NAME}@cur", "cur"),
        (f"{NAME}@last", "last"),
        (f"{NAME}@release", "release"),
        (f"{NAME}@0", 0),
        (f"{NAME}@12", 12),
        (f"{NAME}@{'9' * 18}", 10**18 - 1),
        (f"{NAME}@{VERSION}", VERSION),
    ],
)
def test_text_and_address_lead_to_each_other(text: str, version: Selector | None) -> None:
    assert parse_address(text) == Address(ID, version)
    assert str(parse_address(text)) == text


def test_a_dot_separates_where_an_at_sign_is_taken() -> None:
    assert parse_address(f"{NAME}.3", separator=".") == Address(ID, 3)


@pytest.mark.parametrize(
    "text",
    ["", "cur", "@cur", NAME[:-1], NAME.upper(), f"{NAME} ", f"{NAME}\n", f"{NAME}.3", f"/{NAME}"],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(NotAnAddress, match="the id is not 32 characters") as caught:
        parse_address(text)
    assert caught.value.code == "not-an-address"


@pytest.mark.parametrize(
    "version",
    [
        "",
        "Cur",
        "CUR",
        "latest",
        "-1",
        "+1",
        "1.0",
        "007",
        "00",
        "٣",
        "²",
        "1_0",
        " 1",
        "1\n",
        "9" * 19,
        "3@4",
        VERSION.text[:-1],
        VERSION.text.upper(),
        "@",
    ],
)
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(NotAnAddress, match="no version is called"):
        parse_address(f"{NAME}@{version}")
    with pytest.raises(NotAnAddress):
        parse_selector(version)


def test_an_error_shows_two_hundred_characters_of_what_was_given() -> None:
    with pytest.raises(NotAnAddress) as caught:
        parse_address("x" * 10_000)
    assert len(str(caught.value)) < 450
