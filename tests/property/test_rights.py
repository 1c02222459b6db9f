"""Laws of rights: a chain of grants only narrows and ends for good, and nothing is allowed that nobody gave."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec.record import BadSignature, NotARecord
from leither.crypto import KeyPair, MimeiId
from leither.errors import LeitherError
from leither.people import (
    ALL,
    GUEST,
    Act,
    Chain,
    ChainBroken,
    ChainTooLong,
    Facts,
    Grant,
    Principal,
    Scope,
    Visit,
    allowed,
    prove_chain,
    visitor,
)
from leither.people.passport import check_passport, issue
from leither.people.period import Period
from leither.people.policy import READS, decide
from leither.people.replays import MemoryReplays
from leither.people.revoked import revoked_key
from leither.people.right import everyone, pack
from leither.people.verdicts import Verdicts

PEOPLE = [KeyPair(bytes([number]) * 32) for number in range(1, 6)]
AUTHOR = PEOPLE[0]
MIMEI = [MimeiId(bytes([number]) * 20) for number in range(2)]
Question = tuple[Principal, Facts, list[Chain]]

people = st.integers(0, len(PEOPLE) - 1)
holders = st.integers(1, len(PEOPLE) - 1)
acts = st.integers(1, int(ALL))
times = st.integers(0, 30)
periods = st.tuples(times, times).filter(lambda pair: pair[0] < pair[1])
keys = st.sampled_from([person.public for person in PEOPLE])


@st.composite
def chains_of_grants(draw: st.DrawFn, *, breaks: bool = False) -> list[Grant]:
    """The links of a chain from the author to others, each narrower than the one before; `breaks`: but for some."""
    links: list[Grant] = []
    by, rights, period = AUTHOR, int(ALL), (0, 30)
    for _ in range(draw(st.integers(1, 4))):
        broken = breaks and draw(st.integers(0, 5)) == 0
        to = PEOPLE[draw(holders)]
        rights = draw(acts) if broken else rights & draw(acts) | int(Act.SHARE)
        start, until = period[0] + draw(st.integers(0, 3)), period[1] - draw(st.integers(0, 3))
        period = draw(periods) if broken else (start, max(until, start + 1))
        signer = PEOPLE[draw(people)] if broken else by
        link = Grant(
            mimei=draw(st.sampled_from(MIMEI)) if broken else MIMEI[0],
            to=to.public,
            rights=rights,
            start_ms=period[0],
            until_ms=period[1],
            passed_on=links[-1].encode() if links else None,
            by=signer.public,
        )
        links.append(link.signed(signer))
        by = to
    return links


sound_chains = chains_of_grants()
any_chains = chains_of_grants(breaks=True)


def obeys(links: Sequence[Grant]) -> bool:
    """Whether each link is narrower than the one before it, said as plainly as can be."""
    return all(
        after.by == before.to
        and after.mimei == before.mimei
        and bool(before.rights & Act.SHARE)
        and after.rights | before.rights == before.rights
        and before.start_ms <= after.start_ms
        and after.until_ms <= before.until_ms
        for before, after in pairwise(links)
    )


def facts(**changes: Any) -> Facts:  # noqa: ANN401 -- of any field
    given_facts: dict[str, Any] = {"id": MIMEI[0], "control": b"", "author": AUTHOR.public, "right": 0}
    return Facts(**given_facts | changes)


def proved(links: Sequence[Grant]) -> Chain:
    return prove_chain(links[-1].encode())


def gives(chain: Chain, now: int, **changes: Any) -> Act:  # noqa: ANN401 -- of any field of the facts
    """What a chain gives to its holder."""
    holder = visitor(Visit(chain.to, chain.to, limits.TIME_MS_MAX, ALL))
    return allowed(holder, facts(**changes), now, [chain])


@given(any_chains)
def test_exactly_the_chains_that_narrow_at_each_link_are_proved(links: list[Grant]) -> None:
    if obeys(links):
        chain = proved(links)
        assert (chain.root, chain.to, chain.acts) == (links[0].by, links[-1].to, links[-1].acts)
    else:
        with pytest.raises(ChainBroken):
            proved(links)


@given(sound_chains, times)
def test_no_link_gives_more_than_its_issuer_had_at_any_moment(links: list[Grant], now: int) -> None:
    had = ALL
    for step in range(1, len(links) + 1):
        chain = proved(links[:step])
        given_now = gives(chain, now)
        assert given_now & had == given_now
        assert not given_now or Act.SHARE in had
        had = given_now


@given(sound_chains, times)
def test_a_chain_from_anybody_but_the_author_gives_nothing(links: list[Grant], now: int) -> None:
    assert gives(proved(links), now, author=b"another") == Act(0)


@given(sound_chains.filter(lambda links: len(links) > 1), st.data())
def test_without_one_of_its_links_a_chain_is_refused(links: list[Grant], data: st.DataObject) -> None:
    gap = data.draw(st.integers(0, len(links) - 2))
    without = links[gap - 1].encode() if gap else None
    rest = links[gap + 1 :]
    forged = msgspec.structs.replace(rest[0], passed_on=without)
    for link in rest[1:]:
        forged = msgspec.structs.replace(link, passed_on=forged.encode())
    with pytest.raises((ChainBroken, BadSignature)):
        prove_chain(forged.encode())


@given(sound_chains, times)
def test_whatever_of_a_chain_is_taken_back_it_gives_nothing(links: list[Grant], now: int) -> None:
    chain = proved(links)
    assert [name for name in chain.names if gives(chain, now, revoked={name})] == []


@given(sound_chains)
def test_what_has_ended_does_not_come_back(links: list[Grant]) -> None:
    chain = proved(links)
    may = [bool(gives(chain, now)) for now in range(35)]
    began, ended = may.index(True), len(may) - may[::-1].index(True)
    assert (began, ended) == chain.period
    assert all(may[began:ended])


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Any principal, any facts, some chains."""
    found = [proved(links) for links in draw(st.lists(any_chains.filter(obeys), max_size=4))]
    only = draw(st.sampled_from([None, *MIMEI]))
    visit = Visit(draw(keys), draw(keys), draw(times), Act(draw(st.integers(0, int(ALL)))), only)
    held = Principal("app", draw(st.sampled_from(Scope)), only)
    decides = facts(
        right=pack(everyone=draw(st.integers(0, 511)), members=draw(st.integers(0, 511))),
        fresh_until_ms=draw(st.none() | times),
        writers=draw(st.dictionaries(keys, st.integers(0, 511).map(Act), max_size=2)),
        cut=draw(st.frozensets(keys, max_size=1)),
        revoked=draw(st.frozensets(keys.map(revoked_key), max_size=1)),
        own=draw(st.booleans()),
    )
    return draw(st.sampled_from([held, GUEST, visitor(visit)])), decides, found


