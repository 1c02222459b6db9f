"""Finding MiMei by their id on other nodes, some of which are stale, lie, or go away."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

import msgspec
import pytest

from leither import limits
from leither.codec import Block
from leither.crypto import MimeiId
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.record import NotARecord
from leither.mimei.sight import Sight
from leither.people import GUEST, OWNER, Principal, Scope
from leither.ports import Known, PeerEvent
from leither.ports.network_errors import NetworkOff
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.holding import MimeiNotFound, within
from leither.service.resolving import NotOnNetwork, OnlyOlder, Resolving
from leither.service.resolving_quota import TooManyLookups
from leither.service.resolving_seen import Seen
from leither.testing.hub import Hub
from leither.testing.node import clock_of, counted, identity
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Standing
from tests.unit.service.life import held, put, shown
from tests.unit.service.publishing_world import meet
from tests.unit.service.resolving_world import Giver, Seeker, Twist
from tests.unit.service.syncing import take
from tests.unit.service.test_succession import rotated


@pytest.fixture
def desk(hub: Hub) -> Giver:
    """Ada's node, where she publishes."""
    return Giver(hub, "desk")


@pytest.fixture
def mirror(hub: Hub) -> Giver:
    """A node of Carol's that holds what others published."""
    return Giver(hub, "mirror", person="carol")


@pytest.fixture
def seeker(hub: Hub) -> Seeker:
    """Bob's node, which holds nothing."""
    return Seeker(hub, "seeker")


@pytest.fixture
def resolving(seeker: Seeker) -> Iterator[Resolving]:
    with ExitStack() as stack:
        yield stack.enter_context(seeker.resolving())


def replacing(old: Block, new: Block) -> list[Frame]:
    return [Block(old.cid, new.data)]


