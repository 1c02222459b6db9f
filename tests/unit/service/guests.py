"""People of elsewhere in tests: a friend with a key, what was granted to them, and their sessions."""

from __future__ import annotations

from leither.crypto import KeyPair, MimeiId
from leither.people import ALL, Act, Device, Principal
from leither.people.passport import issue
from leither.people.period import Period
from leither.service.engines import Engines
from leither.service.grant_entries import Kept
from leither.service.grants import give, keep, sign_grant
from leither.service.tokens import Tokens
from leither.service.visits import Visits
from tests.unit.service.life import held

BOB, EVE, PHONE = (KeyPair(bytes([number]) * 32) for number in (7, 8, 9))
HOUR_MS = 3_600_000


def shared(
    engines: Engines, mimei: MimeiId, acts: Act, *, to: KeyPair = BOB, hours: int = 1, start_ms: int | None = None
) -> Kept:
    """Let `to` do something, as the author."""
    begin = engines.clock.now_ms() if start_ms is None else start_ms
    person, period = engines.identity.person, Period(begin, begin + hours * HOUR_MS)
    return give(engines, held(engines, mimei), person, to=to.public, acts=acts, period=period)


def passed_on(engines: Engines, before: Kept, holder: KeyPair, acts: Act, *, to: KeyPair = EVE) -> Kept:
    """Pass on what `holder` was granted, as they would from elsewhere."""
    mimei = MimeiId(before.grant.mimei)
    period = before.chain.period
    made = sign_grant(holder, mimei, to=to.public, acts=acts, period=period, passed_on=before.record)
    return keep(engines, mimei, made.encode(), keys=[holder.public])


def pass_of(
    engines: Engines,
    person: KeyPair = BOB,
    *,
    signer: KeyPair | None = None,
    acts: Act = ALL,
    only: MimeiId | None = None,
    seconds: int = 3600,
) -> str:
    """Return a passport for the node of `engines`, as a person of elsewhere makes one."""
    now_ms = engines.clock.now_ms() // 1000 * 1000
    return issue(
        signer or person,
        person=person.public,
        node=engines.identity.node.public,
        period=Period(now_ms, now_ms + seconds * 1000),
        nonce=engines.random.token(16),
        acts=acts,
        only=only,
    )


def visiting(
    engines: Engines, tokens: Tokens, person: KeyPair = BOB, *, acts: Act = ALL, only: MimeiId | None = None
) -> str:
    """Sign somebody in and return the secret of their session."""
    return Visits(engines, tokens).enter_with_passport(pass_of(engines, person, acts=acts, only=only))[0]


def seen_as(engines: Engines, person: KeyPair = BOB) -> Principal:
    """Return the principal of a session of `person`."""
    tokens = Tokens(engines)
    return tokens.principal_of(visiting(engines, tokens, person))


def device_of(person: KeyPair, device: KeyPair, period: Period) -> Device:
    return Device(
        device=device.public,
        seal=bytes(32),
        name="phone",
        start_ms=period.start_ms,
        until_ms=period.until_ms,
        by=person.public,
    ).signed(person)