@given(questions(), times, st.randoms())
def test_neither_order_nor_repetition_of_grants_matters(
    question: Question,
    now: int,
    random: Any,  # noqa: ANN401 -- hypothesis's
) -> None:
    principal, decides, chains = question
    shuffled = [*chains, *chains]
    random.shuffle(shuffled)
    assert decide(principal, decides, now, shuffled) == decide(principal, decides, now, chains)


@given(questions(), times)
def test_a_grant_more_never_takes_anything_away(question: Question, now: int) -> None:
    principal, decides, chains = question
    fewer = allowed(principal, decides, now, chains[1:])
    assert fewer & allowed(principal, decides, now, chains) == fewer


@given(questions(), times, times)
def test_a_verdict_holds_for_as_long_as_it_says(question: Question, now: int, later: int) -> None:
    principal, decides, chains = question
    verdict = decide(principal, decides, now, chains)
    assert verdict.until_ms > now
    if now <= later < verdict.until_ms:
        assert allowed(principal, decides, later, chains) == verdict.acts


@given(st.lists(questions(), min_size=1, max_size=3), st.lists(st.tuples(st.integers(0, 2), times), max_size=12))
def test_what_is_remembered_is_what_would_be_decided(asked: list[Question], asking: list[tuple[int, int]]) -> None:
    verdicts = Verdicts(places=2)
    for which, now in asking:
        principal, decides, chains = asked[which % len(asked)]
        decides = dataclasses.replace(decides, control=bytes([which % len(asked)]))
        assert verdicts.allowed(principal, decides, now, chains) == allowed(principal, decides, now, chains)


@given(questions(), times)
def test_nobody_gets_more_than_what_some_reason_gives(question: Question, now: int) -> None:
    principal, decides, chains = question
    public = everyone(decides.right)
    may = allowed(principal, decides, now, chains)
    assert may & ~public & ~principal.most == Act(0)
    reasons = (
        principal.scope is not Scope.NONE
        or decides.author in principal.keys
        or any(chain.to in principal.keys for chain in chains)
        or principal.device in decides.writers
    )
    assert reasons or may | public == public


@given(questions(), times, times)
def test_with_a_stale_control_only_the_author_does_more_than_read_what_everyone_may(
    question: Question, fresh: int, since: int
) -> None:
    principal, decides, chains = question
    decides = dataclasses.replace(decides, fresh_until_ms=fresh)
    may = allowed(principal, decides, fresh + 1 + since, chains)
    author = (decides.own and principal.scope is not Scope.NONE) or AUTHOR.public in principal.keys
    assert author or may == everyone(decides.right) & READS


def mutated(data: bytes, draw: Any) -> bytes:  # noqa: ANN401 -- hypothesis's
    at, size = draw(st.integers(0, len(data))), draw(st.integers(0, 3))
    noise: bytes = draw(st.binary(max_size=3))
    return data[:at] + noise + data[at + size :]


@given(any_chains | st.none(), st.binary(max_size=200), st.data())
def test_any_bytes_are_a_chain_or_refused_by_name(links: list[Grant] | None, noise: bytes, data: st.DataObject) -> None:
    given_bytes = noise if links is None else mutated(links[-1].encode(), data.draw)
    with contextlib.suppress(NotARecord, BadSignature, ChainBroken, ChainTooLong):
        prove_chain(given_bytes)


PASSPORT = issue(
    AUTHOR, person=AUTHOR.public, node=PEOPLE[1].public, period=Period(0, 60_000), nonce=bytes(16), only=MIMEI[0]
)


@given(st.text(max_size=80) | st.none(), st.data())
def test_any_text_is_a_passport_or_refused_by_name(text: str | None, data: st.DataObject) -> None:
    if text is None:
        raw = mutated(base64.urlsafe_b64decode(PASSPORT), data.draw)
        text = base64.urlsafe_b64encode(raw).decode()
    with contextlib.suppress(LeitherError):
        shown = check_passport(text, node=PEOPLE[1].public, now_ms=0, replays=MemoryReplays(since_ms=0))
        assert (shown.person, shown.signer, shown.until_ms) == (AUTHOR.public, AUTHOR.public, 60_000)
