"""A key that took the place of another signs for what was made before, and the other counts for nothing then."""

from __future__ import annotations

import msgspec
import pytest

from leither.crypto import KeyPair, MimeiId, person_key
from leither.mimei.control import Control
from leither.people import ALL, Act, Successor, Visit, visitor
from leither.people.period import Period
from leither.people.successor import KeysDiverged
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car
from leither.service.backup import backup
from leither.service.catalog import Catalog, NotTheAuthor
from leither.service.controls import ControlUndone, newer_control
from leither.service.engines import Engines, Identity
from leither.service.grants import give, keep, sign_grant
from leither.service.person_index import update_index
from leither.service.persons import Former
from leither.service.succession import needed_keys, succeed
from leither.testing.node import seed_of
from tests.unit.service.guests import BOB, EVE
from tests.unit.service.life import held, made, put

HOUR_MS = 3_600_000
THIEF = KeyPair(b"t" * 32)


def rotated(engines: Engines, name: str, *, keep_seed: bool = False) -> Engines:
    """Return the same node after its owner took a new key; the old seed is gone, unless it is to be kept."""
    identity, seed = engines.identity, seed_of(name)
    record = Successor.make(identity.person, person_key(seed), at=1)
    former = [Former(None, one.successor) for one in identity.former]
    former.append(Former(identity.seed if keep_seed else None, record))
    later = Identity(seed, person_key(seed), identity.node, tuple(former))
    made_anew = Engines(
        blocks=engines.blocks, state=engines.state, clock=engines.clock, random=engines.random, identity=later
    )
    succeed(made_anew, None)
    return made_anew


def hour_from(engines: Engines) -> Period:
    now = engines.clock.now_ms()
    return Period(now, now + HOUR_MS)


def carried(source: Engines, target: Engines, mimei: MimeiId) -> None:
    import_car(target, list(export_car(source, [mimei])))


def by_former_key(engines: Engines, control: Control, key: KeyPair, **changes: object) -> Control:
    """Return what a thief of a former key signs after a control."""
    fields = {"by": key.public, "succession": (), "upheld": ()} | changes
    return control.following(**fields).signed(key)


def acts_of(engines: Engines, mimei: MimeiId, key: KeyPair) -> Act:
    return held(engines, mimei).acts(visitor(Visit(key.public, key.public, engines.clock.now_ms() + HOUR_MS, ALL)))


def test_a_new_key_signs_for_what_was_made_under_two_before_it(desk: Engines) -> None:
    first, mimei = desk.identity.person, made(desk)
    later = rotated(rotated(desk, "second"), "third")
    control = held(later, mimei).control
    assert control.check().lineage == (first.public, person_key(seed_of("second")).public, later.identity.person.public)
    assert held(later, mimei).facts.own
    assert Catalog(later).change_control(mimei, right=int(Act.READ_CUR)).control.by == later.identity.person.public
    assert succeed(later, None) == 0


def test_another_node_takes_the_new_key_for_the_author_s(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"one")
    backup(desk, mimei)
    carried(desk, stranger, mimei)
    later = rotated(desk, "second")
    put(later, mimei, "a", b"two")
    backup(later, mimei)
    carried(later, stranger, mimei)
    assert held(stranger, mimei).base == held(later, mimei).base
    assert acts_of(stranger, mimei, later.identity.person) == ALL


def test_a_stolen_former_key_is_no_author_s_where_the_new_one_is_known(desk: Engines) -> None:
    stolen, mimei = desk.identity.person, made(desk)
    assert acts_of(desk, mimei, stolen) == ALL
    later = rotated(desk, "second")
    assert acts_of(later, mimei, stolen) == Act(0)
    with pytest.raises(Exception, match="not the author"):
        give(later, held(later, mimei), stolen, to=THIEF.public, acts=ALL, period=hour_from(later))


def test_what_a_stolen_former_key_signs_after_the_new_one_is_refused(desk: Engines) -> None:
    stolen, mimei = desk.identity.person, made(desk)
    later = rotated(desk, "second")
    known = held(later, mimei).control
    came = by_former_key(later, known, stolen, right=int(ALL))
    with later.blocks.lease() as lease:
        lease.put(came.block)
        with pytest.raises(ControlUndone, match="whose place another took"):
            newer_control(later, lease, known, came)


