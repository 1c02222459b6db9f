"""Head: where one writer stands, and which release wins."""

import itertools

import msgspec
import pytest

from leither import limits
from leither.codec import Cid
from leither.mimei.head import Head, Release, winning_release
from leither.mimei.record import NotARecord
from tests.unit.mimei.samples import HEAD, changed, cid


def standing(release: Release | None) -> Head:
    return msgspec.structs.replace(HEAD, release=release)


def test_a_first_head_has_neither_a_head_before_it_nor_a_release() -> None:
    first = Head.decode(changed(HEAD, seq=1, prev=..., release=..., sig=...))
    assert (first.prev, first.release, first.sealed) == (None, None, None)


def test_a_sealed_tip_may_stand_beside_the_plain_one() -> None:
    assert Head.decode(changed(HEAD, sealed=cid("sealed"))).sealed == cid("sealed")


@pytest.mark.parametrize("seq", [0, -1, limits.MAP_SEQ_MAX + 1])
def test_a_sequence_number_that_no_stamp_can_hold_is_refused(seq: int) -> None:
    with pytest.raises(NotARecord):
        Head.decode(changed(HEAD, seq=seq))


@pytest.mark.parametrize(
    "release", [[], [cid("a")], [cid("a"), 1, 1], [bytes(cid("a")), 1], [cid("a"), -1], {"turn": 1}]
)
def test_a_malformed_release_is_refused(release: object) -> None:
    with pytest.raises(NotARecord):
        Head.decode(changed(HEAD, release=release))


def test_the_highest_turn_wins() -> None:
    low, high = Release(cid("low"), 1), Release(cid("high"), 2)
    assert winning_release([(1, standing(low)), (9, standing(high))]) == high


def test_of_equal_turns_the_lowest_writer_number_wins() -> None:
    first, second = Release(cid("first"), 5), Release(cid("second"), 5)
    assert winning_release([(9, standing(second)), (2, standing(first))]) == first


def test_turn_0_is_a_release_too() -> None:
    assert winning_release([(1, standing(None)), (2, standing(Release(cid("a"), 0)))]) == Release(cid("a"), 0)


@pytest.mark.parametrize("heads", [[], [(1, standing(None))]])
def test_where_nobody_releases_nothing_is_released(heads: list[tuple[int, Head]]) -> None:
    assert winning_release(heads) is None


def test_the_order_of_the_heads_does_not_matter() -> None:
    heads = [(n, standing(Release(Cid(cid(str(n))), turn))) for n, turn in ((1, 1), (2, 3), (3, 3), (4, 2))]
    assert {winning_release(order) for order in itertools.permutations(heads)} == {heads[1][1].release}
