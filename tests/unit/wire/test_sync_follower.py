"""The schedule of what is followed: when whom is asked, and how long who failed is left alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.wire.sync_follower import (
    Blame,
    Effect,
    Event,
    Followed,
    Follower,
    Heard,
    Met,
    Outcome,
    Pull,
    Pulled,
    Seek,
    Tick,
    Unfollowed,
)

ONE = MimeiId(bytes(20))
ADA, BOB = PeerId("ada"), PeerId("bob")
PERIOD_MS = limits.FOLLOW_PERIOD_S * 1000


class Told:
    """A follower, and the time."""

    def __init__(self) -> None:
        self.follower = Follower()
        self.now_ms = 0

    def tell(self, event: Event) -> list[Effect]:
        return self.follower.receive(event, self.now_ms)

    def wait(self) -> list[Effect]:
        """Wait until time alone leads to something."""
        wake_ms = self.follower.wake_ms()
        assert wake_ms is not None
        self.now_ms = max(self.now_ms, wake_ms)
        return self.tell(Tick())


@pytest.fixture
def told() -> Told:
    return Told()


def test_what_is_followed_is_pulled_at_once_and_then_regularly(told: Told) -> None:
    assert told.tell(Followed(ONE, (ADA,))) == [Pull(ONE, ADA)]
    assert told.tell(Pulled(ONE, ADA, Outcome.CHANGED)) == []
    assert told.wait() == [Pull(ONE, ADA)]
    assert PERIOD_MS <= told.now_ms <= PERIOD_MS * 5 // 4


def test_each_source_is_asked_one_after_the_other(told: Told) -> None:
    assert told.tell(Followed(ONE, (ADA, BOB))) == [Pull(ONE, ADA)]
    assert told.tell(Pulled(ONE, ADA, Outcome.CHANGED)) == [Pull(ONE, BOB)]


def test_what_is_followed_live_is_pulled_when_there_is_news(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    told.tell(Pulled(ONE, ADA, Outcome.CHANGED))
    assert told.tell(Heard(ONE, ADA)) == [Pull(ONE, ADA)]


def test_what_is_not_followed_live_waits_a_while_for_more_news(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,)))
    told.tell(Pulled(ONE, ADA, Outcome.CHANGED))
    assert told.tell(Heard(ONE, ADA)) == []
    assert told.wait() == [Pull(ONE, ADA)]
    assert told.now_ms == limits.FOLLOW_CALM_S * 1000


def test_news_during_a_pull_leads_to_another(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    assert told.tell(Heard(ONE, ADA)) == []
    assert told.tell(Pulled(ONE, ADA, Outcome.CHANGED)) == [Pull(ONE, ADA)]


def test_news_from_somebody_new_makes_them_a_source(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    told.tell(Pulled(ONE, ADA, Outcome.CHANGED))
    assert told.tell(Heard(ONE, BOB)) == [Pull(ONE, BOB)]
    assert told.follower.sources(ONE) == (ADA, BOB)


def test_pauses_double_while_a_peer_is_away(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,)))
    pauses = []
    for _ in range(14):
        before = told.now_ms
        told.tell(Pulled(ONE, ADA, Outcome.AWAY))
        assert told.wait() == [Pull(ONE, ADA)]
        pauses.append((told.now_ms - before) // 1000)
    assert limits.FOLLOW_RETRY_S <= pauses[0] <= limits.FOLLOW_RETRY_S * 5 // 4
    assert all(earlier < later for earlier, later in pairwise(pauses[:10]))
    assert max(pauses) <= limits.FOLLOW_PAUSE_S_MAX * 5 // 4


def test_a_peer_that_comes_back_is_asked_at_once(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,)))
    told.tell(Pulled(ONE, ADA, Outcome.AWAY))
    assert told.tell(Met(ADA)) == [Pull(ONE, ADA)]


@pytest.mark.parametrize("outcome", [Outcome.DENIED, Outcome.BAD, Outcome.HELD_UP])
def test_a_peer_that_refused_or_lied_is_left_alone_whatever_it_does(told: Told, outcome: Outcome) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    effects = told.tell(Pulled(ONE, ADA, outcome))
    blamed = [Blame(ADA, limits.FOLLOW_BAD_POINTS)] if outcome is Outcome.BAD else []
    assert effects == [*blamed, *([] if outcome is Outcome.HELD_UP else [Seek(ONE)])]
    assert told.tell(Met(ADA)) == told.tell(Heard(ONE, ADA)) == []
    assert told.wait() == [Pull(ONE, ADA)]
    assert told.now_ms >= limits.FOLLOW_REFUSED_S * 1000


def test_only_so_many_pulls_go_on_at_once(told: Told) -> None:
    ids = [MimeiId(number.to_bytes(20)) for number in range(limits.FOLLOW_PULLS_MAX + 1)]
    begun = [effect for mimei in ids for effect in told.tell(Followed(mimei, (ADA,)))]
    assert len(begun) == limits.FOLLOW_PULLS_MAX
    assert told.follower.wake_ms() is None
    assert told.tell(Pulled(ids[0], ADA, Outcome.UNCHANGED)) == [Pull(ids[-1], ADA)]


def test_what_is_not_followed_any_more_is_not_pulled(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,)))
    told.tell(Unfollowed(ONE))
    assert told.tell(Pulled(ONE, ADA, Outcome.BAD)) == [Blame(ADA, limits.FOLLOW_BAD_POINTS)]
    assert told.tell(Heard(ONE, ADA)) == []
    assert told.follower.wake_ms() is None
    assert told.follower.pulls == 0


def test_sources_are_bounded(told: Told) -> None:
    many = tuple(PeerId(f"peer {number}") for number in range(limits.FOLLOW_SOURCES_MAX + 5))
    told.tell(Followed(ONE, many))
    told.tell(Heard(ONE, PeerId("another")))
    assert told.follower.sources(ONE) == many[: limits.FOLLOW_SOURCES_MAX]


def test_who_has_news_takes_the_place_of_one_that_refused(told: Told) -> None:
    many = tuple(PeerId(f"peer {number}") for number in range(limits.FOLLOW_SOURCES_MAX))
    told.tell(Followed(ONE, many, live=True))
    told.tell(Pulled(ONE, many[0], Outcome.DENIED))
    told.tell(Heard(ONE, BOB))
    assert told.follower.sources(ONE) == (*many[1:], BOB)


def test_a_chosen_one_takes_the_place_of_one_that_was_heard_of(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    strangers = [PeerId(f"stranger {number}") for number in range(limits.FOLLOW_SOURCES_MAX - 1)]
    for peer in strangers:
        told.tell(Heard(ONE, peer))
    told.tell(Heard(ONE, PeerId("too many")))
    told.tell(Followed(ONE, (BOB,), live=True))
    found = told.follower.sources(ONE)
    assert len(found) == limits.FOLLOW_SOURCES_MAX
    assert {ADA, BOB} <= set(found) <= {ADA, BOB, *strangers}


def test_others_are_sought_now_and_then_while_all_who_are_known_fail(told: Told) -> None:
    told.tell(Followed(ONE, (ADA, BOB)))
    assert Seek(ONE) not in told.tell(Pulled(ONE, ADA, Outcome.AWAY))
    assert Seek(ONE) in told.tell(Pulled(ONE, BOB, Outcome.AWAY))
    sought_ms = told.now_ms
    while True:
        effects = told.wait()
        peer = next(effect.peer for effect in effects if isinstance(effect, Pull))
        if Seek(ONE) in told.tell(Pulled(ONE, peer, Outcome.AWAY)):
            break
    assert told.now_ms >= sought_ms + limits.FOLLOW_SEEK_S * 1000
    told.tell(Heard(ONE, PeerId("cleo")))
    assert PeerId("cleo") in told.follower.sources(ONE)


def test_who_is_followed_from_nobody_is_sought_at_once(told: Told) -> None:
    assert told.tell(Followed(ONE, ())) == [Seek(ONE)]


def test_news_that_comes_to_nothing_again_and_again_is_followed_ever_later(told: Told) -> None:
    told.tell(Followed(ONE, (ADA,), live=True))
    told.tell(Pulled(ONE, ADA, Outcome.CHANGED))
    waited = []
    for _ in range(30):
        heard_ms = told.now_ms
        if not told.tell(Heard(ONE, ADA)):
            told.wait()
        waited.append(told.now_ms - heard_ms)
        told.tell(Pulled(ONE, ADA, Outcome.UNCHANGED))
    assert waited[: limits.FOLLOW_IDLE_FREE + 1] == [0] * (limits.FOLLOW_IDLE_FREE + 1)
    assert waited == sorted(waited)
    assert waited[-1] == limits.FOLLOW_IDLE_MS_MAX
    told.tell(Heard(ONE, ADA))
    told.wait()
    told.tell(Pulled(ONE, ADA, Outcome.CHANGED))
    assert told.tell(Heard(ONE, ADA)) == [Pull(ONE, ADA)]
