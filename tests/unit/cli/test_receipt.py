"""Receipts of deletions, checked without a node."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from leither.cli.program import run
from leither.codec.record_text import record_text
from leither.crypto import KeyPair, id_text
from leither.people.erasure import Erasure
from tests.unit.cli.fake_node import FakeNode

NODE, PERSON = KeyPair(bytes(32)), KeyPair(b"\1" * 32)
MADE = Erasure(
    person=PERSON.public,
    at=1_700_000_000_000,
    mimei=(bytes(20),),
    keys=(PERSON.public,),
    blocks=3,
    bytes=2048,
    shared_blocks=1,
    shared_bytes=100,
    ended=2,
    by=NODE.public,
).signed(NODE)


def show(path: Path, *options: str) -> int:
    node = FakeNode({})
    status = run(["receipt", "show", str(path), *options], session=node.session())
    assert node.asked == []
    return status


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "receipt"
    path.write_text(text)
    return path


def test_a_receipt_says_what_was_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, record_text(MADE.encode()) + "\n")
    assert show(path, "--by", id_text(NODE.id)) == 0
    out = capsys.readouterr().out
    for part in (
        id_text(NODE.id),
        id_text(PERSON.id),
        "1 MiMei, 3 blocks of 2.0 KiB",
        "1 block of 100 bytes",
        "a" * 32,
    ):
        assert part in out
    assert show(path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["at"], told["blocks"], told["shared_bytes"]) == ("2023-11-14T22:13:20Z", 3, 100)


def test_what_was_changed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, record_text(msgspec.structs.replace(MADE, blocks=4).encode()))
    assert show(path) == 6
    assert "does not match its signer" in capsys.readouterr().err


def test_another_node_than_expected_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(written(tmp_path, record_text(MADE.encode())), "--by", id_text(PERSON.id)) == 6
    assert f"signed by {id_text(NODE.id)}" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["no receipt!", "", "AAAA"])
def test_what_is_no_receipt_is_refused(tmp_path: Path, text: str) -> None:
    assert show(written(tmp_path, text)) == 2