def test_what_a_stolen_former_key_signs_beside_the_new_one_is_passed_over(desk: Engines) -> None:
    stolen, mimei = desk.identity.person, made(desk)
    before = held(desk, mimei).control
    later = rotated(desk, "second")
    known, came = held(later, mimei).control, before.following(right=int(ALL), epoch=9).signed(stolen)
    with later.blocks.lease() as lease:
        lease.put(came.block)
        assert newer_control(later, lease, known, came) == known
        assert newer_control(later, lease, came, known) == known


def test_two_keys_that_claim_one_place_leave_things_as_they_were(desk: Engines) -> None:
    stolen, mimei = desk.identity.person, made(desk)
    before = held(desk, mimei).control
    later = rotated(desk, "second")
    taken = Successor.make(stolen, THIEF, at=2).encode()
    came = before.following(by=THIEF.public, succession=(taken,), right=int(ALL)).signed(THIEF)
    with later.blocks.lease() as lease:
        lease.put(came.block)
        with pytest.raises(KeysDiverged):
            newer_control(later, lease, held(later, mimei).control, came)


def test_grants_that_stood_go_on_counting_and_those_signed_later_do_not(desk: Engines) -> None:
    stolen, mimei = desk.identity.person, made(desk)
    give(desk, held(desk, mimei), stolen, to=BOB.public, acts=Act.READ_CUR, period=hour_from(desk))
    later = rotated(rotated(desk, "second"), "third")
    assert acts_of(later, mimei, BOB) == Act.READ_CUR
    late = sign_grant(stolen, mimei, to=THIEF.public, acts=ALL, period=hour_from(later), passed_on=None)
    with pytest.raises(Exception, match="first signer is not the author"):
        keep(later, mimei, late.encode())
    assert acts_of(later, mimei, THIEF) == Act(0)


def test_the_new_key_gives_and_takes_back(desk: Engines) -> None:
    mimei = made(desk)
    later = rotated(desk, "second")
    give(later, held(later, mimei), later.identity.person, to=EVE.public, acts=Act.WRITE, period=hour_from(later))
    assert acts_of(later, mimei, EVE) == Act.WRITE


def test_what_a_device_that_knew_of_no_new_key_made_is_signed_anew(desk: Engines, phone: Engines) -> None:
    later = rotated(desk, "second")
    mimei = made(phone)
    put(phone, mimei, "a", b"on the way")
    backup(phone, mimei)
    carried(phone, later, mimei)
    assert held(later, mimei).control.by == later.identity.person.public


def test_a_device_that_has_only_the_former_key_decides_no_more(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"one")
    backup(desk, mimei)
    carried(desk, phone, mimei)
    later = rotated(desk, "second")
    carried(later, phone, mimei)
    assert not held(phone, mimei).facts.own
    with pytest.raises(NotTheAuthor):
        Catalog(phone).change_control(mimei, right=int(ALL))


def test_a_former_seed_is_needed_as_long_as_something_private_is_under_it(desk: Engines) -> None:
    former = desk.identity.person.public
    made(desk)
    assert needed_keys(rotated(desk, "second"), None) == frozenset()
    Catalog(desk).create(kind="file", mark="diary", private=True)
    record = msgspec.structs.replace(Successor.make(desk.identity.person, person_key(seed_of("second")), at=1))
    identity = Identity(
        seed_of("second"),
        person_key(seed_of("second")),
        desk.identity.node,
        (Former(desk.identity.seed, record),),
    )
    kept = Engines(blocks=desk.blocks, state=desk.state, clock=desk.clock, random=desk.random, identity=identity)
    assert succeed(kept, None) >= 1
    assert needed_keys(kept, None) == {former}


def test_a_former_seed_is_needed_until_all_has_come_that_the_index_names(desk: Engines, phone: Engines) -> None:
    former = desk.identity.person.public
    Catalog(desk).create(kind="file", mark="diary", private=True)
    kept = rotated(desk, "second", keep_seed=True)
    index = update_index(kept, None)
    identity = Identity(kept.identity.seed, kept.identity.person, phone.identity.node, tuple(kept.identity.former))
    back = Engines(blocks=phone.blocks, state=phone.state, clock=phone.clock, random=phone.random, identity=identity)
    assert needed_keys(back, None) == frozenset()
    carried(kept, back, index)
    assert needed_keys(back, None) == {former}
