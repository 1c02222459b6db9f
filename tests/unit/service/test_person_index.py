"""The index of a person, devices that are cut off, and keys that took the place of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither.crypto import KeyId, KeyPair, MimeiId, id_text, parse_id, person_key
from leither.crypto.former_seed import open_former_seed, seal_former_seed
from leither.crypto.index_topic import open_topic, seal_topic
from leither.people import OWNER, Act
from leither.people.period import Period
from leither.people.successor import Successor
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.cutting import DeviceNotFound, ThisDevice, cut_everywhere, writers_of
from leither.service.engines import Engines, Identity
from leither.service.holding import load
from leither.service.person_index import devices, former_keys, index_id, listed, note_revoked, update_index
from leither.service.persons import Former
from leither.service.tokens import BadToken, Tokens
from leither.service.uploads import Upload
from leither.service.users import Users
from leither.service.visits import Visits
from leither.service.writers import WriterCut
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import memory_engines, seed_of
from tests.unit.service.guests import PHONE, device_of, pass_of

SPEC = Path(__file__).parents[3] / "spec"


def vectors(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((SPEC / "vectors/person-index" / f"{kind}.json").read_text())
    return found


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def made(engines: Engines, mark: str) -> MimeiId:
    mimei, _ = Catalog(engines).create(kind="fs", app="test", mark=mark)
    return mimei.id


def changed(engines: Engines, mimei: MimeiId, text: bytes) -> None:
    with Upload(engines, mimei, ("page",)) as upload:
        upload.write(text)
        upload.finish()
    backup(engines, mimei)


def carried(source: Engines, target: Engines, *mimei: MimeiId) -> None:
    import_car(target, list(export_car(source, list(mimei) or None)))


def rotated(engines: Engines, seed: bytes) -> Engines:
    """Return the same node after its owner took a new key."""
    old = engines.identity.seed
    record = Successor.make(person_key(old), person_key(seed), at=1)
    identity = Identity(seed, person_key(seed), engines.identity.node, (*engines.identity.former, Former(old, record)))
    return Engines(
        blocks=engines.blocks, state=engines.state, clock=engines.clock, random=engines.random, identity=identity
    )


@pytest.mark.parametrize("case", vectors("valid"), ids=named)
def test_an_index_is_found_and_a_former_seed_opened_as_the_vectors_say(case: dict[str, Any]) -> None:
    seed, former = bytes.fromhex(case["seed"]), bytes.fromhex(case["former"])
    assert id_text(index_id(person_key(seed).public)) == case["index"]
    assert seal_former_seed(former, seed).hex() == case["sealed"]
    assert open_former_seed(bytes.fromhex(case["sealed"]), seed, KeyId(parse_id(case["person"]))) == former
    grammar = pycddl.Schema((SPEC / "format/person-index.cddl").read_text())
    grammar.validate_cbor(cbor2.dumps(bytes.fromhex(case["sealed"])))


@pytest.mark.parametrize("case", vectors("valid"), ids=named)
def test_the_topic_of_a_private_mimei_opens_under_the_seed_of_its_person_alone(case: dict[str, Any]) -> None:
    for one in case["topics"]:
        seed, topic, sealed = (bytes.fromhex(text) for text in (case["seed"], one["topic"], one["sealed"]))
        mimei = MimeiId(parse_id(one["id"]))
        assert seal_topic(topic, seed, mimei) == sealed
        assert open_topic(sealed, seed, mimei) == topic
        for damaged in (sealed[:-1], sealed[:5], bytes([sealed[0] ^ 1]) + sealed[1:], b""):
            assert open_topic(damaged, seed, mimei) is None
        assert open_topic(sealed, bytes.fromhex(case["former"]), mimei) is None
        assert open_topic(sealed, seed, MimeiId(bytes([9]) * 20)) is None


def test_an_index_names_private_mimei_to_who_has_the_words_and_to_nobody_else(desk: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", app="secret-app", mark="secret-mark", private=True)[0].id
    index = update_index(desk, None)
    (found,) = listed(desk, None)
    assert (found.id, found.type, found.app, found.mark) == (mimei, "fs", "secret-app", "secret-mark")
    archive = b"".join(export_car(desk, [index]))
    assert b"secret" not in archive
    assert id_text(mimei).encode() in archive


@pytest.mark.parametrize("case", vectors("invalid"), ids=named)
def test_what_is_no_former_seed_is_not_opened(case: dict[str, Any]) -> None:
    sealed, seed = bytes.fromhex(case["sealed"]), bytes.fromhex(case["seed"])
    assert open_former_seed(sealed, seed, KeyId(parse_id(case["person"]))) is None


def test_an_index_names_what_its_person_made_and_has(desk: Engines) -> None:
    one, two = made(desk, "one"), made(desk, "two")
    index = update_index(desk, None)
    assert index == index_id(desk.identity.person.public)
    assert {(each.id, each.mark) for each in listed(desk, None)} == {(one, "one"), (two, "two")}
    Catalog(desk).delete(one)
    update_index(desk, None)
    assert [each.id for each in listed(desk, None)] == [two]


def test_an_index_that_is_up_to_date_is_left_alone(desk: Engines) -> None:
    made(desk, "one")
    index = update_index(desk, None)
    with desk.state.read() as view:
        before = load(desk, view, index).row
    update_index(desk, None)
    with desk.state.read() as view:
        assert load(desk, view, index).row == before


def test_the_indexes_of_two_nodes_join_without_a_conflict(desk: Engines, phone: Engines) -> None:
    here, there = made(desk, "here"), made(phone, "there")
    update_index(desk, None)
    carried(phone, desk, update_index(phone, None))
    assert {each.id for each in listed(desk, None)} == {here, there}
    assert len(devices(desk, None)) == 2
    update_index(desk, None)
    assert {each.id for each in listed(desk, None)} == {here, there}, "what another node has stays named"


def test_users_have_indexes_of_their_own(desk: Engines) -> None:
    users = Users(desk, Tokens(desk), MemorySeeds())
    ann = users.join(users.invite("Ann")[0])
    hers, _ = Catalog(desk).create(kind="fs", mark="hers", user=ann.id)
    mine = made(desk, "mine")
    update_index(desk, ann.id)
    update_index(desk, None)
    assert [each.id for each in listed(desk, ann.id)] == [hers.id]
    assert [each.id for each in listed(desk, None)] == [mine]
    with desk.state.read() as view:
        assert not load(desk, view, index_id(desk.persons.of_user(ann.id).key.public)).acts(OWNER)


def test_what_somebody_put_into_an_index_by_hand_is_passed_over(desk: Engines) -> None:
    one = made(desk, "one")
    index = update_index(desk, None)
    for path, text in (
        (("nodes", "x", "mimei", "no id"), b"{}"),
        (("nodes", "x", "mimei", "a" * 32), b"not JSON"),
        (("nodes", "x", "device"), b"no record"),
    ):
        with Upload(desk, index, path) as upload:
            upload.write(text)
            upload.finish()
    assert [each.id for each in listed(desk, None)] == [one]
    assert len(devices(desk, None)) == 1


def test_what_was_made_with_a_former_key_stays_the_owners(desk: Engines) -> None:
    one = made(desk, "one")
    changed(desk, one, b"before")
    later = rotated(rotated(desk, seed_of("second")), seed_of("third"))
    with later.state.read() as view:
        held = load(later, view, one)
    assert held.facts.own
    changed(later, one, b"after")
    Catalog(later).change_control(one, right=int(Act.READ_RELEASE))
    assert made(later, "one") == one, "the topic is found under the former key"
    assert made(later, "new") != made(desk, "new")


def test_the_present_seed_opens_those_before_it(desk: Engines) -> None:
    first = desk.identity.seed
    later = rotated(rotated(desk, seed_of("second")), seed_of("third"))
    update_index(later, None)
    bare = Engines(
        blocks=later.blocks,
        state=later.state,
        clock=later.clock,
        random=later.random,
        identity=Identity.of(seed_of("third"), seed_of("node desk")),
    )
    assert [former.seed for former in former_keys(bare, bare.identity.seed)] == [first, seed_of("second")]


def visited(engines: Engines, tokens: Tokens, device: KeyPair) -> str:
    """Let a device of the owner's in, as on a visit to their own node."""
    now, person = engines.clock.now_ms(), engines.identity.person
    record = device_of(person, device, Period(now, now + 3_600_000))
    return Visits(engines, tokens).enter_with_passport(pass_of(engines, person, signer=device), [record])[0]


