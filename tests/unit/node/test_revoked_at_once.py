"""A device that was revoked, or a key that gave way to another, acts no longer at any door, from that moment on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from leither import limits
from leither.crypto import id_text
from leither.people import ALL, Act, Revocation, Successor
from leither.people.period import Period
from leither.service.visits import Visits
from tests.unit.node.fronts import Fronts, Holdings, all_fronts
from tests.unit.resp.served import Client as RedisClient
from tests.unit.service.guests import BOB, EVE, HOUR_MS, PHONE, device_of, pass_of, shared, visiting

Ending = Callable[[Fronts], None]
NEVER_S = 3600.0
"""For what is otherwise looked at now and then."""


@pytest.fixture
def fronts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fronts]:
    monkeypatch.setattr(limits, "WATCH_CHECK_S", NEVER_S)
    monkeypatch.setattr(limits, "REDIS_CHECK_S", NEVER_S)
    with all_fronts() as found:
        yield found


def revoke_device(fronts: Fronts) -> None:
    revocation = Revocation(at=fronts.engines.clock.now_ms(), device=PHONE.public, by=BOB.public).signed(BOB)
    Visits(fronts.engines, fronts.tokens).learn(revocation)


def replace_key(fronts: Fronts) -> None:
    successors = [Successor.make(BOB, EVE, at=1)]
    Visits(fronts.engines, fronts.tokens).enter_with_passport(pass_of(fronts.engines, EVE), (), successors)


ENDINGS = [pytest.param(revoke_device, id="a device"), pytest.param(replace_key, id="a key")]


def entered(fronts: Fronts, *, only: bool = False) -> tuple[Holdings, str]:
    """Let a device of Bob's in, to whom everything is granted; return holdings, and the secret of the session."""
    engines, holdings = fronts.engines, fronts.furnished("shared")
    for mimei in (holdings.fs, holdings.db):
        shared(engines, mimei, ALL)
    now = engines.clock.now_ms()
    device = device_of(BOB, PHONE, Period(now, now + HOUR_MS))
    passport = pass_of(engines, signer=PHONE, only=holdings.fs if only else None)
    return holdings, Visits(engines, fronts.tokens).enter_with_passport(passport, [device])[0]


@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.parametrize(
    ("path", "how"),
    [
        pytest.param("/api/v1/mimei/{id}/files/page", {}, id="the API"),
        pytest.param("/mm/{id}/page", {}, id="the gateway"),
        pytest.param("/dav/{id}/page", {"basic": True}, id="WebDAV"),
    ],
)
def test_the_next_request_is_refused(fronts: Fronts, end: Ending, path: str, how: dict[str, bool]) -> None:
    holdings, secret = entered(fronts)
    at = path.format(id=id_text(holdings.fs))
    assert fronts.http("GET", at, secret, **how).status == 200  # type: ignore[arg-type]
    end(fronts)
    assert fronts.http("GET", at, secret, **how).status == 401  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ENDINGS)
def test_an_app_s_own_origin_shows_nothing_more(fronts: Fronts, end: Ending) -> None:
    holdings, secret = entered(fronts, only=True)
    host = f"{id_text(holdings.fs)}.localhost:4800"
    assert fronts.http("GET", "/page", secret, host=host, cookie=True).status == 200
    end(fronts)
    assert fronts.http("GET", "/page", secret, host=host, cookie=True).status == 404


@pytest.mark.parametrize("end", ENDINGS)
def test_an_open_watcher_is_closed(fronts: Fronts, end: Ending) -> None:
    holdings, secret = entered(fronts)
    told = fronts.watched(holdings.fs, secret, ("change",), between=lambda: end(fronts), silent=True)
    assert told == ["change", "closed 4401"]


@pytest.mark.parametrize("end", ENDINGS)
def test_an_open_redis_connection_is_closed(fronts: Fronts, end: Ending) -> None:
    holdings, secret = entered(fronts)
    with RedisClient(fronts.redis.port) as client:
        assert client.ask("AUTH", id_text(holdings.db), secret) == b"+OK\r\n"
        end(fronts)
        assert client.rest() == b""


def test_a_redis_connection_may_no_more_than_a_grant_that_was_taken_back_left(fronts: Fronts) -> None:
    holdings = fronts.furnished("narrowed")
    shared(fronts.engines, holdings.db, Act.READ_CUR)
    writing = shared(fronts.engines, holdings.db, Act.WRITE)
    from leither.service.grants import take_back

    with RedisClient(fronts.redis.port) as client:
        assert client.ask("AUTH", id_text(holdings.db), visiting(fronts.engines, fronts.tokens)) == b"+OK\r\n"
        assert client.ask("SET", "key", "1") == b"+OK\r\n"
        take_back(fronts.engines, holdings.db, writing.name)
        assert client.ask("SET", "key", "2").startswith(b"-NOPERM")
        assert client.ask("GET", "key") == b"$1\r\n1\r\n"
