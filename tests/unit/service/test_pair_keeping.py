"""Paired nodes keep each other's MiMei: what is brought, what a keeper can see, and how it all comes back."""

from __future__ import annotations

import msgspec
import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.people import Act
from leither.people import right as rights
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.holding import MimeiNotFound
from leither.service.kept import Kept as KeptSealed
from leither.service.kept import kept as kept_sealed
from leither.service.pair_keeping import PairQuotaReached
from leither.service.pair_marks import mark_here
from leither.service.pair_rows import KeptRow, ToldRow, change_pair, kept_row, read_kept, read_told, told_row
from leither.service.pair_talk import KeepRefused
from leither.service.person_index import index_id, own_device
from leither.testing.hub import Hub
from leither.testing.node import FakeClock, counted
from leither.wire.keep_messages import KEEP, Kept, Refused, Wish, Wished, decode
from leither.wire.sync_pull import NotTold
from tests.unit.service.life import Shown, held, put, shown
from tests.unit.service.pairing_world import Place, pair, place, settle

SECRET = b"nobody but ada reads this sentence"
PUBLIC = rights.pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)


def private(at: Place, mark: str = "diary", data: bytes = SECRET) -> MimeiId:
    mimei = Catalog(at.engines).create(kind="fs", mark=mark, private=True)[0].id
    put(at.engines, mimei, "page", data)
    backup(at.engines, mimei)
    return mimei


def public(at: Place, mark: str = "site", data: bytes = b"<h1>ada</h1>") -> MimeiId:
    mimei = Catalog(at.engines).create(kind="fs", mark=mark, right=PUBLIC)[0].id
    put(at.engines, mimei, "index.html", data)
    backup(at.engines, mimei)
    return mimei


def contents(at: Place, mimei: MimeiId) -> Shown:
    """What the last version holds, at somebody who reads it."""
    return shown(held(at.engines, mimei).engines, mimei, "last")


def told_rows(at: Place, node: bytes) -> list[tuple[MimeiId, ToldRow]]:
    with at.engines.state.read() as view:
        return list(read_told(view, node))


def kept(keeper: Place, owner: Place, mimei: MimeiId) -> KeptRow | None:
    with keeper.engines.state.read() as view:
        return kept_row(view, owner.key, mimei)


def told(owner: Place, keeper: Place, mimei: MimeiId) -> ToldRow | None:
    with owner.engines.state.read() as view:
        return told_row(view, keeper.key, mimei)


def sealed_at(at: Place, mimei: MimeiId | None = None) -> list[KeptSealed]:
    with at.engines.state.read() as view:
        return list(kept_sealed(at.engines, view, mimei))


def mark_at(at: Place, mimei: MimeiId) -> bytes:
    authors = [one.author for one in sealed_at(at, mimei)]
    with at.engines.state.read() as view:
        found = mark_here(at.engines, view, mimei, *authors)
    assert found is not None
    return found[0]