def test_a_device_that_is_revoked_here_has_no_session_here_any_more(desk: Engines) -> None:
    tokens = Tokens(desk)
    secret = visited(desk, tokens, PHONE)
    note_revoked(desk, None, PHONE.public)
    with pytest.raises(BadToken):
        tokens.principal_of(secret)


def test_what_another_node_says_of_a_lost_device_counts_once_it_has_come(desk: Engines, phone: Engines) -> None:
    tokens = Tokens(desk)
    secret = visited(desk, tokens, PHONE)
    note_revoked(phone, None, PHONE.public)
    carried(phone, desk, update_index(phone, None))
    with pytest.raises(BadToken):
        tokens.principal_of(secret)


def test_a_writer_that_is_cut_off_writes_no_more_and_what_it_wrote_stays(desk: Engines, phone: Engines) -> None:
    one = made(desk, "one")
    changed(desk, one, b"from the desk")
    carried(desk, phone)
    changed(phone, one, b"from the phone")
    carried(phone, desk, one)
    assert cut_everywhere(desk, None, phone.identity.node.id) == 1
    assert cut_everywhere(desk, None, phone.identity.node.id) == 0
    (seen,) = [writer for writer in writers_of(desk, None) if writer.key == phone.identity.node.public]
    assert (seen.mimei, seen.cut) == (1, 1)
    with desk.state.read() as view:
        before = load(desk, view, one).base
    carried(desk, phone, one)
    with pytest.raises(WriterCut):
        changed(phone, one, b"too late")
    carried(phone, desk, one)
    with desk.state.read() as view:
        assert load(desk, view, one).base == before


def test_a_writer_that_never_wrote_is_taken_off(desk: Engines, phone: Engines) -> None:
    one = made(phone, "one")
    carried(phone, desk)
    assert cut_everywhere(desk, None, phone.identity.node.id) == 1
    with desk.state.read() as view:
        writers = load(desk, view, one).control.writers
    assert [writer.key for writer in writers] == [desk.identity.node.public]


def test_a_node_neither_cuts_itself_nor_who_is_no_writer(desk: Engines, phone: Engines) -> None:
    made(desk, "one")
    with pytest.raises(ThisDevice):
        cut_everywhere(desk, None, desk.identity.node.id)
    with pytest.raises(DeviceNotFound):
        cut_everywhere(desk, None, phone.identity.node.id)


def test_the_index_says_for_good_that_a_device_was_revoked(desk: Engines, phone: Engines) -> None:
    note_revoked(desk, None, phone.identity.node.public)
    note_revoked(desk, None, phone.identity.node.public)
    assert [each.id for each in listed(desk, None)] == []
    other = memory_engines(node="tablet")
    carried(desk, other)
    with other.state.read() as view:
        assert load(other, view, index_id(other.identity.person.public)).row.entries > 0
