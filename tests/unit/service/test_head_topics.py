"""News of public MiMei over topics: who hears of it, and what is not passed on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.head import Head
from leither.people import Act
from leither.people import right as rights
from leither.ports import Known, TopicMessage, Verdict
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.head_topics import topic_of
from leither.service.sync_node import SyncNode
from leither.testing.node import memory_engines
from leither.testing.suites.network import until
from leither.wire.sync_messages import Done, News
from tests.unit.service.following_world import Node
from tests.unit.service.life import held, made, put
from tests.unit.service.syncing import take
from tests.unit.service.test_following import PUBLIC


def site(engines: Engines, *, right: int = PUBLIC) -> MimeiId:
    mimei = made(engines)
    put(engines, mimei, "a", b"1")
    backup(engines, mimei)
    Catalog(engines).change_control(mimei, right=right)
    return mimei


def hears(node: Node, mimei: MimeiId) -> bool:
    return topic_of(mimei) in node.network._topics


def listen(node: Node, mimei: MimeiId, heard: list[TopicMessage]) -> None:
    """Note what comes over a topic."""

    def hear(message: TopicMessage) -> Verdict:
        heard.append(message)
        return Verdict.IGNORE

    node.network.subscribe(topic_of(mimei), hear)


def test_who_is_not_connected_with_a_holder_hears_of_a_new_version(node: Callable[..., Node]) -> None:
    desk, bobs, eves = node("desk"), node("bob's", person="bob"), node("eve's", person="eve")
    mimei = site(desk.engines)
    for one in (bobs, eves):
        one.follow(mimei, desk)
        one.until(lambda one=one: one.shows(mimei) == {"a": b"1"})  # type: ignore[misc]
        until(partial(hears, one, mimei), what="its topic")
    eves.network.connect(Known(bobs.network.peer_id, ()))
    eves.network.disconnect(desk.network.peer_id)
    desk.network._hub.settle()
    put(desk.engines, mimei, "a", b"2")
    backup(desk.engines, mimei)
    eves.until(lambda: eves.shows(mimei) == {"a": b"2"})
    assert eves.network.scores == bobs.network.scores == {}


def test_a_topic_is_heard_as_long_as_the_mimei_is_followed_and_public(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = site(desk.engines)
    phone.follow(mimei, desk)
    until(lambda: hears(phone, mimei), what="its topic")
    Catalog(desk.engines).change_control(mimei, right=0)
    until(lambda: not hears(phone, mimei), what="its topic being left")
    Catalog(desk.engines).change_control(mimei, right=PUBLIC)
    until(lambda: hears(phone, mimei), what="its topic")
    phone.following.close()
    assert not hears(phone, mimei)


@pytest.mark.parametrize("private", [False, True])
def test_of_what_is_not_public_nothing_is_told(node: Callable[..., Node], private: bool) -> None:
    desk, eves = node("desk"), node("eve's", person="eve")
    heard: list[TopicMessage] = []
    mimei = Catalog(desk.engines).create(kind="fs", mark="own", private=private)[0].id
    listen(eves, mimei, heard)
    eves.network.connect(Known(desk.network.peer_id, ()))
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    other = site(desk.engines, right=rights.pack(everyone=Act.READ_VERSIONS))
    listen(eves, other, heard)
    put(desk.engines, other, "a", b"2")
    backup(desk.engines, other)
    until(lambda: bool(heard), what="news")
    assert {message.topic for message in heard} == {topic_of(other)}


def news_of(engines: Engines, mimei: MimeiId) -> News:
    row = held(engines, mimei).row
    return News(head=engines.blocks.get(Cid(row.head)), control=Cid(row.control))


@pytest.fixture
def follower(desk: Engines, stranger: Engines) -> tuple[MimeiId, SyncNode]:
    """Somebody else's node that has a MiMei, and what judges news of it there."""
    mimei = site(desk)
    take(stranger, desk, mimei)
    return mimei, SyncNode(stranger)


def judged(follower: tuple[MimeiId, SyncNode], news: bytes) -> Verdict:
    mimei, node = follower
    verdict, _ = node.judge(mimei, "somebody", news)  # type: ignore[arg-type]
    return verdict


def test_a_newer_head_of_a_writer_goes_on_and_a_known_one_does_not(
    follower: tuple[MimeiId, SyncNode], desk: Engines
) -> None:
    mimei, _ = follower
    assert judged(follower, news_of(desk, mimei).encode()) is Verdict.IGNORE
    put(desk, mimei, "a", b"2")
    backup(desk, mimei)
    assert judged(follower, news_of(desk, mimei).encode()) is Verdict.ACCEPT


def test_what_is_forged_is_rejected(follower: tuple[MimeiId, SyncNode], desk: Engines) -> None:
    mimei, _ = follower
    news = news_of(desk, mimei)
    head = msgspec.structs.replace(Head.decode(news.head), seq=99)
    eve = memory_engines(person="eve", node="eve's").identity.node
    forged = {
        "a head changed after signing": msgspec.structs.replace(news, head=head.encode()).encode(),
        "a head by who is no writer": msgspec.structs.replace(
            news, head=msgspec.structs.replace(head, by=eve.public).signed(eve).encode()
        ).encode(),
        "a head of another MiMei": msgspec.structs.replace(
            news, head=msgspec.structs.replace(head, mimei=bytes(20)).signed(desk.identity.node).encode()
        ).encode(),
        "no news": Done().encode(),
        "nonsense": b"nonsense",
    }
    assert {name: judged(follower, data) for name, data in forged.items()} == dict.fromkeys(forged, Verdict.REJECT)


def test_a_forged_head_is_not_forwarded_and_costs_who_passed_it_on(node: Callable[..., Node]) -> None:
    desk, bobs, eves = node("desk"), node("bob's", person="bob"), node("eve's", person="eve")
    mimei = site(desk.engines)
    bobs.follow(mimei, desk)
    until(lambda: hears(bobs, mimei), what="its topic")
    heard: list[TopicMessage] = []
    listen(desk, mimei, heard)
    eves.network.connect(Known(bobs.network.peer_id, ()))
    news = news_of(desk.engines, mimei)
    forged = msgspec.structs.replace(Head.decode(news.head), seq=99).encode()
    eves.network.publish(topic_of(mimei), msgspec.structs.replace(news, head=forged).encode())
    desk.network._hub.settle()
    assert bobs.network.scores[eves.network.peer_id] < 0
    assert heard == []
