"""Visitors: who is let in with what, once, and until when."""

from __future__ import annotations

import msgspec
import pytest

from leither import limits
from leither.crypto import KeyPair, id_text
from leither.errors import LeitherError
from leither.people import Act, Presentation, Revocation, Scope, Successor
from leither.people.period import Period
from leither.people.refused import DeviceRevoked, Expired, Replayed, UnknownSigner, WrongAudience, WrongRequest
from leither.service.engines import Engines
from leither.service.grants import give
from leither.service.token_rows import TooManyVisits
from leither.service.tokens import BadToken, Tokens
from leither.service.visits import Visits, make_passport
from leither.testing.node import clock_of
from tests.unit.service.guests import BOB, EVE, HOUR_MS, PHONE, device_of, pass_of, shared, visiting
from tests.unit.service.life import held, made


@pytest.fixture
def tokens(desk: Engines) -> Tokens:
    return Tokens(desk)


@pytest.fixture
def visits(desk: Engines, tokens: Tokens) -> Visits:
    return Visits(desk, tokens)


def answered(engines: Engines, nonce: bytes, *, audience: bytes | None = None, signer: KeyPair = BOB) -> Presentation:
    now = engines.clock.now_ms()
    return Presentation(
        who=BOB.public,
        audience=audience or engines.identity.node.public,
        nonce=nonce,
        start_ms=now,
        until_ms=now + 60_000,
        by=signer.public,
    ).signed(signer)


def code_of(work: object, *arguments: object) -> str:
    with pytest.raises(LeitherError) as caught:
        work(*arguments)  # type: ignore[operator]
    return caught.value.code


def test_a_passport_opens_the_session_of_who_signed_it(desk: Engines, tokens: Tokens, visits: Visits) -> None:
    mimei = made(desk)
    secret, visit = visits.enter_with_passport(pass_of(desk, acts=Act.READ_CUR, only=mimei))
    principal = tokens.principal_of(secret)
    assert (principal.name, principal.keys, principal.device) == (id_text(BOB.id), (BOB.public,), BOB.public)
    assert (principal.scope, principal.only, principal.most) == (Scope.NONE, mimei, Act.READ_CUR)
    assert principal.until_ms == visit.until_ms == desk.clock.now_ms() + HOUR_MS
    assert not principal.is_resident


def test_a_passport_that_a_node_makes_opens_a_session_on_another(
    desk: Engines, stranger: Engines, tokens: Tokens, visits: Visits
) -> None:
    person = stranger.identity.person
    made_there, until_ms = make_passport(
        stranger, person, node=desk.identity.node.public, seconds=60, acts=Act.READ_CUR
    )
    principal = tokens.principal_of(visits.enter_with_passport(made_there)[0])
    assert (principal.keys, principal.until_ms) == ((person.public,), until_ms)


def test_a_passport_works_once(desk: Engines, visits: Visits) -> None:
    passport = pass_of(desk)
    visits.enter_with_passport(passport)
    with pytest.raises(Replayed):
        visits.enter_with_passport(passport)


def test_a_passport_for_another_node_opens_nothing(desk: Engines, stranger: Engines, visits: Visits) -> None:
    with pytest.raises(WrongAudience):
        visits.enter_with_passport(pass_of(stranger))


def test_a_passport_that_is_over_opens_nothing(desk: Engines, visits: Visits) -> None:
    passport = pass_of(desk, seconds=60)
    clock_of(desk).advance(60_000)
    with pytest.raises(Expired):
        visits.enter_with_passport(passport)


def test_a_session_ends_with_its_passport(desk: Engines, tokens: Tokens) -> None:
    secret = visiting(desk, tokens)
    clock_of(desk).advance(HOUR_MS - 1)
    tokens.principal_of(secret)
    clock_of(desk).advance(1)
    with pytest.raises(BadToken):
        tokens.principal_of(secret)


