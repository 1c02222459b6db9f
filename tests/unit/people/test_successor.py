"""Lineage: the keys of one person, and nobody else's."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from leither import limits
from leither.codec.record import BadSignature
from leither.crypto import KeyPair, id_text, key_id
from leither.people import Successor, lineage
from leither.people.successor import KeysDiverged, TooManySuccessors

KEYS = [KeyPair(bytes([number]) * 32) for number in range(1, limits.SUCCESSORS_MAX + 4)]


def follow(*numbers: int) -> list[Successor]:
    return [Successor.make(KEYS[old], KEYS[new], at=0) for old, new in pairwise(numbers)]


def keys(*numbers: int) -> tuple[bytes, ...]:
    return tuple(KEYS[number].public for number in numbers)


def test_a_key_without_a_successor_is_alone() -> None:
    assert lineage(KEYS[0].public, []) == keys(0)


def test_keys_follow_each_other_in_whatever_order_their_records_come() -> None:
    records = follow(0, 1, 2, 3)
    assert lineage(KEYS[0].public, [*records[::-1], *records]) == keys(0, 1, 2, 3)
    assert lineage(KEYS[2].public, records) == keys(2, 3)


def test_records_of_other_people_are_passed_over() -> None:
    assert lineage(KEYS[0].public, [*follow(0, 1), *follow(5, 6)]) == keys(0, 1)


def test_two_keys_that_claim_one_place_void_the_lineage() -> None:
    with pytest.raises(KeysDiverged) as caught:
        lineage(KEYS[0].public, [*follow(0, 1), *follow(1, 2), *follow(1, 3)])
    assert caught.value.details == {"key": id_text(key_id(KEYS[1].public))}


def test_the_same_key_named_at_two_times_is_no_contradiction() -> None:
    twice = [Successor.make(KEYS[0], KEYS[1], at=at) for at in (1, 2)]
    assert lineage(KEYS[0].public, twice) == keys(0, 1)


def test_a_lineage_does_not_come_back_to_a_key_before() -> None:
    with pytest.raises(KeysDiverged):
        lineage(KEYS[0].public, follow(0, 1, 2, 0))


def test_a_record_that_the_new_key_did_not_accept_is_refused() -> None:
    made = msgspec.structs.replace(follow(0, 1)[0], accepted=bytes(64), sig=None).signed(KEYS[0])
    with pytest.raises(BadSignature):
        lineage(KEYS[0].public, [made])


def test_a_record_that_the_old_key_did_not_sign_is_refused() -> None:
    with pytest.raises(BadSignature):
        lineage(KEYS[0].public, [msgspec.structs.replace(follow(0, 1)[0], sig=bytes(64))])


def test_as_many_successors_as_there_may_be_are_followed_and_no_more() -> None:
    numbers = range(limits.SUCCESSORS_MAX + 1)
    assert lineage(KEYS[0].public, follow(*numbers)) == keys(*numbers)
    with pytest.raises(TooManySuccessors, match="more than 64 times"):
        lineage(KEYS[0].public, follow(*range(limits.SUCCESSORS_MAX + 2)))
