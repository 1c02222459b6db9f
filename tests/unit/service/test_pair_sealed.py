"""Private MiMei at a paired node that can't read them: kept once, whoever wants them, and never more than they were."""

from __future__ import annotations

from leither import limits
from leither.codec import Cid
from leither.codec.sealed import walk
from leither.mimei.version import Version
from leither.people import Act
from leither.ports import Fault, Stream
from leither.service import history
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car, own_ids
from leither.service.backup import backup
from leither.service.collect import check, collect
from leither.service.kept import Kept, give_up
from leither.service.pair_rows import drop_kept
from leither.service.readers import rotate
from leither.service.sealed_taking import SealedTaking
from leither.service.sync_session import SyncSession
from leither.testing.hub import Hub
from leither.testing.node import counted
from leither.wire.sync_messages import SYNC, Ask, Standing
from tests.unit.service import life
from tests.unit.service.pairing_world import Place, pair, place, settle
from tests.unit.service.syncing import carry, hello_of
from tests.unit.service.test_pair_keeping import contents, private, sealed_at, told
from tests.unit.service.test_pair_keeping import kept as kept_row_of
from tests.unit.service.test_readers import READ, shared, written


def faults(at: Place) -> list[Fault]:
    return [found for found in check(at.engines) if isinstance(found, Fault)]