def test_what_a_neighbour_released_is_found_by_its_id_alone(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    fetched = resolving.fetch(mimei, OWNER)
    assert (fetched.arrived.state, fetched.peer) == ("added", desk.network.peer_id)
    assert shown(seeker.engines, mimei, "release") == shown(desk.engines, mimei, "release")


def test_what_was_made_under_a_former_key_is_found_as_well(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    rotated(desk.engines, "second")
    meet(desk, seeker)
    assert resolving.fetch(mimei, OWNER).arrived.state == "added"


def test_a_holder_that_is_not_connected_is_found_through_a_third_node(
    hub: Hub, desk: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    third = Giver(hub, "third", person="dora")
    meet(desk, third)
    meet(third, seeker)
    desk.say()
    assert resolving.fetch(mimei, OWNER).peer == desk.network.peer_id
    assert shown(seeker.engines, mimei, "release") == {"index.html": b"hello"}


def test_of_several_holders_the_one_that_knows_the_newest_is_believed(
    desk: Giver, mirror: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    take(mirror.engines, desk.engines, mimei)
    desk.released(text=b"newer")
    meet(mirror, seeker, desk)
    assert resolving.fetch(mimei, OWNER).peer == desk.network.peer_id
    assert shown(seeker.engines, mimei, "release")["index.html"] == b"newer"


def test_what_is_held_is_brought_up_to_date(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    resolving.fetch(mimei, OWNER)
    desk.released(text=b"newer")
    clock_of(seeker.engines).advance(limits.RESOLVED_S * 1000)
    assert resolving.fetch(mimei, OWNER).arrived.state == "updated"
    assert shown(seeker.engines, mimei, "release")["index.html"] == b"newer"


def test_what_came_a_moment_ago_is_not_asked_for_again(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    resolving.fetch(mimei, OWNER)
    asked = desk.asked
    assert resolving.fetch(mimei, OWNER).arrived.state == "unchanged"
    assert desk.asked == asked


def test_a_stale_holder_takes_nobody_back_who_has_seen_more_even_if_they_hold_nothing(
    desk: Giver, mirror: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    take(mirror.engines, desk.engines, mimei)
    desk.released(text=b"newer")
    meet(desk, seeker)
    resolving.fetch(mimei, OWNER)
    Catalog(seeker.engines).delete(mimei)
    clock_of(seeker.engines).advance(limits.RESOLVED_S * 1000)
    desk.network.close()
    meet(mirror, seeker)
    with pytest.raises(OnlyOlder, match="only as it was before"):
        resolving.fetch(mimei, OWNER)
    with pytest.raises(MimeiNotFound):
        held(seeker.engines, mimei)


def test_an_older_control_is_told_from_a_newer_one(
    desk: Giver, mirror: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    take(mirror.engines, desk.engines, mimei)
    Catalog(desk.engines).change_control(mimei, quota=1 << 30)
    meet(desk, seeker)
    resolving.fetch(mimei, OWNER)
    Catalog(seeker.engines).delete(mimei)
    clock_of(seeker.engines).advance(limits.RESOLVED_S * 1000)
    desk.network.close()
    meet(mirror, seeker)
    with pytest.raises(OnlyOlder, match="its control"):
        resolving.fetch(mimei, OWNER)


def test_a_later_control_is_taken_by_who_has_seen_an_earlier_one(
    desk: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    resolving.fetch(mimei, OWNER)
    Catalog(seeker.engines).delete(mimei)
    for quota in range(1, 4):
        Catalog(desk.engines).change_control(mimei, quota=quota << 30)
    clock_of(seeker.engines).advance(limits.RESOLVED_S * 1000)
    resolving.fetch(mimei, OWNER)
    assert held(seeker.engines, mimei).control.quota == 3 << 30


def forged_control(desk: Giver, mimei: MimeiId) -> Control:
    """A control that lets everybody do everything, signed by somebody who is not the author."""
    stranger = identity(person="mallory").person
    standing = held(desk.engines, mimei).control
    changed = msgspec.structs.replace(standing, prev=standing.cid, right=standing.right | 7, by=stranger.public)
    return msgspec.structs.replace(changed, sig=None).signed(stranger)


@pytest.mark.parametrize("what", ["control", "head", "bytes", "genesis", "nonsense"])
@pytest.mark.parametrize("alone", [True, False])
def test_who_forges_is_not_believed_loses_standing_and_keeps_nobody_from_the_truth(
    hub: Hub, desk: Giver, seeker: Seeker, resolving: Resolving, what: str, alone: bool
) -> None:
    mimei = desk.released()
    other = desk.released("other")
    liar = Giver(hub, "liar", person="mallory")
    take(liar.engines, desk.engines, mimei)
    held_there = held(liar.engines, mimei)
    control, genesis = held_there.control, held_there.genesis
    forged = forged_control(desk, mimei)

    def twist(frame: Frame) -> Iterable[Frame]:
        if what == "nonsense" and isinstance(frame, Block):
            return [Standing(mimei=other, genesis=genesis.cid, control=control.cid)]
        if what == "control" and isinstance(frame, Standing):
            return [msgspec.structs.replace(frame, control=forged.cid)]
        if what == "control" and isinstance(frame, Block) and frame.cid == control.cid:
            return [forged.block]
        if what == "genesis" and isinstance(frame, Standing):
            return [msgspec.structs.replace(frame, genesis=held(desk.engines, other).genesis.cid)]
        if what == "bytes" and isinstance(frame, Block):
            return [Block(frame.cid, frame.data[:-1] + b"\0")]
        if what == "head" and isinstance(frame, Block):
            try:
                head = Head.decode(frame.data)
            except NotARecord:
                return [frame]
            return replacing(frame, msgspec.structs.replace(head, seq=head.seq + 1000).block)
        return [frame]

    liar.twist = twist
    meet(liar, seeker)
    if alone:
        with pytest.raises(NotOnNetwork):
            resolving.fetch(mimei, OWNER)
        assert seeker.network.scores[liar.network.peer_id] < 0
        with pytest.raises(MimeiNotFound):
            held(seeker.engines, mimei)
    else:
        meet(seeker, desk)
        assert resolving.fetch(mimei, OWNER).peer == desk.network.peer_id
        assert desk.network.peer_id not in seeker.network.scores
        assert held(seeker.engines, mimei).control == held(desk.engines, mimei).control


def test_a_holder_that_goes_away_halfway_is_replaced_by_another(
    desk: Giver, mirror: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    for number in range(30):
        put(desk.engines, mimei, f"{number}", b"%d" % number * 1000)
    backup(desk.engines, mimei)
    history.release(desk.engines, mimei)
    take(mirror.engines, desk.engines, mimei)
    meet(desk, mirror, seeker)
    # Whoever is asked first is gone after a few frames, and the other one stays.
    first: list[Giver] = []

    def leaving(giver: Giver) -> Twist:
        def twist(frame: Frame) -> Iterable[Frame]:
            if isinstance(frame, Block) and not first:
                first.append(giver)
                giver.frames_left = 8
            return [frame]

        return twist

    desk.twist, mirror.twist = leaving(desk), leaving(mirror)
    resolving.fetch(mimei, OWNER)
    assert shown(seeker.engines, mimei, "release") == shown(desk.engines, mimei, "release")


def test_a_holder_that_lost_a_block_is_nobody_to_blame_and_another_gives_it(
    desk: Giver, mirror: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released(text=b"x" * 5000)
    take(mirror.engines, desk.engines, mimei)
    counted(mirror.engines).lose([mirror.root(mimei)])
    meet(mirror, desk, seeker)
    assert resolving.fetch(mimei, OWNER).peer == desk.network.peer_id
    assert seeker.network.scores == {}


def test_a_holder_that_says_nothing_holds_nobody_up_once_another_has_answered(
    hub: Hub, desk: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    mimei = desk.released()
    silent = Giver(hub, "silent", person="mallory")
    silent.twist = lambda frame: []
    meet(silent, seeker, desk)
    assert resolving.fetch(mimei, OWNER).peer == desk.network.peer_id


def test_what_nobody_has_is_told_so_and_not_looked_for_again_for_a_while(
    desk: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    meet(desk, seeker)
    nothing = MimeiId(bytes(20))
    for _ in range(5):
        with pytest.raises(NotOnNetwork):
            resolving.fetch(nothing, OWNER)
    assert desk.asked == 1
    clock_of(seeker.engines).advance(limits.ABSENT_S * 1000)
    with pytest.raises(NotOnNetwork):
        resolving.fetch(nothing, OWNER)
    assert desk.asked == 2


def test_who_insists_or_has_a_new_neighbour_looks_again(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    meet(desk, seeker)
    nothing = MimeiId(bytes(20))
    with pytest.raises(NotOnNetwork):
        resolving.fetch(nothing, OWNER)
    with pytest.raises(NotOnNetwork):
        resolving.fetch(nothing, OWNER, again=True)
    resolving._meet(PeerEvent(desk.network.peer_id, came=True))
    with pytest.raises(NotOnNetwork):
        resolving.fetch(nothing, OWNER)
    assert desk.asked == 3


def test_without_a_network_the_remedy_is_told(seeker: Seeker, resolving: Resolving) -> None:
    with pytest.raises(NetworkOff, match="leither network lan"):
        resolving.fetch(MimeiId(bytes(20)), OWNER)


def test_a_guest_causes_no_look_up(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    with pytest.raises(MimeiNotFound):
        resolving.fetch(mimei, GUEST)
    assert desk.asked == 0


def test_where_guests_may_look_they_may_do_so_so_often_a_minute(hub: Hub, desk: Giver) -> None:
    seeker = Seeker(hub, "open", for_guests=True)
    mimei = desk.released()
    meet(desk, seeker)
    with seeker.resolving() as resolving:
        assert resolving.fetch(mimei, GUEST).arrived.state == "added"
        asked = desk.asked
        refused = 0
        for number in range(500):
            with pytest.raises((NotOnNetwork, TooManyLookups)) as caught:
                resolving.fetch(MimeiId(number.to_bytes(20)), GUEST)
            refused += caught.type is TooManyLookups
        assert desk.asked - asked < limits.GUEST_LOOKUPS_PER_MINUTE
        assert refused == 500 - (desk.asked - asked)


def test_to_one_user_what_another_has_here_is_looked_for_and_missed_like_what_is_absent(
    desk: Giver, seeker: Seeker, resolving: Resolving
) -> None:
    meet(desk, seeker)
    user = seeker.engines.persons.admit(b"u" * 32)
    principal = Principal("u", Scope.OWNER, user=user.user)
    mine = Catalog(seeker.engines).create(kind="fs", mark="mine")[0].id
    told = []
    for mimei in (mine, MimeiId(bytes(20))):
        before = desk.asked
        with pytest.raises(NotOnNetwork) as caught:
            resolving.fetch(mimei, principal)
        told.append((caught.value.asked, desk.asked - before))
    assert told[0] == told[1]


def test_what_a_user_finds_belongs_to_them(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    user = seeker.engines.persons.admit(b"u" * 32)
    resolving.fetch(mimei, Principal("u", Scope.OWNER, user=user.user))
    assert held(seeker.engines, mimei).row.user == user.user


def test_a_persons_other_node_finds_what_is_private_among_the_peers_it_keeps(hub: Hub, desk: Giver) -> None:
    mimei = desk.made("diary", right=0, private=True)
    put(desk.engines, mimei, "a", b"dear")
    backup(desk.engines, mimei)
    phone = Seeker(hub, "phone", person="ada")
    meet(desk, phone)
    with phone.resolving() as resolving:
        with pytest.raises(NotOnNetwork):
            resolving.fetch(mimei, OWNER, again=True)
        phone.network.keep(Known(desk.network.peer_id, ()))
        assert resolving.fetch(mimei, OWNER, again=True).arrived.state == "added"
    assert shown(within(phone.engines, mimei), mimei, "last")["a"] == b"dear"


def test_who_asks_is_told_to_chosen_peers_alone(hub: Hub, desk: Giver) -> None:
    mimei = desk.made("diary", right=0)
    put(desk.engines, mimei, "a", b"dear")
    backup(desk.engines, mimei)
    phone = Seeker(hub, "phone", person="ada")
    meet(desk, phone)
    with phone.resolving() as resolving, pytest.raises(NotOnNetwork):
        resolving.fetch(mimei, OWNER)


def test_many_who_ask_at_once_cause_one_look_up(desk: Giver, seeker: Seeker, resolving: Resolving) -> None:
    mimei = desk.released()
    meet(desk, seeker)
    gate, entered = threading.Event(), threading.Event()

    def wait(frame: Frame) -> Iterable[Frame]:
        entered.set()
        gate.wait(10)
        return [frame]

    desk.twist = wait
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(resolving.fetch(mimei, OWNER).arrived.state)) for _ in range(6)
    ]
    threads[0].start()
    assert entered.wait(10)
    for thread in threads[1:]:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert sorted(set(found)) in (["added"], ["added", "unchanged"])
    assert desk.asked == 2  # one stream to ask, one to fetch


def test_the_table_of_what_was_seen_keeps_the_newest(seeker: Seeker) -> None:
    mimei = seeker.released()
    row = held(seeker.engines, mimei)
    seen = Seen(seeker.engines.state, places=32)
    for number in range(100):
        seen.put(MimeiId(number.to_bytes(20)), Sight.of(row.control, {}, length=number), now_ms=number)
    kept = [number for number in range(100) if seen.get(MimeiId(number.to_bytes(20))) is not None]
    assert kept == list(range(100 - len(kept), 100))
    assert 30 <= len(kept) <= 32