def test_what_is_there_when_nodes_pair_is_kept_by_the_other(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site = public(desk)
    pair(hub, desk, shelf)
    assert contents(shelf, site) == {"index.html": b"<h1>ada</h1>"}
    assert not held(shelf.engines, site).facts.own


def test_both_keep_for_each_other(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    one, other = public(desk, "one"), public(shelf, "other")
    pair(hub, desk, shelf)
    assert mark_at(shelf, one) == mark_at(desk, one)
    assert mark_at(desk, other) == mark_at(shelf, other)


def test_a_private_one_is_kept_sealed_and_nothing_of_it_can_be_read(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    with pytest.raises(MimeiNotFound):
        held(shelf.engines, diary)
    (found,) = sealed_at(shelf, diary)
    assert (found.author, found.imported) == (desk.engines.identity.person.id, False)
    stored = [shelf.engines.blocks.get(cid) for cid in shelf.engines.blocks.cids()]
    assert not [data for data in stored if SECRET in data or b"page" in data or b"diary" in data]
    assert mark_at(shelf, diary) == mark_at(desk, diary)


def test_a_new_version_is_brought_and_the_owner_hears_of_it(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site, diary = public(desk), private(desk)
    pair(hub, desk, shelf)
    for mimei, path in ((site, "index.html"), (diary, "page")):
        put(desk.engines, mimei, path, b"changed")
        backup(desk.engines, mimei)
    settle(hub, desk, shelf)
    for mimei in (site, diary):
        said = told(desk, shelf, mimei)
        assert said is not None
        assert said.mark == said.known == mark_at(desk, mimei)
    assert contents(shelf, site) == {"index.html": b"changed"}


def test_what_has_not_changed_is_not_asked_for_again(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site, diary = public(desk), private(desk)
    pair(hub, desk, shelf)
    assert shelf.pairs.keeping.due(desk.key) == []
    put(desk.engines, site, "index.html", b"changed")
    backup(desk.engines, site)
    desk.pairs.work()
    hub.settle()
    assert diary not in shelf.pairs.keeping.due(desk.key)


def test_a_sweep_leaves_what_is_kept_sealed_and_takes_it_when_it_is_let_go(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    private(desk)
    pair(hub, desk, shelf)
    before = set(shelf.engines.blocks.cids())
    collect(shelf.engines)
    assert not list(fault for fault in check(shelf.engines) if not hasattr(fault, "size_bytes"))
    assert len(sealed_at(shelf)) == 1
    shelf.pairs.unpair(desk.key)
    collect(shelf.engines)
    assert len(set(shelf.engines.blocks.cids())) < len(before)


def test_damage_to_what_is_kept_sealed_is_found(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    (found,) = sealed_at(shelf, diary)
    counted(shelf.engines).lose([min(found.versions)])
    assert [fault.where for fault in check(shelf.engines) if not hasattr(fault, "size_bytes")]


def test_words_alone_and_one_paired_node_bring_everything_back(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site, diary = public(desk), private(desk)
    put(desk.engines, diary, "page two", b"more")
    backup(desk.engines, diary)
    pair(hub, desk, shelf)
    wanted = {mimei: contents(desk, mimei) for mimei in (site, diary)}
    last = {mimei: held(desk.engines, mimei).base for mimei in (site, diary)}
    desk.network.close()

    again = place(hub, "desk again", "ada")
    node = again.pairs.return_from(shelf.address)
    for mimei, _ in sorted(told_rows(again, node)):
        again.pairs.wishing.fetch(node, mimei)
    assert {mimei: contents(again, mimei) for mimei in (site, diary)} == wanted
    assert {mimei: held(again.engines, mimei).base for mimei in (site, diary)} == last
    assert held(again.engines, diary).facts.own
    assert index_id(again.engines.identity.person.public) in dict(told_rows(again, node))
    put(again.engines, diary, "page three", b"and on")
    backup(again.engines, diary)
    settle(hub, shelf, again)
    assert mark_at(shelf, diary) == mark_at(again, diary)
    again.close()


def test_a_stranger_gets_nothing_of_what_is_kept(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    mallory = place(hub, "mallory", "mallory")
    with pytest.raises(KeepRefused):
        mallory.pairs.return_from(shelf.address)
    pair(hub, shelf, mallory)
    with pytest.raises(NotTold):
        mallory.pairs.wishing.fetch(shelf.key, diary)
    mallory.close()


def test_a_quota_bounds_what_is_kept_and_the_owner_is_told(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    shelf.pairing.enter(desk.pairing.show().code, desk.address, quota=5000)
    settle(hub, desk, shelf)
    big = public(desk, "big", bytes(range(256)) * 40)
    settle(hub, desk, shelf)
    row, said = kept(shelf, desk, big), told(desk, shelf, big)
    assert row is not None
    assert said is not None
    assert row.reason == said.reason == PairQuotaReached.code
    assert said.mark == b""
    change_pair(shelf.engines.state, desk.key, quota=1 << 30)
    shelf.pairs.wake(desk.key)
    settle(hub, desk, shelf)
    row = kept(shelf, desk, big)
    assert row is not None
    assert (row.reason, row.mark) == ("", mark_at(desk, big))


def test_only_what_was_chosen_is_kept(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    one, other = public(desk, "one"), private(desk, "other")
    pair(hub, desk, shelf)
    change_pair(desk.engines.state, shelf.key, everything=False, chosen=(one,))
    desk.pairs.wake(shelf.key)
    settle(hub, desk, shelf)
    with shelf.engines.state.read() as view:
        assert [mimei for mimei, _ in read_kept(view, desk.key)] == [one]
    assert sealed_at(shelf, other) == []


def test_a_node_that_was_away_is_given_what_it_missed(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site = public(desk)
    pair(hub, desk, shelf)
    hub.part([desk.network], [shelf.network])
    put(desk.engines, site, "index.html", b"while away")
    backup(desk.engines, site)
    settle(hub, desk, shelf)
    assert mark_at(shelf, site) != mark_at(desk, site)
    hub.join()
    desk.network.connect(shelf.address)
    settle(hub, desk, shelf)
    assert contents(shelf, site) == {"index.html": b"while away"}


def test_a_wish_of_a_node_that_is_not_paired_is_refused(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    stream = shelf.network.open(shelf.network.connect(desk.address), [KEEP])
    stream.write_message(Wish(device=b"-", mimei=(Wished(bytes(20), bytes(16), False),)).encode())
    answer = stream.read_message()
    assert answer is not None
    assert decode(answer) == Refused(reason="pair-not-found")
    assert shelf.network.scores == {}


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xa0",
        b"\xff" * 1000,
        Wish(device=b"-").encode(),
        Wish(device=b"-", more=True).encode(),
        Kept(device=b"-", mimei=(), more=True).encode(),
    ],
)
def test_rubbish_from_a_paired_node_changes_nothing_and_is_thought_less_of(
    hub: Hub, two: tuple[Place, Place], message: bytes
) -> None:
    desk, shelf = two
    site = public(desk)
    pair(hub, desk, shelf)
    before = kept(shelf, desk, site)
    stream = desk.network.open(desk.network.connect(shelf.address), [KEEP])
    stream.write_message(message)
    stream.close_write()
    answer = stream.read_message()
    assert answer is not None
    assert isinstance(decode(answer), Refused)
    assert kept(shelf, desk, site) == before
    assert shelf.network.scores[desk.network.peer_id] == -limits.KEEP_BAD_POINTS


def test_who_shows_a_record_that_its_person_did_not_sign_is_thought_less_of(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    pair(hub, desk, shelf)
    forged = msgspec.structs.replace(own_device(desk.engines), name="another")
    stream = desk.network.open(desk.network.connect(shelf.address), [KEEP])
    stream.write_message(Wish(device=forged.encode()).encode())
    answer = stream.read_message()
    assert answer is not None
    assert decode(answer) == Refused(reason="bad-signature")
    assert shelf.network.scores[desk.network.peer_id] == -limits.KEEP_BAD_POINTS


def test_more_wishes_than_the_limit_are_refused(
    hub: Hub, two: tuple[Place, Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, shelf = two
    pair(hub, desk, shelf)
    monkeypatch.setattr(limits, "KEPT_MAX", 1)
    stream = desk.network.open(desk.network.connect(shelf.address), [KEEP])
    wished = tuple(Wished(bytes(19) + bytes((number,)), bytes(16), False) for number in range(2))
    stream.write_message(Wish(device=desk.pairs._talk.device(), mimei=wished).encode())
    answer = stream.read_message()
    assert answer is not None
    assert decode(answer) == Refused(reason="bad-keeping")


def test_time_goes_on_for_what_is_kept(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    site = public(desk)
    pair(hub, desk, shelf)
    assert isinstance(hub.clock, FakeClock)
    hub.clock.advance(60_000)
    put(desk.engines, site, "more", b"more")
    backup(desk.engines, site)
    settle(hub, desk, shelf)
    row = kept(shelf, desk, site)
    assert row is not None
    assert row.at_ms == hub.clock.ms


def test_what_one_device_of_a_person_writes_reaches_their_other_one_through_a_keeper(
    hub: Hub, two: tuple[Place, Place]
) -> None:
    desk, shelf = two
    site, diary = public(desk), private(desk)
    pair(hub, desk, shelf)
    laptop = place(hub, "laptop", "ada")
    node = laptop.pairs.return_from(shelf.address)
    for mimei, _ in told_rows(laptop, node):
        laptop.pairs.wishing.fetch(node, mimei)
    settle(hub, desk, shelf, laptop)
    for at, path in ((desk, "spring"), (laptop, "summer")):
        for mimei in (site, diary):
            put(held(at.engines, mimei).engines, mimei, path, path.encode())
            backup(at.engines, mimei)
    settle(hub, desk, shelf, laptop)
    for mimei in (site, diary):
        assert {"spring", "summer"} <= contents(desk, mimei).keys()
        assert contents(desk, mimei) == contents(laptop, mimei)
        assert mark_at(desk, mimei) == mark_at(shelf, mimei) == mark_at(laptop, mimei)
    laptop.close()
