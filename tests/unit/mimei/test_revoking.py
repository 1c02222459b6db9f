"""Taking rights from a writer, for good."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.revoking import cutting_off, lowering, undone
from tests.unit.mimei.samples import CONTROL, HEAD, STRANGER, WRITER, cid


def test_a_cut_raises_the_epoch_and_names_the_last_head_by_seq_and_cid() -> None:
    cut = cutting_off(CONTROL, 1, HEAD)
    assert (cut.epoch, cut.prev, cut.sig) == (CONTROL.epoch + 1, CONTROL.cid, None)
    assert cut.cut == (Cut(1, HEAD.seq, HEAD.cid), *CONTROL.cut)
    assert Control.decode(cut.encode()) == cut


def test_a_writer_that_was_cut_off_is_only_cut_off_earlier() -> None:
    cut = cutting_off(CONTROL, 1, HEAD)
    later, earlier = (msgspec.structs.replace(HEAD, seq=HEAD.seq + step) for step in (1, -1))
    assert cutting_off(cut, 1, later).cut == cut.cut
    assert cutting_off(cut, 1, earlier).cut[0].seq == HEAD.seq - 1


def test_a_head_of_another_writer_cuts_nobody_off() -> None:
    with pytest.raises(AssertionError):
        cutting_off(CONTROL, 7, HEAD)


def test_rights_are_lowered_and_never_raised() -> None:
    lowered = lowering(CONTROL, 1, 8 | 1 << 2)
    assert [(one.number, one.rights) for one in lowered.writers] == [(1, 12), (7, 8)]
    assert lowered.epoch == CONTROL.epoch + 1
    assert lowering(lowered, 1, 511).writers == lowered.writers


def test_what_takes_more_away_undoes_nothing() -> None:
    cut = cutting_off(lowering(CONTROL, 1, 8), 1, HEAD)
    assert undone(CONTROL, cut) is None
    assert undone(CONTROL, CONTROL) is None


CHANGES: dict[str, dict[str, Any]] = {
    "it is another MiMei's": {"genesis": cid("other")},
    "it goes back from epoch 2 to 1": {"epoch": 1},
    "it takes back that writer 3 was cut off": {"cut": ()},
    "it forgets writer 7, or gives its number to another key": {"writers": (WriterEntry(1, WRITER.public, 511),)},
    "it forgets writer 1, or gives its number to another key": {
        "writers": (WriterEntry(1, STRANGER.public, 511), WriterEntry(7, WRITER.public, 511))
    },
}


@pytest.mark.parametrize("reason", CHANGES)
def test_what_can_not_be_undone_is_named(reason: str) -> None:
    assert undone(CONTROL, msgspec.structs.replace(CONTROL, **CHANGES[reason])) == reason


@pytest.mark.parametrize("cut", [Cut(3, 13, cid("last head of 3")), Cut(3, 12, cid("another head of 3"))])
def test_a_cut_is_moved_neither_later_nor_to_another_head(cut: Cut) -> None:
    assert undone(CONTROL, msgspec.structs.replace(CONTROL, cut=(cut,))) == "it takes back that writer 3 was cut off"


def test_a_cut_may_be_moved_to_an_earlier_head() -> None:
    assert undone(CONTROL, msgspec.structs.replace(CONTROL, cut=(Cut(3, 11, cid("earlier head")),))) is None
