"""The vectors of databases: made again, read, and held against the grammar."""

from __future__ import annotations

import json

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.db import BadDatabaseEntry, check_entry
from leither.db.position import decode
from tests.unit.db.database_cases import FOLDER, INVALID, files, text

VECTORS = {name: json.loads((FOLDER / name).read_text("utf-8")) for name in files()}


@pytest.mark.parametrize("name", files())
def test_the_vectors_are_what_would_be_made(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == text(files()[name])


def test_every_entry_that_commands_make_is_accepted_and_matches_the_grammar() -> None:
    grammar = pycddl.Schema((FOLDER.parents[1] / "format" / "database.cddl").read_text("utf-8"))
    made = [entry for case in VECTORS["commands.json"] for entry in case["entries"]]
    made += [entry for case in VECTORS["joins.json"] for entry in case["after"]]
    for key, value in made:
        check_entry(bytes.fromhex(key), bytes.fromhex(value))
        grammar.validate_cbor(cbor2.dumps([bytes.fromhex(key), bytes.fromhex(value)]))


def test_positions_sort_as_their_paths_do_and_read_back() -> None:
    positions = [bytes.fromhex(case["bytes"]) for case in VECTORS["positions.json"]]
    assert positions == sorted(positions)
    assert [[list(step) for step in decode(position)] for position in positions] == [
        case["path"] for case in VECTORS["positions.json"]
    ]


@pytest.mark.parametrize("name", INVALID)
def test_an_entry_no_command_makes_is_refused(name: str) -> None:
    key, value = INVALID[name]
    with pytest.raises(BadDatabaseEntry):
        check_entry(bytes.fromhex(key), bytes.fromhex(value))


def accepted(key: bytes, value: bytes) -> bool:
    try:
        check_entry(key, value)
    except BadDatabaseEntry:
        return False
    return True


@given(
    st.integers(0x90, 0x9F),
    st.sampled_from([b"", b"\x00\x00\x00\x01k"]),
    st.binary(max_size=40),
    st.binary(max_size=40),
)
def test_any_bytes_are_accepted_or_refused_with_the_reason(kind: int, key: bytes, rest: bytes, value: bytes) -> None:
    assert accepted(bytes((kind,)) + key + rest, b"\x80" + value) in (True, False)