def test_a_device_opens_the_session_of_its_person_with_its_record_beside(
    desk: Engines, tokens: Tokens, visits: Visits
) -> None:
    record = device_of(BOB, PHONE, Period(desk.clock.now_ms(), desk.clock.now_ms() + 1000))
    secret, visit = visits.enter_with_passport(pass_of(desk, signer=PHONE), [record])
    assert tokens.principal_of(secret).device == PHONE.public
    assert visit.until_ms == desk.clock.now_ms() + 1000
    with pytest.raises(UnknownSigner):
        visits.enter_with_passport(pass_of(desk, signer=PHONE))


def test_a_presentation_that_answers_a_challenge_opens_a_session_once(
    desk: Engines, tokens: Tokens, visits: Visits
) -> None:
    shown = answered(desk, visits.challenge()[0])
    secret, visit = visits.enter_with_presentation(shown)
    assert tokens.principal_of(secret).keys == (BOB.public,)
    assert visit.until_ms == desk.clock.now_ms() + limits.VISIT_S_MAX * 1000
    with pytest.raises(Replayed):
        visits.enter_with_presentation(shown)


def test_challenges_differ(visits: Visits) -> None:
    assert visits.challenge()[0] != visits.challenge()[0]


@pytest.mark.parametrize("nonce", [bytes(16), bytes(range(16))])
def test_a_nonce_that_was_never_given_out_opens_nothing(desk: Engines, visits: Visits, nonce: bytes) -> None:
    with pytest.raises(WrongRequest):
        visits.enter_with_presentation(answered(desk, nonce))


def test_a_challenge_of_another_node_opens_nothing(desk: Engines, stranger: Engines, visits: Visits) -> None:
    nonce = Visits(stranger, Tokens(stranger)).challenge()[0]
    with pytest.raises(WrongRequest):
        visits.enter_with_presentation(answered(desk, nonce))


def test_a_challenge_is_to_be_answered_in_time(desk: Engines, visits: Visits) -> None:
    nonce, until_ms = visits.challenge()
    clock_of(desk).ms = until_ms
    with pytest.raises(WrongRequest):
        visits.enter_with_presentation(answered(desk, nonce))


def test_an_answer_made_for_another_node_opens_nothing(desk: Engines, visits: Visits) -> None:
    with pytest.raises(WrongAudience):
        visits.enter_with_presentation(answered(desk, visits.challenge()[0], audience=EVE.public))


def test_an_answer_changed_on_its_way_opens_nothing(desk: Engines, visits: Visits) -> None:
    shown = msgspec.structs.replace(answered(desk, visits.challenge()[0]), who=EVE.public)
    assert code_of(visits.enter_with_presentation, shown) in ("bad-signature", "unknown-signer")


def test_a_person_s_word_ends_the_sessions_of_a_lost_device_and_keeps_it_out(
    desk: Engines, tokens: Tokens, visits: Visits
) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    now = desk.clock.now_ms()
    record = device_of(BOB, PHONE, Period(now, now + HOUR_MS))
    lost, _ = visits.enter_with_passport(pass_of(desk, signer=PHONE), [record])
    own = visiting(desk, tokens)
    visits.learn(Revocation(at=now, device=PHONE.public, by=BOB.public).signed(BOB))
    with pytest.raises(BadToken):
        tokens.principal_of(lost)
    tokens.principal_of(own)
    with pytest.raises(DeviceRevoked):
        Visits(desk, Tokens(desk)).enter_with_passport(pass_of(desk, signer=PHONE), [record])


def test_a_passport_that_was_taken_back_opens_nothing(desk: Engines, visits: Visits) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    now = desk.clock.now_ms()
    nonce = bytes(15) + b"n"
    from leither.people.passport import issue

    passport = issue(
        BOB,
        person=BOB.public,
        node=desk.identity.node.public,
        period=Period(now, now + 60_000),
        nonce=nonce,
    )
    visits.learn(Revocation(at=now, passport=nonce, by=BOB.public).signed(BOB))
    assert code_of(visits.enter_with_passport, passport) == "passport-revoked"


