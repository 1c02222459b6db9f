"""Tokens, one-time codes and sessions."""

from __future__ import annotations

import pytest

from leither import limits
from leither.people import OWNER, Principal, Scope
from leither.service.engines import Engines
from leither.service.token_rows import TooManyTokens
from leither.service.tokens import (
    BadCode,
    BadToken,
    BadTokenName,
    NotASession,
    TokenNameTaken,
    TokenNotFound,
    Tokens,
)
from leither.testing.node import START_MS, clock_of
from tests.unit.service.life import made


def everything(engines: Engines) -> bytes:
    with engines.state.read() as view:
        return b"".join(key + value for key, value in view.scan(b""))


def test_a_token_is_its_holder(desk: Engines) -> None:
    tokens, mimei = Tokens(desk), made(desk)
    _, secret = tokens.create("ci", Scope.WRITE, mimei)
    assert tokens.principal_of(secret) == Principal("ci", Scope.WRITE, mimei)


def test_no_secret_is_in_the_state(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    session, _ = tokens.redeem(tokens.one_time_code()[0])
    stored = everything(desk)
    for one in (secret, session):
        assert one.encode() not in stored
        assert tokens.principal_of(one).name


def test_an_unknown_token_is_refused(desk: Engines) -> None:
    with pytest.raises(BadToken):
        Tokens(desk).principal_of("x" * 52)


def test_a_secret_of_no_text_is_refused(desk: Engines) -> None:
    with pytest.raises(BadToken):
        Tokens(desk).principal_of("\ud800")


def test_a_revoked_token_ends_at_once(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    tokens.revoke("ci")
    with pytest.raises(BadToken):
        tokens.principal_of(secret)
    with pytest.raises(TokenNotFound):
        tokens.revoke("ci")


def test_names_are_taken_once(desk: Engines) -> None:
    tokens = Tokens(desk)
    tokens.create("ci", Scope.READ)
    with pytest.raises(TokenNameTaken):
        tokens.create("ci", Scope.WRITE)
    assert [row.scope for row in tokens.list()] == ["read"]


@pytest.mark.parametrize("name", ["", "a\nb", "\x7f", "é" * 65, "\ud800"])
def test_a_name_that_can_not_be_shown_is_refused(desk: Engines, name: str) -> None:
    with pytest.raises(BadTokenName):
        Tokens(desk).create(name, Scope.READ)


def test_tokens_are_listed_by_name_without_sessions(desk: Engines) -> None:
    tokens = Tokens(desk)
    for name in ("b", "a"):
        tokens.create(name, Scope.READ)
    tokens.redeem(tokens.one_time_code()[0])
    assert [row.name for row in tokens.list()] == ["a", "b"]


def test_a_code_makes_one_session_of_the_owner(desk: Engines) -> None:
    tokens = Tokens(desk)
    code, _ = tokens.one_time_code()
    session, expires_ms = tokens.redeem(code)
    assert tokens.principal_of(session) == OWNER
    assert expires_ms == clock_of(desk).ms + limits.SESSION_S * 1000
    with pytest.raises(BadCode):
        tokens.redeem(code)


def test_a_code_expires(desk: Engines) -> None:
    tokens = Tokens(desk)
    code, expires_ms = tokens.one_time_code()
    clock_of(desk).ms = expires_ms
    with pytest.raises(BadCode):
        tokens.redeem(code)


def test_a_code_for_one_mimei_reads_that_one_only(desk: Engines) -> None:
    tokens, mimei = Tokens(desk), made(desk)
    session, _ = tokens.redeem(tokens.one_time_code(mimei)[0], only=mimei)
    assert tokens.principal_of(session) == Principal("owner", Scope.READ, mimei)


def test_a_code_for_one_mimei_opens_nothing_else(desk: Engines) -> None:
    tokens, mimei = Tokens(desk), made(desk)
    with pytest.raises(BadCode):
        tokens.redeem(tokens.one_time_code(mimei)[0])


def test_a_session_expires_and_a_token_does_not(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    session, expires_ms = tokens.redeem(tokens.one_time_code()[0])
    clock_of(desk).ms = expires_ms
    with pytest.raises(BadToken):
        tokens.principal_of(session)
    assert tokens.principal_of(secret).name == "ci"


def test_a_session_is_ended_once(desk: Engines) -> None:
    tokens = Tokens(desk)
    session, _ = tokens.redeem(tokens.one_time_code()[0])
    tokens.end(session)
    with pytest.raises(BadToken):
        tokens.end(session)


def test_a_named_token_is_no_session_and_goes_on(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    with pytest.raises(NotASession, match="leither token revoke"):
        tokens.end(secret)
    assert tokens.principal_of(secret).name == "ci"


def used_ms(tokens: Tokens) -> list[int]:
    return [row.used_ms for row in tokens.list()]


def test_a_tokens_last_use_is_known_at_once(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    assert used_ms(tokens) == [0]
    for _ in range(2):
        clock_of(desk).advance(1000)
        tokens.principal_of(secret)
        assert used_ms(tokens) == [clock_of(desk).ms]
    tokens.close()


def test_a_tokens_last_use_is_kept_once_an_hour(desk: Engines) -> None:
    _, secret = Tokens(desk).create("ci", Scope.READ)
    kept = []
    for step_ms in (0, 1000, limits.TOKEN_USE_STEP_S * 1000 - 1001, 1):
        clock_of(desk).advance(step_ms)
        tokens = Tokens(desk)
        tokens.principal_of(secret)
        tokens.close()
        kept += used_ms(Tokens(desk))
    first = START_MS
    assert kept == [first, first, first, first + limits.TOKEN_USE_STEP_S * 1000]


def test_a_revoked_token_does_not_come_back_by_its_last_use(desk: Engines) -> None:
    tokens = Tokens(desk)
    _, secret = tokens.create("ci", Scope.READ)
    tokens.principal_of(secret)
    tokens.revoke("ci")
    tokens.close()
    assert tokens.list() == []


def test_too_many_tokens_are_refused_until_some_expire(desk: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TOKENS_MAX", 2)
    tokens = Tokens(desk)
    _, expires_ms = tokens.redeem(tokens.one_time_code()[0])
    tokens.create("a", Scope.READ)
    with pytest.raises(TooManyTokens):
        tokens.create("b", Scope.READ)
    clock_of(desk).ms = expires_ms
    tokens.create("b", Scope.READ)


def test_old_codes_give_way_to_new_ones(desk: Engines) -> None:
    tokens = Tokens(desk)
    codes = [tokens.one_time_code()[0] for _ in range(65)]
    with pytest.raises(BadCode):
        tokens.redeem(codes[0])
    assert tokens.redeem(codes[1])