def test_what_was_imported_as_well_stays_when_the_pair_is_no_more(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    assert diary not in own_ids(shelf.engines, None)
    import_car(shelf.engines, export_car(desk.engines, [diary]))
    (found,) = sealed_at(shelf)
    assert found.imported
    assert diary in own_ids(shelf.engines, None)
    shelf.pairs.unpair(desk.key)
    collect(shelf.engines)
    assert [one.id for one in sealed_at(shelf)] == [diary]
    assert faults(shelf) == []


def test_what_the_owner_gives_up_stays_for_the_pair(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    import_car(shelf.engines, export_car(desk.engines, [diary]))
    pair(hub, desk, shelf)
    assert [one.imported for one in sealed_at(shelf) if one.id == diary] == [True]
    assert give_up(shelf.engines, diary, None) == 1
    assert [one.imported for one in sealed_at(shelf) if one.id == diary] == [False]
    shelf.pairs.unpair(desk.key)
    assert sealed_at(shelf) == []


def test_it_is_kept_until_the_last_pair_of_several_lets_go(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    laptop = place(hub, "laptop", "ada")
    pair(hub, laptop, desk)
    pair(hub, shelf, laptop)
    settle(hub, desk, shelf, laptop)
    assert kept_row_of(shelf, laptop, diary) is not None
    shelf.pairs.unpair(desk.key)
    assert diary in [one.id for one in sealed_at(shelf)]
    shelf.pairs.unpair(laptop.key)
    assert sealed_at(shelf) == []
    laptop.close()


def test_versions_that_their_author_deleted_are_reclaimed_there(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk, data=b"old " * 5000)
    life.put(desk.engines, diary, "page", b"new")
    backup(desk.engines, diary)
    pair(hub, desk, shelf)
    before = max(one.size_bytes for one in sealed_at(shelf))
    history.delete_versions(desk.engines, diary, 0, 0)
    settle(hub, desk, shelf)
    (found,) = [one for one in sealed_at(shelf) if one.id == diary]
    assert len(found.versions) == 1
    assert found.size_bytes < before - 19_000
    collect(shelf.engines)
    assert sum(len(shelf.engines.blocks.get(cid)) for cid in shelf.engines.blocks.cids()) < before
    assert faults(shelf) == []


def test_readers_and_key_epochs_travel_with_it(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    reader = place(hub, "phone", "carl")
    shared(desk.engines, diary, reader.engines, acts=READ)
    rotate(desk.engines, diary)
    written(desk.engines, diary, "later", b"under another key")
    pair(hub, desk, shelf)
    collect(shelf.engines)
    desk.leave(hub)
    again = place(hub, "desk again", "ada")
    node = again.pairs.return_from(shelf.address)
    again.pairs.wishing.fetch(node, diary)
    assert contents(again, diary) == {"page": b"nobody but ada reads this sentence", "later": b"under another key"}
    collect(again.engines)
    assert faults(again) == faults(shelf) == []
    for each in (reader, again):
        each.close()


def test_a_small_change_of_something_large_is_looked_into_alone(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    for number in range(200):
        life.put(desk.engines, diary, f"{number % 10}/{number}", b"%d" % number * 500)
    backup(desk.engines, diary)
    pair(hub, desk, shelf)
    written(desk.engines, diary, "3/3", b"changed")
    counted(shelf.engines).forget_counts()
    settle(hub, desk, shelf)
    (found,) = [one for one in sealed_at(shelf) if one.id == diary]
    assert len(found.versions) == 3
    assert len(counted(shelf.engines).new) < 40
    assert found.size_bytes == sum(len(shelf.engines.blocks.get(cid)) for cid in held_by(shelf, found))


def held_by(at: Place, found: Kept) -> set[Cid]:
    return set(walk(at.engines.blocks.get, [found.shelf.genesis, *found.versions]))


def test_what_got_lost_at_the_keeper_is_told_and_brought_again(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    shelf.engines.state.write(lambda change: change.delete(b"B" + desk.engines.identity.person.id + diary))
    assert shelf.pairs.keeping.refresh() == [desk.key]
    shelf.pairs.keeping.report(desk.key)
    settle(hub, desk)
    row = told(desk, shelf, diary)
    assert row is not None
    assert row.mark == b""
    shelf.pairs.wake(desk.key)
    settle(hub, desk, shelf)
    assert diary in [one.id for one in sealed_at(shelf)]


def test_what_is_wanted_no_more_as_it_comes_is_not_kept(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    pair(hub, desk, shelf)
    diary = private(desk)
    desk.pairs.wishing.wish(shelf.key)
    hub.settle()
    reach = shelf.pairs.keeping._talk.reach

    def let_go(node: bytes) -> object:
        shelf.engines.state.write(lambda change: drop_kept(change, node, diary))
        return reach(node)

    shelf.pairs.keeping._talk.reach = let_go  # type: ignore[method-assign, assignment]
    shelf.pairs.keeping.bring(desk.key, diary)
    assert diary not in [one.id for one in sealed_at(shelf)]


def test_versions_are_told_those_below_before_those_above(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    for number in range(5):
        written(desk.engines, diary, "page", b"%d" % number)
    pair(hub, desk, shelf)
    session = SyncSession(shelf.engines, desk.key)
    list(session.receive(hello_of(desk.engines)))
    standing = next(frame for frame in session.receive(Ask(mimei=diary)) if isinstance(frame, Standing))
    forms = {each.version: place for place, each in enumerate(standing.versions)}
    opened = life.held(desk.engines, diary).engines
    numbers = [opened.blocks.open(form).cid for form in forms]  # type: ignore[attr-defined]
    assert len(numbers) == 6
    below = [opened.record(Version, cid).n for cid in numbers]
    assert below == sorted(below)


def test_who_becomes_a_reader_has_it_opened_and_the_pair_s_copy_is_that(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    pair(hub, desk, shelf)
    shared(desk.engines, diary, shelf.engines, acts=Act.READ_CUR | Act.READ_VERSIONS)
    import_car(shelf.engines, export_car(desk.engines, [diary]))
    settle(hub, desk, shelf)
    assert contents(shelf, diary) == {"page": b"nobody but ada reads this sentence"}
    written(desk.engines, diary, "more", b"and more")
    settle(hub, desk, shelf)
    row = told(desk, shelf, diary)
    assert row is not None
    assert row.mark == row.known
    assert faults(shelf) == []


def test_a_sweep_while_it_comes_takes_nothing_that_is_counted_on(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    diary = private(desk)
    for number in range(60):
        life.put(desk.engines, diary, f"{number}", b"%d" % number * 500)
    backup(desk.engines, diary)
    pair(hub, desk, shelf)
    shelf.pairs.unpair(desk.key)
    assert sealed_at(shelf) == []
    written(desk.engines, diary, "one more", b"later")
    taking = SealedTaking(shelf.engines, diary, author=None, wanted=lambda *_: None, hello=hello_of(shelf.engines))
    carry(taking, shelf.engines, desk.engines, lambda: collect(shelf.engines))
    assert taking.kept is not None
    assert len(taking.kept.versions) == 3
    assert faults(shelf) == []


def test_a_paired_node_that_tells_nonsense_is_thought_less_of(hub: Hub, two: tuple[Place, Place]) -> None:
    desk, shelf = two
    pair(hub, desk, shelf)
    diary = private(desk)
    desk.pairs.wishing.wish(shelf.key)
    hub.settle()

    def lie(stream: Stream) -> None:
        stream.read_message()
        stream.write_message(b"nonsense")

    desk.network.serve(SYNC, lie)
    shelf.pairs.keeping.bring(desk.key, diary)
    row = kept_row_of(shelf, desk, diary)
    assert row is not None
    assert row.reason == "bad-sync-frame"
    assert shelf.network.scores[desk.network.peer_id] == -limits.FOLLOW_BAD_POINTS
