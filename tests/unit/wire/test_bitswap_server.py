"""What a node gives to whom: turns, bounds, and what is said of a block that is not here."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import RAW, Cid
from leither.wire.bitswap_message import Name, Want, name_of
from leither.wire.bitswap_server import (
    Arrived,
    Asked,
    BitswapServer,
    Blame,
    Effect,
    Event,
    Found,
    Gone,
    LookUp,
    Send,
    Sent,
)

MIB = 1 << 20


def name(number: int) -> Name:
    return name_of(Cid.of(RAW, b"block %d" % number))


def want(number: int, *, only_have: bool = False, tell: bool = True, priority: int = 1) -> Want:
    return Want(name(number), priority, only_have=only_have, send_dont_have=tell)


class Desk:
    """A server whose lookups are answered at once; what it sends waits in `sent` until `written`."""

    def __init__(self, held: dict[Name, int] | None = None) -> None:
        self.server = BitswapServer()
        self.held = held or {}
        self.sent: list[Send] = []
        self.blamed: list[Blame] = []
        self.looked_up: Counter[Name] = Counter()
        self.now_s = 0.0

    def feed(self, event: Event) -> None:
        pending: list[Effect] = self.server.receive(event, self.now_s)
        while pending:
            effect = pending.pop(0)
            match effect:
                case LookUp(peer, names):
                    self.looked_up.update(names)
                    sizes = {each: self.held.get(each) for each in names}
                    pending += self.server.receive(Found(peer, sizes), self.now_s)
                case Send():
                    self.sent.append(effect)
                case Blame():
                    self.blamed.append(effect)

    def ask(self, peer: str, *wants: Want, full: bool = False) -> None:
        self.feed(Asked(peer, wants, full))

    def written(self, peer: str) -> None:
        self.feed(Sent(peer))

    def only_sent(self) -> Send:
        (send,) = self.sent
        return send


def test_a_block_that_is_wanted_and_here_is_sent() -> None:
    desk = Desk({name(1): 5000})
    desk.ask("ada", want(1))
    assert desk.only_sent() == Send("ada", (name(1),), (), ())


def test_who_asks_whether_a_large_block_is_here_is_told_so() -> None:
    desk = Desk({name(1): 5000})
    desk.ask("ada", want(1, only_have=True))
    assert desk.only_sent() == Send("ada", (), (name(1),), ())


def test_who_asks_whether_a_small_block_is_here_is_sent_it() -> None:
    desk = Desk({name(1): limits.BITSWAP_INSTEAD_OF_HAVE_BYTES})
    desk.ask("ada", want(1, only_have=True))
    assert desk.only_sent() == Send("ada", (name(1),), (), ())


def test_who_wants_to_be_told_that_a_block_is_not_here_is_told_once() -> None:
    desk = Desk()
    desk.ask("ada", want(1), want(2, tell=False))
    assert desk.only_sent() == Send("ada", (), (), (name(1),))
    desk.written("ada")
    desk.feed(Arrived(everything=True))
    assert len(desk.sent) == 1


def test_a_block_that_arrives_later_is_sent_to_who_still_wants_it() -> None:
    desk = Desk()
    desk.ask("ada", want(1, tell=False))
    desk.ask("bob", want(1, tell=False))
    desk.ask("bob", Want(name(1), cancel=True))
    desk.held[name(1)] = 10
    desk.feed(Arrived((name(1),)))
    assert desk.only_sent() == Send("ada", (name(1),), (), ())


def test_what_became_visible_is_sent_to_who_still_wants_it() -> None:
    desk = Desk()
    desk.ask("ada", want(1, tell=False))
    desk.held[name(1)] = 10
    desk.feed(Arrived(everything=True))
    assert desk.only_sent().blocks == (name(1),)


def test_a_full_list_takes_the_place_of_what_was_wanted_before() -> None:
    desk = Desk()
    desk.ask("ada", want(1, tell=False), want(2, tell=False))
    desk.ask("ada", want(3, tell=False), full=True)
    assert desk.server.wants_of("ada") == (name(3),)


def test_asking_whether_a_block_is_here_does_not_undo_that_it_is_wanted() -> None:
    desk = Desk()
    desk.ask("ada", want(1, tell=False))
    desk.ask("ada", want(1, only_have=True, tell=False))
    desk.held[name(1)] = 5000
    desk.feed(Arrived((name(1),)))
    assert desk.only_sent().blocks == (name(1),)


def test_the_most_urgent_is_sent_first() -> None:
    desk = Desk({name(number): MIB for number in range(3)})
    desk.ask("ada", want(0, priority=1), want(1, priority=9), want(2, priority=5))
    for _ in range(3):
        desk.written("ada")
    assert [send.blocks for send in desk.sent] == [(name(1),), (name(2),), (name(0),)]


def test_small_blocks_go_together_and_a_large_one_alone() -> None:
    desk = Desk({name(number): 100_000 for number in range(20)} | {name(20): 2 * MIB})
    desk.ask("ada", *[want(number) for number in range(21)])
    for _ in range(5):
        desk.written("ada")
    assert [len(send.blocks) for send in desk.sent] == [10, 10, 1]


def test_one_message_at_a_time_is_on_its_way_to_a_peer() -> None:
    desk = Desk({name(number): MIB for number in range(3)})
    desk.ask("ada", *[want(number) for number in range(3)])
    assert len(desk.sent) == 1
    desk.written("ada")
    assert len(desk.sent) == 2


def test_who_asks_for_one_block_does_not_wait_for_who_asks_for_a_thousand() -> None:
    room = limits.BITSWAP_SENDING_BYTES_MAX // MIB
    desk = Desk({name(number): MIB for number in range(1100)})
    for number in range(room):
        desk.ask(f"greedy {number}", *[want(each) for each in range(1000)])
    assert len(desk.sent) == room
    desk.ask("modest", want(1001))
    desk.written("greedy 0")
    assert desk.sent[-1] == Send("modest", (name(1001),), (), ())


def test_those_who_want_much_are_given_alike() -> None:
    desk = Desk({name(number): MIB for number in range(1000)})
    peers = [f"peer {number}" for number in range(40)]
    for peer in peers:
        desk.ask(peer, *[want(each) for each in range(900)])
    chance = random.Random(7)
    on_way = list(desk.sent)
    for _ in range(2000):
        done = on_way.pop(chance.randrange(len(on_way)))
        before = len(desk.sent)
        desk.written(done.peer)
        on_way += desk.sent[before:]
    given_to = Counter(send.peer for send in desk.sent)
    assert max(given_to.values()) - min(given_to[peer] for peer in peers) <= 2


def test_no_more_bytes_are_on_their_way_than_may_be() -> None:
    desk = Desk({name(number): MIB for number in range(100)})
    for number in range(100):
        desk.ask(f"peer {number}", want(number))
    assert len(desk.sent) == limits.BITSWAP_SENDING_BYTES_MAX // MIB


def test_who_only_asks_is_answered_although_many_bytes_are_on_their_way() -> None:
    desk = Desk({name(number): MIB for number in range(100)})
    for number in range(100):
        desk.ask(f"peer {number}", want(number))
    desk.ask("asks", want(5, only_have=True))
    assert desk.sent[-1] == Send("asks", (), (name(5),), ())


def test_a_list_that_is_too_long_costs_the_peer_and_the_rest_is_told_to_be_not_here() -> None:
    desk = Desk()
    desk.ask("ada", *[want(number, tell=number >= 1024) for number in range(1500)])
    assert len(desk.server.wants_of("ada")) == limits.BITSWAP_WANTS_MAX
    assert len(desk.only_sent().dont_haves) == 1500 - limits.BITSWAP_WANTS_MAX
    assert len(desk.blamed) == 1


def test_who_asks_without_end_is_looked_up_for_no_more_than_the_bound() -> None:
    desk = Desk()
    for _ in range(100):
        desk.ask("ada", *[want(number) for number in range(500)])
    assert desk.looked_up.total() <= limits.BITSWAP_LOOKUPS_MAX
    assert desk.blamed
    desk.now_s = 10.0
    before = desk.looked_up.total()
    desk.ask("ada", *[want(number) for number in range(500)])
    assert desk.looked_up.total() == before + 500


def test_who_reads_nothing_makes_nothing_pile_up() -> None:
    desk = Desk()
    for turn in range(50):
        desk.now_s += 10
        desk.ask("ada", *[want(1000 * turn + number) for number in range(1000)], full=True)
    assert len(desk.sent) == 1
    desk.written("ada")
    assert len(desk.sent[-1].dont_haves) <= limits.BITSWAP_WANTS_MAX


def test_the_peers_that_are_remembered_are_bounded() -> None:
    desk = Desk()
    for number in range(limits.BITSWAP_PEERS_MAX + 10):
        desk.ask(f"peer {number}", want(1, tell=False))
    assert desk.server.wants_of("peer 0") == ()
    assert desk.server.wants_of(f"peer {limits.BITSWAP_PEERS_MAX}") == (name(1),)


def test_a_peer_that_is_gone_leaves_nothing_behind() -> None:
    desk = Desk({name(number): MIB for number in range(3)})
    desk.ask("ada", want(0), want(1), want(9, tell=False))
    desk.feed(Gone("ada"))
    assert desk.server.wants_of("ada") == ()
    desk.held[name(9)] = 1
    desk.feed(Arrived((name(9),)))
    assert len(desk.sent) == 1


PEERS = st.sampled_from(["ada", "bob", "eve"])
NUMBERS = st.integers(0, 30)
EVENTS = st.one_of(
    st.builds(
        Asked,
        PEERS,
        st.lists(st.builds(want, NUMBERS, only_have=st.booleans(), tell=st.booleans())).map(tuple),
        st.booleans(),
    ),
    st.builds(Asked, PEERS, st.lists(NUMBERS.map(lambda number: Want(name(number), cancel=True))).map(tuple)),
    st.builds(Sent, PEERS),
    st.builds(Gone, PEERS),
    st.builds(Arrived, st.lists(NUMBERS.map(name)).map(tuple), st.booleans()),
)


@given(events=st.lists(EVENTS, max_size=40), held=st.dictionaries(NUMBERS.map(name), st.integers(0, 2 * MIB)))
def test_whatever_comes_only_what_is_wanted_and_here_is_sent(events: list[Event], held: dict[Name, int]) -> None:
    desk = Desk(held)
    wanted: dict[str, set[Name]] = {}
    for event in events:
        if isinstance(event, Asked):
            wanted.setdefault(event.peer, set()).update(each.name for each in event.wants if not each.cancel)
        desk.feed(event)
    for send in desk.sent:
        assert {*send.blocks, *send.haves, *send.dont_haves} <= wanted[send.peer]
        assert {*send.blocks, *send.haves} <= held.keys()
        assert not held.keys() & set(send.dont_haves)
