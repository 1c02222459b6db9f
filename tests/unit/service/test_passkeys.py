"""Passkeys: made, used, and refused for every reason there is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.people import OWNER, Principal, Scope
from leither.service.engines import Engines
from leither.service.leaving import Fate, remove_user
from leither.service.passkey_ceremony import BadPasskey, ForeignPasskey, Party, check_made, read_used
from leither.service.passkey_rows import BadPasskeyName, PasskeyNotFound, PasskeyRow, TooManyPasskeys
from leither.service.passkeys import ChallengeEnded, PasskeyCountedBack, Passkeys, PasskeyThere, UnknownPasskey
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import START_MS, clock_of
from tests.unit.service.authenticator import PRESENT, VERIFIED, Authenticator, decoded, encoded

HERE = Party("localhost", "http://localhost:4800")


@pytest.fixture
def tokens(desk: Engines) -> Tokens:
    return Tokens(desk)


@pytest.fixture
def passkeys(desk: Engines, tokens: Tokens) -> Passkeys:
    return Passkeys(desk, tokens)


def make(passkeys: Passkeys, device: Authenticator, name: str = "laptop") -> tuple[str, PasskeyRow]:
    return passkeys.finish_making(HERE, device.make(passkeys.begin_making(HERE, None)), name, None)


def sign_in(passkeys: Passkeys, device: Authenticator) -> tuple[str, int]:
    return passkeys.finish_signing_in(HERE, device.use(passkeys.begin_signing_in(HERE)))


def test_whoever_made_a_passkey_signs_in_by_it(desk: Engines, passkeys: Passkeys, tokens: Tokens) -> None:
    device = Authenticator()
    make(passkeys, device)
    clock_of(desk).advance(1000)
    secret, expires_ms = sign_in(passkeys, device)
    assert tokens.principal_of(secret) == OWNER
    assert expires_ms == START_MS + 1000 + limits.SESSION_S * 1000


def test_a_passkey_is_listed_with_what_is_known_of_it(desk: Engines, passkeys: Passkeys) -> None:
    device = Authenticator()
    shown, _ = make(passkeys, device, "my laptop")
    clock_of(desk).advance(1000)
    sign_in(passkeys, device)
    ((listed, row),) = passkeys.list()
    assert listed == shown
    assert (row.name, row.created_ms, row.used_ms) == ("my laptop", START_MS, START_MS + 1000)
    assert (row.origin, row.credential, row.sign_count) == (HERE.origin, device.credential, 1)


def test_what_a_browser_is_asked_for_is_a_passkey_it_can_find_by_itself(passkeys: Passkeys) -> None:
    make(passkeys, Authenticator())
    options = passkeys.begin_making(HERE, None)
    assert options["rp"] == {"name": "Leither", "id": "localhost"}
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert [one["id"] for one in options["excludeCredentials"]] == [encoded(b"credential")]
    assert options["user"]["name"] == "owner"


def test_asking_to_sign_in_tells_nothing_of_who_is_here(passkeys: Passkeys) -> None:
    make(passkeys, Authenticator())
    options = passkeys.begin_signing_in(HERE)
    assert not options.get("allowCredentials")
    assert (options["rpId"], options["userVerification"]) == ("localhost", "preferred")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:4801",
        "https://localhost:4800",
        "http://localhost",
        "http://abc.localhost:4800",
        "http://localhost:4800/",
        "http://LOCALHOST:4800",
        "null",
    ],
)
def test_a_page_of_any_other_origin_neither_makes_nor_uses_a_passkey(passkeys: Passkeys, origin: str) -> None:
    with pytest.raises(ForeignPasskey):
        make(passkeys, Authenticator(origin=origin))
    make(passkeys, Authenticator())
    with pytest.raises(ForeignPasskey):
        sign_in(passkeys, Authenticator(origin=origin))


@pytest.mark.parametrize(
    "bent",
    [
        Authenticator(host="example.org"),
        Authenticator(flags=VERIFIED),
        Authenticator(cross_origin=True),
    ],
    ids=["another host", "nobody present", "page inside another"],
)
def test_what_was_not_asked_for_is_refused(passkeys: Passkeys, bent: Authenticator) -> None:
    with pytest.raises(BadPasskey):
        make(passkeys, bent)
    make(passkeys, Authenticator())
    with pytest.raises(BadPasskey):
        sign_in(passkeys, bent)


def test_presence_alone_is_enough(passkeys: Passkeys, tokens: Tokens) -> None:
    device = Authenticator(flags=PRESENT)
    make(passkeys, device)
    assert tokens.principal_of(sign_in(passkeys, device)[0]) == OWNER


def test_a_challenge_is_answered_once(passkeys: Passkeys) -> None:
    device = Authenticator()
    answer = device.make(passkeys.begin_making(HERE, None))
    passkeys.finish_making(HERE, answer, "laptop", None)
    with pytest.raises(ChallengeEnded):
        passkeys.finish_making(HERE, answer, "laptop", None)
    used = device.use(passkeys.begin_signing_in(HERE))
    passkeys.finish_signing_in(HERE, used)
    with pytest.raises(ChallengeEnded):
        passkeys.finish_signing_in(HERE, used)


def test_a_challenge_that_was_refused_does_not_count_again(passkeys: Passkeys) -> None:
    options = passkeys.begin_making(HERE, None)
    with pytest.raises(ForeignPasskey):
        passkeys.finish_making(HERE, Authenticator(origin="http://localhost:1").make(options), "laptop", None)
    with pytest.raises(ChallengeEnded):
        passkeys.finish_making(HERE, Authenticator().make(options), "laptop", None)


def test_a_challenge_ends(desk: Engines, passkeys: Passkeys) -> None:
    options = passkeys.begin_making(HERE, None)
    clock_of(desk).advance(limits.PASSKEY_CHALLENGE_S * 1000)
    with pytest.raises(ChallengeEnded):
        passkeys.finish_making(HERE, Authenticator().make(options), "laptop", None)


def test_a_challenge_for_one_ceremony_is_none_for_the_other(passkeys: Passkeys) -> None:
    device = Authenticator()
    with pytest.raises(ChallengeEnded):
        passkeys.finish_making(HERE, device.make(passkeys.begin_signing_in(HERE)), "laptop", None)
    make(passkeys, device)
    with pytest.raises(ChallengeEnded):
        passkeys.finish_signing_in(HERE, device.use(passkeys.begin_making(HERE, None)))


def test_the_oldest_of_too_many_challenges_makes_room(
    passkeys: Passkeys, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PASSKEY_CHALLENGES_MAX", 2)
    device = Authenticator()
    make(passkeys, device)
    first, _, last = (passkeys.begin_signing_in(HERE) for _ in range(3))
    with pytest.raises(ChallengeEnded):
        passkeys.finish_signing_in(HERE, device.use(first))
    assert tokens.principal_of(passkeys.finish_signing_in(HERE, device.use(last))[0]) == OWNER


def test_another_key_signs_nobody_in(passkeys: Passkeys) -> None:
    device = Authenticator()
    make(passkeys, device)
    answer = device.use(passkeys.begin_signing_in(HERE))
    with pytest.raises(BadPasskey, match="Invalid signature"):
        passkeys.finish_signing_in(HERE, replace(answer, signature=encoded(b"0\x06\x02\x01\x01\x02\x01\x01")))


def test_a_credential_of_nobody_signs_nobody_in(passkeys: Passkeys) -> None:
    make(passkeys, Authenticator())
    with pytest.raises(UnknownPasskey):
        sign_in(passkeys, Authenticator(credential=b"another"))


@pytest.mark.parametrize("behind", [0, 1])
def test_a_counter_that_does_not_go_on_is_refused(passkeys: Passkeys, behind: int) -> None:
    device = Authenticator()
    make(passkeys, device)
    for _ in range(3):
        sign_in(passkeys, device)
    device.count -= behind + 1
    with pytest.raises(PasskeyCountedBack):
        sign_in(passkeys, device)


def test_an_authenticator_that_does_not_count_signs_in_again(passkeys: Passkeys, tokens: Tokens) -> None:
    device = Authenticator(counts=False)
    make(passkeys, device)
    for _ in range(2):
        assert tokens.principal_of(sign_in(passkeys, device)[0]) == OWNER


def test_a_credential_is_kept_once(passkeys: Passkeys) -> None:
    make(passkeys, Authenticator())
    with pytest.raises(PasskeyThere):
        make(passkeys, Authenticator())


def test_a_person_has_so_many_passkeys(passkeys: Passkeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSKEYS_MAX", 1)
    second = passkeys.begin_making(HERE, None)
    make(passkeys, Authenticator())
    with pytest.raises(TooManyPasskeys):
        passkeys.begin_making(HERE, None)
    with pytest.raises(TooManyPasskeys):
        passkeys.finish_making(HERE, Authenticator(credential=b"second").make(second), "second", None)


def test_a_removed_passkey_signs_nobody_in_and_its_sessions_go_on(passkeys: Passkeys, tokens: Tokens) -> None:
    device = Authenticator()
    shown, _ = make(passkeys, device)
    secret, _ = sign_in(passkeys, device)
    passkeys.remove(shown)
    assert passkeys.list() == []
    with pytest.raises(UnknownPasskey):
        sign_in(passkeys, device)
    assert tokens.principal_of(secret) == OWNER


def test_a_passkey_is_renamed(passkeys: Passkeys) -> None:
    shown, _ = make(passkeys, Authenticator())
    passkeys.rename(shown, "old laptop")
    assert [row.name for _, row in passkeys.list()] == ["old laptop"]


@pytest.mark.parametrize("name", ["", "a\nb", "x" * (limits.TOKEN_NAME_BYTES_MAX + 1)])
def test_a_name_that_is_none_is_refused(passkeys: Passkeys, name: str) -> None:
    shown, _ = make(passkeys, Authenticator())
    with pytest.raises(BadPasskeyName):
        passkeys.rename(shown, name)
    with pytest.raises(BadPasskeyName):
        make(passkeys, Authenticator(credential=b"second"), name)


def test_users_have_passkeys_of_their_own(desk: Engines, passkeys: Passkeys, tokens: Tokens) -> None:
    users = Users(desk, tokens, MemorySeeds())
    ann = users.join(users.invite("Ann")[0])
    device = Authenticator(credential=b"ann's")
    options = passkeys.begin_making(HERE, ann.id)
    assert options["user"]["name"] == "Ann"
    with pytest.raises(ChallengeEnded):
        passkeys.finish_making(HERE, device.make(passkeys.begin_making(HERE, ann.id)), "laptop", None)
    shown, _ = passkeys.finish_making(HERE, device.make(options), "laptop", ann.id)
    secret, _ = sign_in(passkeys, device)
    assert tokens.principal_of(secret) == Principal("Ann", Scope.OWNER, user=ann.id)
    assert passkeys.list() == []
    with pytest.raises(PasskeyNotFound):
        passkeys.remove(shown)
    users.suspend(ann.id, suspended=True)
    with pytest.raises(UnknownPasskey):
        sign_in(passkeys, device)
    remove_user(desk, users, ann.id, Fate.DELETE)
    assert passkeys.list(ann.id) == []


def test_people_differ_on_an_authenticator_and_so_do_nodes_of_one_host(desk: Engines, phone: Engines) -> None:
    here, there = (Passkeys(engines, Tokens(engines)).begin_making(HERE, None) for engines in (desk, phone))
    assert here["user"]["id"] != there["user"]["id"]


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_what_is_no_answer_is_refused_by_name(proof: bytes, signature: bytes) -> None:
    device = Authenticator()
    answer = device.make({"challenge": encoded(b"c" * 32)})
    with pytest.raises(BadPasskey):
        check_made(HERE, replace(answer, proof=encoded(proof)))
    used = device.use({"challenge": encoded(b"c" * 32)})
    with pytest.raises(BadPasskey):
        read_used(HERE, replace(used, proof=encoded(proof[:36]), signature=encoded(signature)))


@given(st.integers(0), st.integers(0, 255))
def test_an_attestation_with_one_byte_changed_is_refused_by_name_or_the_same_key(place: int, value: int) -> None:
    answer = Authenticator().make({"challenge": encoded(b"c" * 32)})
    raw = bytearray(decoded(answer.proof))
    raw[place % len(raw)] = value
    try:
        made = check_made(HERE, replace(answer, proof=encoded(bytes(raw))))
    except BadPasskey:
        return
    assert made.credential == b"credential"


def test_what_nests_too_deep_is_refused_by_name() -> None:
    answer = Authenticator().make({"challenge": encoded(b"c" * 32)})
    with pytest.raises(BadPasskey):
        check_made(HERE, replace(answer, proof=encoded(b"\x81" * 12_000)))
    with pytest.raises(BadPasskey):
        check_made(HERE, replace(answer, client_data=encoded(b"[" * 12_000)))


def test_a_key_of_a_kind_that_was_not_asked_for_is_refused() -> None:
    answer = Authenticator().make({"challenge": encoded(b"c" * 32)})
    raw = decoded(answer.proof)
    assert raw.count(b"\x03\x26") == 1
    with pytest.raises(BadPasskey, match="kind"):
        check_made(HERE, replace(answer, proof=encoded(raw.replace(b"\x03\x26", b"\x03\x2e"))))
