"""Following between nodes on a network in memory, with threads as a real node has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from leither.crypto import MimeiId
from leither.mimei.rendezvous import rendezvous
from leither.people import Act
from leither.people import right as rights
from leither.ports import Clock
from leither.ports.network_errors import StreamBroken
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines, Identity
from leither.service.follow_rows import FollowRow, read_follows
from leither.service.following import Following
from leither.service.holding import MimeiNotFound
from leither.service.publishing_keys import multihash
from leither.store import MemoryBlocks, MemoryState
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import FakeClock, SeededRandom, seed_of
from leither.wire.sync_messages import NEWS, SYNC
from leither.wire.sync_pull import NotTold
from tests.unit.service.life import held, made, put, shown

PUBLIC = rights.pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)
WAIT_S = 20


class Node:
    """A node of somebody's on a hub."""

    def __init__(
        self, hub: Hub, name: str, heard: threading.Condition, *, person: str = "ada", clock: Clock | None = None
    ) -> None:
        self.network: MemoryNetwork = hub.node(name)
        self.engines = Engines(
            blocks=MemoryBlocks(),
            state=MemoryState(),
            clock=clock or FakeClock(),
            random=SeededRandom(seed_of(name)),
            identity=Identity.of(seed_of(person), name.encode().ljust(32, b".")),
        )
        self.following = Following(self.engines, self.network)
        self.heard = heard
        self.open = ExitStack()
        self.open.enter_context(self.engines.events.watching(self._hear))
        self.open.callback(self.following.close)
        self.following.start()

    def _hear(self, _: object) -> None:
        with self.heard:
            self.heard.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that an event of one of the nodes brings about."""
        with self.heard:
            assert self.heard.wait_for(holds, WAIT_S)

    def follow(self, mimei: MimeiId, other: Node) -> None:
        self.following.follow(mimei, FollowRow((other.network.peer_id,), live=True))

    def shows(self, mimei: MimeiId) -> dict[str, bytes | str]:
        try:
            return shown(self.engines, mimei)
        except MimeiNotFound:
            return {}


@pytest.fixture
def node() -> Iterator[Callable[..., Node]]:
    """Makes nodes on one hub."""
    heard = threading.Condition()
    with Hub() as hub, ExitStack() as nodes:

        def make(name: str, *, person: str = "ada") -> Node:
            one = Node(hub, name, heard, person=person)
            nodes.enter_context(one.open)
            return one

        yield make


def test_what_is_followed_comes_and_then_every_change(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    phone.follow(mimei, desk)
    phone.until(lambda: phone.shows(mimei) == {"a": b"1"})
    put(desk.engines, mimei, "b", b"2")
    backup(desk.engines, mimei)
    phone.until(lambda: phone.shows(mimei) == {"a": b"1", "b": b"2"})


def test_two_that_follow_each_other_come_to_one_version(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    phone.follow(mimei, desk)
    phone.until(lambda: bool(phone.shows(mimei)))
    desk.follow(mimei, phone)
    for one, name in ((desk, "desk"), (phone, "phone")):
        put(one.engines, mimei, name, b"1")
        backup(one.engines, mimei)
    both = {"a": b"1", "desk": b"1", "phone": b"1"}
    desk.until(lambda: desk.shows(mimei) == both)
    phone.until(lambda: phone.shows(mimei) == both)
    phone.until(lambda: held(desk.engines, mimei).base == held(phone.engines, mimei).base)


def test_news_goes_on_through_who_follows(node: Callable[..., Node]) -> None:
    desk, bobs, eves = node("desk"), node("bob's", person="bob"), node("eve's", person="eve")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    Catalog(desk.engines).change_control(mimei, right=PUBLIC)
    bobs.follow(mimei, desk)
    bobs.until(lambda: bool(bobs.shows(mimei)))
    eves.follow(mimei, bobs)
    eves.until(lambda: bool(eves.shows(mimei)))
    put(desk.engines, mimei, "a", b"2")
    backup(desk.engines, mimei)
    eves.until(lambda: eves.shows(mimei) == {"a": b"2"})


def test_a_changed_right_is_heard_of_as_well(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    phone.follow(mimei, desk)
    phone.until(lambda: bool(phone.shows(mimei)))
    Catalog(desk.engines).change_control(mimei, right=PUBLIC)
    phone.until(lambda: held(phone.engines, mimei).control.right == PUBLIC)


def test_what_may_not_be_read_can_not_be_pulled(node: Callable[..., Node]) -> None:
    desk, eves = node("desk"), node("eve's", person="eve")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    with pytest.raises(NotTold):
        eves.following.pull(mimei, desk.network.peer_id)
    assert desk.network.scores == eves.network.scores == {}


def test_what_is_followed_is_remembered(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    phone.follow(mimei, desk)
    with phone.engines.state.read() as view:
        assert [found for found, _ in read_follows(view)] == [mimei]
    assert phone.following.unfollow(mimei)
    assert not phone.following.unfollow(mimei)
    with phone.engines.state.read() as view:
        assert list(read_follows(view)) == []


def test_who_asks_nonsense_is_thought_less_of(node: Callable[..., Node]) -> None:
    desk, eves = node("desk"), node("eve's", person="eve")
    stream = eves.network.open(desk.network.peer_id, [SYNC])
    stream.write_message(b"nonsense")
    with pytest.raises(StreamBroken):
        stream.read(1)
    assert desk.network.scores[eves.network.peer_id] < 0


def test_who_sends_news_that_is_none_is_thought_less_of(node: Callable[..., Node]) -> None:
    desk, eves = node("desk"), node("eve's", person="eve")
    eves.network.send(desk.network.peer_id, [NEWS], b"nonsense")
    desk.network._hub.settle()
    assert desk.network.scores[eves.network.peer_id] < 0


def test_who_is_asked_hears_of_news_that_the_asker_has(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    phone.follow(mimei, desk)
    phone.until(lambda: bool(phone.shows(mimei)))
    phone.following.unfollow(mimei)
    put(phone.engines, mimei, "b", b"2")
    backup(phone.engines, mimei)
    desk.following.follow(mimei, FollowRow((), live=True))
    phone.follow(mimei, desk)
    desk.until(lambda: desk.shows(mimei) == {"a": b"1", "b": b"2"})


def test_where_who_was_named_is_away_another_holder_is_found(node: Callable[..., Node]) -> None:
    desk, mirror, phone = node("desk"), node("mirror", person="bob"), node("phone", person="carl")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    Catalog(desk.engines).change_control(mimei, right=PUBLIC)
    mirror.follow(mimei, desk)
    mirror.until(lambda: mirror.shows(mimei) == {"a": b"1"})
    desk.network.close()
    between = node("between", person="dora")
    for each in (mirror, phone):
        each.network.connect(between.network.addresses()[0])
    mirror.network.provide([multihash(rendezvous(mimei))])
    phone.follow(mimei, desk)
    phone.until(lambda: phone.shows(mimei) == {"a": b"1"})
