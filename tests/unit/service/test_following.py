"""Following between nodes on a network in memory, with threads as a real node has them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leither.crypto import PeerId
from leither.mimei.rendezvous import rendezvous
from leither.people import Act
from leither.people import right as rights
from leither.ports import Known
from leither.ports.network_errors import AddressNotAllowed, StreamBroken
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.follow_rows import FollowRow, read_follows
from leither.service.publishing_keys import multihash
from leither.wire.sync_messages import NEWS, SYNC
from leither.wire.sync_pull import NotTold
from tests.unit.service.following_world import Node
from tests.unit.service.life import held, made, put

PUBLIC = rights.pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)


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


def test_who_may_not_be_dialled_keeps_nobody_else_from_being_found(
    node: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, mirror, phone = node("desk"), node("mirror", person="bob"), node("phone", person="carl")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    Catalog(desk.engines).change_control(mimei, right=PUBLIC)
    mirror.follow(mimei, desk)
    mirror.until(lambda: mirror.shows(mimei) == {"a": b"1"})
    desk.network.close()
    phone.network.connect(node("between", person="dora").network.addresses()[0])
    found = [Known(PeerId("far away"), ()), Known(mirror.network.peer_id, tuple(mirror.network.addresses()))]
    connect = phone.network.connect

    def dial(peer: Known | str, *, timeout_s: float = 1) -> PeerId:
        if peer == found[0]:
            raise AddressNotAllowed("/ip4/203.0.113.1/tcp/1", "off")
        return connect(peer, timeout_s=timeout_s)

    monkeypatch.setattr(phone.network, "find_providers", lambda *_, **__: found)
    monkeypatch.setattr(phone.network, "connect", dial)
    phone.follow(mimei, desk)
    phone.until(lambda: phone.shows(mimei) == {"a": b"1"})


def test_a_network_that_is_off_is_searched_only_beside_somebody(
    node: Callable[..., Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, between = node("phone"), node("between", person="dora")
    searched: list[bytes] = []

    def search(key: bytes, **_: object) -> list[Known]:
        searched.append(key)
        return []

    monkeypatch.setattr(phone.network, "find_providers", search)
    mimei = made(phone.engines)
    phone.following._seek(mimei)
    assert searched == []
    phone.network.connect(between.network.addresses()[0])
    phone.following._seek(mimei)
    assert searched == [multihash(rendezvous(mimei))]
