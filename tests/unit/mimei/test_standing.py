"""What counts of a writer: all of one that stands, and of one that was cut off what came before."""

from __future__ import annotations

import msgspec
import pytest

from leither.codec import Cid
from leither.crypto import KeyPair
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.head import Head, Release
from leither.mimei.standing import heads_that_count, versions_that_count
from leither.mimei.version import Seen, Version
from tests.unit.mimei.samples import AUTHOR, GENESIS, cid

DESK, PHONE = KeyPair(b"\7" * 32), KeyPair(b"\x08" * 32)


def version(name: str, by: KeyPair | None, *parents: Version, **seen: int) -> Version:
    """A version whose `seen` counts the desk as writer 1 and the phone as writer 2."""
    return Version(
        mimei=GENESIS.id,
        n=max((parent.n for parent in parents), default=-1) + 1,
        content=cid(name),
        side=cid("side"),
        salt=bytes(16),
        size_bytes=0,
        parents=tuple(sorted(parent.cid for parent in parents)),
        seen=tuple(Seen({"desk": 1, "phone": 2}[who], seq) for who, seq in sorted(seen.items())),
        by=by.public if by else None,
    )


def head(by: KeyPair, seq: int, tip: Version, **more: object) -> Head:
    return msgspec.structs.replace(Head(mimei=GENESIS.id, epoch=0, seq=seq, tip=tip.cid, by=by.public), **more)


FIRST = version("first", PHONE, phone=1)
ACCEPTED = version("accepted", PHONE, FIRST, phone=2)
REFUSED = version("refused", PHONE, ACCEPTED, phone=3)
OWN = version("own", DESK, ACCEPTED, desk=1, phone=2)
LAST = head(PHONE, 2, ACCEPTED)


def control(*, cut: bool = True, dropped: tuple[Cid, ...] = (), rights: int = 511) -> Control:
    return Control(
        genesis=GENESIS.cid,
        created=0,
        epoch=1,
        right=0,
        writers=(WriterEntry(1, DESK.public, rights), WriterEntry(2, PHONE.public, 511)),
        cut=(Cut(2, 2, LAST.cid),) if cut else (),
        dropped=tuple(sorted(dropped)),
        by=AUTHOR.public,
    )


def counting(
    *versions: Version,
    heads: dict[int, Head],
    decides: Control | None = None,
    remade: frozenset[Cid] = frozenset(),
    here: tuple[Version, ...] = (),
) -> set[Version]:
    """Which of the versions count."""
    by_cid = {one.cid: one for one in versions}
    elsewhere = {one.cid: one for one in here}
    found = versions_that_count(decides or control(), heads, by_cid, remade=remade, read=elsewhere.get)
    return {by_cid[one] for one in found}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_a_writer_that_stands_the_newest_head_comes_last(order: tuple[int, int]) -> None:
    held, came = (head(DESK, seq, OWN) for seq in order)
    assert heads_that_count(control(), 1, held=held, came=came, accepted=None)[-1].seq == 2


def test_of_a_writer_that_was_cut_off_the_accepted_head_counts_alone() -> None:
    older, newer = head(PHONE, 1, FIRST), head(PHONE, 1 << 52, REFUSED)
    assert heads_that_count(control(), 2, held=older, came=newer, accepted=LAST) == [LAST]


def test_until_the_accepted_head_is_here_only_what_was_known_before_counts() -> None:
    older = head(PHONE, 1, FIRST)
    assert heads_that_count(control(), 2, held=older, came=None, accepted=None) == [older]
    assert heads_that_count(control(), 2, held=None, came=older, accepted=None) == []
    assert heads_that_count(control(), 2, held=head(PHONE, 2, REFUSED), came=None, accepted=None) == []


def test_without_a_cut_every_version_counts() -> None:
    assert counting(FIRST, REFUSED, heads={}, decides=control(cut=False)) == {FIRST, REFUSED}


def test_what_leads_to_the_accepted_head_counts_and_what_comes_after_does_not() -> None:
    assert counting(FIRST, ACCEPTED, REFUSED, heads={2: LAST}) == {FIRST, ACCEPTED}


def test_another_history_of_the_same_length_does_not_count() -> None:
    forged = version("forged", PHONE, FIRST, phone=2)
    assert counting(FIRST, ACCEPTED, forged, heads={2: LAST}) == {FIRST, ACCEPTED}


def test_what_a_standing_writer_built_on_counts() -> None:
    built = version("built", DESK, REFUSED, desk=1, phone=3)
    assert counting(FIRST, ACCEPTED, REFUSED, built, heads={2: LAST, 1: head(DESK, 1, built)}) == {
        FIRST,
        ACCEPTED,
        REFUSED,
        built,
    }


def test_what_a_version_that_is_here_already_was_built_on_counts() -> None:
    built = version("built", DESK, REFUSED, desk=1, phone=3)
    assert counting(FIRST, ACCEPTED, REFUSED, heads={1: head(DESK, 1, built)}, here=(built,)) == {
        FIRST,
        ACCEPTED,
        REFUSED,
    }


def test_what_a_standing_writer_released_counts_if_it_may_release() -> None:
    released = head(DESK, 1, OWN, release=Release(REFUSED.cid, 1))
    versions = (FIRST, ACCEPTED, REFUSED, OWN)
    assert counting(*versions, heads={1: released}) == {*versions}
    assert REFUSED not in counting(*versions, heads={1: released}, decides=control(rights=8))


def test_a_merge_that_only_the_cut_writer_vouches_for_does_not_count() -> None:
    merge = version("merge", None, ACCEPTED, OWN, desk=1, phone=2)
    over = version("over", PHONE, merge, desk=1, phone=3)
    heads = {1: head(DESK, 1, OWN), 2: LAST}
    assert counting(FIRST, ACCEPTED, OWN, merge, over, heads=heads) == {FIRST, ACCEPTED, OWN}


def test_a_merge_that_was_made_again_counts_if_all_that_it_joins_does() -> None:
    merge, bad = version("m", None, ACCEPTED, OWN, desk=1, phone=2), version("b", None, REFUSED, OWN, desk=1, phone=3)
    remade = frozenset([merge.cid, bad.cid])
    found = counting(FIRST, ACCEPTED, REFUSED, OWN, merge, bad, heads={1: head(DESK, 1, OWN), 2: LAST}, remade=remade)
    assert found == {FIRST, ACCEPTED, OWN, merge}


def test_what_a_deletion_left_behind_counts_by_its_place() -> None:
    """The author deleted ACCEPTED, so nothing leads to FIRST any more."""
    heads, decides = {1: head(DESK, 1, OWN)}, control(dropped=(ACCEPTED.cid,))
    assert counting(FIRST, OWN, heads=heads) == {OWN}
    assert counting(FIRST, OWN, REFUSED, heads=heads, decides=decides) == {FIRST, OWN}


def test_of_two_left_behind_in_one_place_one_counts() -> None:
    forged = version("forged", PHONE, phone=1)
    decides = control(dropped=(ACCEPTED.cid,))
    found = counting(FIRST, forged, OWN, heads={1: head(DESK, 1, OWN)}, decides=decides)
    assert found == {OWN, min(FIRST, forged, key=lambda one: one.cid)}
    kept = counting(FIRST, forged, OWN, heads={1: head(DESK, 1, OWN), 2: head(PHONE, 1, FIRST)}, decides=decides)
    assert kept == {OWN, FIRST}
