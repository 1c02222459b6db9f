"""What travels with a MiMei so that each holder enforces the same: grants, and what its author took back."""

from __future__ import annotations

import msgspec
import pytest

from leither.codec import DAG_CBOR, Block, Cid
from leither.crypto import KeyId, KeyPair, MimeiId
from leither.errors import LeitherError
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.entry import decode_record_value, encode_record_value, grant_key
from leither.people import Act, Grant, Visit, allowed, prove_chain, visitor
from leither.people.revoked import Revoked, revoke, revoked_grant, revoked_key
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import load
from leither.testing.suites.expect import damage
from tests.unit.service.archive import Archive
from tests.unit.service.life import bring, exported, held, made

BOB = KeyPair(b"\7" * 32)
BOBS = revoked_key(BOB.public)
NAMES = [revoked_grant(number.to_bytes(32)) for number in range(100)]


def granted(engines: Engines, mimei: MimeiId) -> Grant:
    """The author's grant to Bob."""
    now, person = engines.clock.now_ms(), engines.identity.person
    return Grant(
        mimei=mimei, to=BOB.public, rights=int(Act.TAG), start_ms=now, until_ms=now + 1, by=person.public
    ).signed(person)


def keep(engines: Engines, mimei: MimeiId, grant: Grant, *, holder: KeyId = BOB.id) -> None:
    """Put a grant where it travels with the MiMei."""

    def write(editing: Edit) -> None:
        editing.put(grant_key(holder, grant.cid.digest), encode_record_value(grant.encode()))

    edit(engines, mimei, write)
    backup(engines, mimei)


def take_back(engines: Engines, mimei: MimeiId, *names: bytes) -> None:
    with engines.blocks.lease() as lease:
        root = revoke(Nodes(engines.blocks.get, lease.put), held(engines, mimei).control.revoked, names)
        lease.flush()
        Catalog(engines).change_control(mimei, revoked=root)


def taken_back(engines: Engines, mimei: MimeiId, *names: bytes) -> list[bool]:
    revoked = Revoked(held(engines, mimei).control.revoked, engines.blocks.get)
    return [name in revoked for name in names]


def refused(engines: Engines, car: bytes) -> str:
    """The code with which an empty node refuses an archive."""
    with pytest.raises(LeitherError) as caught:
        import_car(engines, [car])
    with engines.state.read() as view:
        assert list(view.scan(b"")) == []
    return caught.value.code


def test_a_grant_arrives_with_its_mimei(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    grant = granted(desk, mimei)
    keep(desk, mimei, grant)
    bring(desk, stranger)
    with stranger.state.read() as view:
        found = Cur(stranger, view, load(stranger, view, mimei)).get(grant_key(BOB.id, grant.cid.digest))
    assert found is not None
    assert Grant.decode(decode_record_value(found)) == grant


def test_a_grant_counts_wherever_its_mimei_is_until_it_is_taken_back(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    grant = granted(desk, mimei)
    keep(desk, mimei, grant)
    bring(desk, stranger)
    bob, chains = visitor(Visit(BOB.public, BOB.public, grant.until_ms, Act.TAG)), [prove_chain(grant.encode())]
    assert allowed(bob, held(stranger, mimei).facts, grant.start_ms, chains) == Act.TAG
    take_back(desk, mimei, revoked_grant(grant.cid.digest))
    bring(desk, stranger)
    assert allowed(bob, held(stranger, mimei).facts, grant.start_ms, chains) == Act(0)


def test_a_grant_under_the_key_of_another_holder_keeps_the_whole_out(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    keep(desk, mimei, granted(desk, mimei), holder=desk.identity.person.id)
    assert refused(stranger, exported(desk, mimei)) == "refused"


def test_a_grant_changed_after_it_was_signed_keeps_the_whole_out(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    keep(desk, mimei, msgspec.structs.replace(granted(desk, mimei), rights=511))
    assert refused(stranger, exported(desk, mimei)) == "bad-signature"


def test_what_was_taken_back_arrives_and_survives_a_sweep(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    take_back(desk, mimei, *NAMES)
    bring(desk, stranger)
    for engines in (desk, stranger):
        collect(engines)
        assert damage(check(engines)) == []
        assert taken_back(engines, mimei, NAMES[0], NAMES[99], BOBS) == [True, True, False]


def test_what_either_of_two_nodes_took_back_is_taken_back_on_both(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    bring(desk, phone)
    take_back(desk, mimei, NAMES[0])
    take_back(phone, mimei, BOBS)
    bring(phone, desk)
    bring(desk, phone)
    for engines in (desk, phone):
        assert taken_back(engines, mimei, NAMES[0], BOBS, NAMES[1]) == [True, True, False]
    assert held(desk, mimei).row.control == held(phone, mimei).row.control


def test_nodes_that_go_on_exchanging_what_was_taken_back_come_to_an_end(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    bring(desk, phone)
    take_back(desk, mimei, NAMES[0])
    take_back(phone, mimei, NAMES[1])
    bring(phone, desk)
    settled = held(desk, mimei).row.control
    for _ in range(2):
        bring(desk, phone)
        bring(phone, desk)
    assert held(desk, mimei).row.control == settled


def test_a_list_of_what_was_taken_back_that_says_something_else_keeps_the_whole_out(
    desk: Engines, stranger: Engines
) -> None:
    mimei = made(desk)
    blocks: list[Block] = []
    entries = [Entry(b"\x80short", Stamp(0, 0), b"\x80")]
    root = build(Nodes(desk.blocks.get, blocks.append), entries, Shape(bytes(16)))
    assert refused(stranger, controlled(desk, mimei, root, *blocks)) == "bad-revoked"


def test_a_list_of_what_was_taken_back_that_did_not_come_keeps_the_whole_out(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    assert refused(stranger, controlled(desk, mimei, Cid.of(DAG_CBOR, b"nowhere"))) == "block-missing"


def controlled(engines: Engines, mimei: MimeiId, revoked: Cid, *blocks: Block) -> bytes:
    """The archive of a MiMei whose control names another list."""
    control = held(engines, mimei).control.following(revoked=revoked).signed(engines.identity.person)
    archive = Archive(exported(engines, mimei)).add(control.block, *blocks)
    return archive.with_shelf(control=control.cid).pack()