def test_a_person_who_took_a_new_key_keeps_what_was_granted_to_the_old_one(
    desk: Engines, tokens: Tokens, visits: Visits
) -> None:
    mimei = made(desk)
    shared(desk, mimei, Act.READ_CUR)
    secret, _ = visits.enter_with_passport(pass_of(desk, EVE), (), [Successor.make(BOB, EVE, at=1)])
    principal = tokens.principal_of(secret)
    assert principal.keys == (EVE.public, BOB.public)
    assert held(desk, mimei).acts(principal) == Act.READ_CUR


def test_once_a_new_key_was_shown_the_old_one_is_nobody_s(desk: Engines, tokens: Tokens, visits: Visits) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    before = visiting(desk, tokens)
    visits.enter_with_passport(pass_of(desk, EVE), (), [Successor.make(BOB, EVE, at=1)])
    with pytest.raises(BadToken):
        tokens.principal_of(before)
    assert code_of(visits.enter_with_passport, pass_of(desk)) == "key-replaced"


def test_a_thief_of_the_old_key_takes_no_place_that_another_has_taken(desk: Engines, visits: Visits) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    visits.enter_with_passport(pass_of(desk, EVE), (), [Successor.make(BOB, EVE, at=1)])
    stolen = [Successor.make(BOB, PHONE, at=2)]
    assert code_of(visits.enter_with_passport, pass_of(desk, PHONE), (), stolen) == "keys-diverged"


def test_a_successor_that_did_not_sign_gets_nothing(desk: Engines, visits: Visits) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    forged = msgspec.structs.replace(Successor.make(EVE, PHONE, at=1), by=BOB.public)
    assert code_of(visits.enter_with_passport, pass_of(desk, PHONE), (), [forged]) == "bad-signature"


def test_a_stranger_s_successors_are_not_kept(desk: Engines, visits: Visits) -> None:
    visits.enter_with_passport(pass_of(desk, EVE), (), [Successor.make(PHONE, EVE, at=1)])
    visits.enter_with_passport(pass_of(desk, PHONE))


def test_a_stranger_s_word_is_not_kept(visits: Visits) -> None:
    assert code_of(visits.learn, Revocation(at=1, device=PHONE.public, by=EVE.public).signed(EVE)) == "denied"


def test_a_forged_word_ends_nothing(desk: Engines, visits: Visits) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    forged = msgspec.structs.replace(Revocation(at=1, device=PHONE.public, by=EVE.public).signed(EVE), by=BOB.public)
    assert code_of(visits.learn, forged) == "bad-signature"


def test_of_too_many_sessions_of_one_person_the_first_to_end_goes(desk: Engines, tokens: Tokens) -> None:
    first = visiting(desk, tokens)
    clock_of(desk).advance(1000)
    later = [visiting(desk, tokens) for _ in range(limits.VISITS_OF_ONE_MAX)]
    for secret in later:
        tokens.principal_of(secret)
    with pytest.raises(BadToken):
        tokens.principal_of(first)


def test_strangers_make_room_for_who_was_granted_something_and_not_the_other_way(
    desk: Engines, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VISITS_MAX", 2)
    shared(desk, made(desk), Act.READ_CUR)
    for number in (20, 21):
        visiting(desk, tokens, KeyPair(bytes([number]) * 32))
    with pytest.raises(TooManyVisits):
        visiting(desk, tokens, EVE)
    bob = visiting(desk, tokens)
    tokens.principal_of(bob)


def test_a_resident_may_do_what_their_key_was_granted_by_another_resident(desk: Engines) -> None:
    child = desk.persons.admit(b"c" * 32)
    mimei = made(desk)
    principal = Tokens(desk).principal_of(Tokens(desk).create("any", Scope.OWNER)[1])
    assert principal.user is None
    from dataclasses import replace

    theirs = replace(principal, user=child.user)
    assert held(desk, mimei).acts(theirs) == Act(0)
    now = desk.clock.now_ms()
    give(
        desk,
        held(desk, mimei),
        desk.identity.person,
        to=child.key.public,
        acts=Act.READ_CUR,
        period=Period(now, now + HOUR_MS),
    )
    assert held(desk, mimei).acts(theirs) == Act.READ_CUR
