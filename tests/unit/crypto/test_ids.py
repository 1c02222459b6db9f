"""Ids: 160 bits of a hash, and one text for each."""

import hashlib

import pytest

from leither.crypto import NotAnId, id_text, key_id, mimei_id, parse_id


def test_an_id_is_the_first_160_bits_of_the_hash() -> None:
    expected = hashlib.sha256(b"key").digest()[:20]
    assert [key_id(b"key"), mimei_id(b"key")] == [expected, expected]


@pytest.mark.parametrize(
    ("raw", "text"),
    [(bytes(20), "a" * 32), (b"\xff" * 20, "7" * 32), (bytes(range(20)), "aaaqeayeaudaocajbifqydiob4ibceqt")],
)
def test_text_and_bytes_lead_to_each_other(raw: bytes, text: str) -> None:
    assert (id_text(raw), parse_id(text)) == (text, raw)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a" * 31,
        "a" * 33,
        "A" * 32,
        "a" * 31 + "1",
        "a" * 31 + "0",
        "a" * 31 + "=",
        "a" * 31 + "\n",
        "a" * 32 + "\n",
        "é" * 32,
        "\u0131" * 32,
    ],
)
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotAnId) as caught:
        parse_id(text)
    assert (caught.value.code, caught.value.given) == ("not-an-id", text)


def test_an_error_shows_a_hundred_characters_of_what_was_given() -> None:
    with pytest.raises(NotAnId) as caught:
        parse_id("a" * 5_000)
    assert len(caught.value.given) == 100
