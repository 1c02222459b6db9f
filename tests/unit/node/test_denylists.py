"""The folder of denylists."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from leither.codec import RAW, Cid
from leither.node.denylists import DenylistFolder

BAD = Cid.of(RAW, b"bad")
RULE = f"/ipfs/{BAD}\n"


def write(folder: Path, name: str, text: str, *, at_ns: int) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    os.utime(folder / name, ns=(at_ns, at_ns))


def test_without_a_folder_nothing_is_denied(tmp_path: Path) -> None:
    assert not DenylistFolder(tmp_path / "none").denies(BAD)


def test_files_of_the_folder_count_if_they_are_called_so(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", RULE, at_ns=1)
    assert not DenylistFolder(tmp_path).denies(BAD)
    write(tmp_path, "a.deny", RULE, at_ns=1)
    assert DenylistFolder(tmp_path).denies(BAD)


def test_what_changes_in_the_folder_counts_from_the_next_look_on(tmp_path: Path) -> None:
    folder = DenylistFolder(tmp_path / "lists")
    write(tmp_path / "lists", "a.deny", RULE, at_ns=1)
    folder.check()
    assert (folder.denies(BAD), folder.generation) == (True, 1)
    folder.check()
    assert folder.generation == 1
    write(tmp_path / "lists", "b.deny", f"!{RULE}", at_ns=1)
    folder.check()
    assert (folder.denies(BAD), folder.generation) == (False, 2)
    (tmp_path / "lists" / "b.deny").unlink()
    folder.check()
    assert (folder.denies(BAD), folder.generation) == (True, 3)


def test_a_list_that_can_not_be_read_is_told_of_and_the_others_count(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "a.deny", RULE, at_ns=1)
    write(tmp_path, "b.deny", "version: 9\n---\n", at_ns=1)
    with caplog.at_level(logging.ERROR):
        assert DenylistFolder(tmp_path).denies(BAD)
    assert "denylist b.deny is not used" in caplog.text


def test_a_line_that_is_no_rule_is_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "a.deny", f"{RULE}nonsense\n", at_ns=1)
    with caplog.at_level(logging.WARNING):
        assert DenylistFolder(tmp_path).denies(BAD)
    assert "line 2 of denylist a.deny" in caplog.text


def test_it_may_be_closed_whether_it_watches_or_not(tmp_path: Path) -> None:
    for watching in (False, True):
        folder = DenylistFolder(tmp_path)
        if watching:
            folder.watch()
        folder.close()
        folder.close()
