"""Genesis: the topic whose hash is the id."""

import hashlib

import pytest

from leither import limits
from leither.crypto import parse_id
from leither.mimei.genesis import KINDS, Genesis
from leither.mimei.record import NotARecord
from tests.unit.mimei.samples import AUTHOR, GENESIS, changed


def test_the_id_is_the_hash_of_the_record() -> None:
    assert GENESIS.id == hashlib.sha256(GENESIS.encode()).digest()[:20] == GENESIS.cid.digest[:20]
    assert parse_id(GENESIS.id_text) == GENESIS.id


def test_the_same_topic_is_the_same_mimei() -> None:
    again = Genesis(author=AUTHOR.public, app="notes", ext="", mark="home", type="fs")
    assert again.id == GENESIS.id


@pytest.mark.parametrize(
    "change",
    [{"app": "Notes"}, {"ext": "x"}, {"mark": "home "}, {"type": "file"}, {"salt": bytes(16)}, {"author": bytes(32)}],
)
def test_another_topic_is_another_mimei(change: dict[str, object]) -> None:
    assert Genesis.decode(changed(GENESIS, **change)).id != GENESIS.id


def test_the_types_are_these() -> None:
    assert KINDS == ("file", "db", "fs", "stream")


@pytest.mark.parametrize("kind", ["File", "", "dir", None, 1])
def test_another_type_is_refused(kind: object) -> None:
    with pytest.raises(NotARecord):
        Genesis.decode(changed(GENESIS, type=kind))


@pytest.mark.parametrize("field", ["app", "ext", "mark"])
def test_a_text_is_bounded_in_bytes(field: str) -> None:
    limit = getattr(limits, f"{field.upper()}_BYTES_MAX")
    assert getattr(Genesis.decode(changed(GENESIS, **{field: "x" * limit})), field) == "x" * limit
    for text in ("x" * (limit + 1), "é" * (limit // 2 + 1)):
        with pytest.raises(NotARecord):
            Genesis.decode(changed(GENESIS, **{field: text}))


@pytest.mark.parametrize("text", ["", "\0", "e\u0301", "\u202e", "/../"])
def test_any_unicode_is_a_mark_as_it_is_given(text: str) -> None:
    assert Genesis.decode(changed(GENESIS, mark=text)).mark == text


@pytest.mark.parametrize("size_bytes", [0, 15, 17])
def test_a_salt_has_sixteen_bytes(size_bytes: int) -> None:
    with pytest.raises(NotARecord):
        Genesis.decode(changed(GENESIS, salt=bytes(size_bytes)))


@pytest.mark.parametrize("size_bytes", [0, 20, 31, 33])
def test_the_author_is_a_whole_key(size_bytes: int) -> None:
    with pytest.raises(NotARecord):
        Genesis.decode(changed(GENESIS, author=bytes(size_bytes)))
