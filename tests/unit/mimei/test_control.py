"""Control: who writes, what everyone may do, and what has been cut off."""

import pytest

from leither import limits
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.record import NotARecord
from tests.unit.mimei.samples import AUTHOR, CONTROL, STRANGER, WRITER, changed, cid

KEY = WRITER.public


def refused(**fields: object) -> str:
    with pytest.raises(NotARecord) as caught:
        Control.decode(changed(CONTROL, **fields))
    return caught.value.reason


def test_a_writer_is_found_by_its_key() -> None:
    assert CONTROL.writer(STRANGER.public) == WriterEntry(7, STRANGER.public, 8)
    assert CONTROL.writer(AUTHOR.public) is None


def test_a_cut_is_found_by_its_number() -> None:
    assert CONTROL.cut_of(3) == Cut(3, 12, cid("last head of 3"))
    assert CONTROL.cut_of(1) is None


def test_a_following_control_names_the_one_before_and_is_unsigned() -> None:
    after = CONTROL.following(epoch=3, quota=None)
    assert (after.prev, after.epoch, after.quota, after.sig) == (CONTROL.cid, 3, None, None)
    assert Control.decode(after.signed(AUTHOR).encode()).check().writers == CONTROL.writers


def test_every_field_may_be_given() -> None:
    whole = changed(
        CONTROL,
        org=bytes(20),
        key_epoch=0,
        quota=0,
        revoked=cid("root"),
        ipns=bytes(32),
        fresh_until=limits.TIME_MS_MAX,
    )
    assert Control.decode(whole).encode() == whole


@pytest.mark.parametrize("right", [1 << 9, 1 << 25, 1 << 40])
def test_a_reserved_bit_of_the_right_is_refused(right: int) -> None:
    assert refused(right=right) == "reserved bits are set"


@pytest.mark.parametrize("rights", [1 << 9, 1 << 16, 1 << 40])
def test_a_reserved_bit_of_a_writers_rights_is_refused(rights: int) -> None:
    assert "reserved bits" in refused(writers=[[1, KEY, rights]])


@pytest.mark.parametrize(
    "writers",
    [[[7, KEY, 1], [1, STRANGER.public, 1]], [[1, KEY, 1], [1, STRANGER.public, 1]]],
    ids=["falling", "twice"],
)
def test_writers_are_sorted_by_number_each_once(writers: object) -> None:
    assert refused(writers=writers) == "writers are not sorted by number"


def test_a_key_has_one_writer_number() -> None:
    assert refused(writers=[[1, KEY, 1], [2, KEY, 1]]) == "a key has two writer numbers"


def test_cuts_are_sorted_by_number_each_once() -> None:
    twice = [[3, 1, cid("a")], [3, 2, cid("b")]]
    assert refused(cut=twice) == "cut are not sorted by number"


def test_dropped_versions_are_sorted_each_once() -> None:
    assert refused(dropped=list(reversed(CONTROL.dropped))) == "dropped versions are not sorted"
    assert refused(dropped=[cid("a"), cid("a")]) == "dropped versions are not sorted"


@pytest.mark.parametrize(
    "writers",
    [
        [],
        [[0, KEY, 1]],
        [[1 << 32, KEY, 1]],
        [[1, KEY[:-1], 1]],
        [[1, KEY]],
        [[1, KEY, 1, 0]],
        [{"number": 1, "key": KEY, "rights": 1}],
        None,
        [None],
    ],
)
def test_a_malformed_list_of_writers_is_refused(writers: object) -> None:
    refused(writers=writers)


def test_more_writers_than_the_limit_are_refused() -> None:
    writers = [[number, number.to_bytes(32, "big"), 0] for number in range(1, limits.WRITERS_MAX + 2)]
    assert len(Control.decode(changed(CONTROL, writers=writers[:-1])).writers) == limits.WRITERS_MAX
    assert "length" in refused(writers=writers)


def test_more_dropped_versions_than_the_limit_are_refused() -> None:
    dropped = sorted(cid(str(number)) for number in range(limits.DROPPED_MAX + 1))
    assert len(Control.decode(changed(CONTROL, dropped=dropped[:-1])).dropped) == limits.DROPPED_MAX
    assert "length" in refused(dropped=dropped)


@pytest.mark.parametrize("field", ["created", "fresh_until"])
def test_a_time_past_the_year_9999_is_refused(field: str) -> None:
    assert "Expected `int" in refused(**{field: limits.TIME_MS_MAX + 1})


@pytest.mark.parametrize("seq", [0, limits.MAP_SEQ_MAX + 1])
def test_a_cut_names_a_sequence_number_that_a_head_can_have(seq: int) -> None:
    refused(cut=[[3, seq, cid("a")]])
