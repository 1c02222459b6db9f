"""Who may do what: decided from memory, decided anew, and proved by signatures first."""

from collections.abc import Callable, Iterator
from time import process_time

from benches.figure import Figure
from leither.codec import Block, Cid
from leither.crypto import KeyPair, MimeiId
from leither.merkle import NodeCache, Nodes
from leither.people import (
    ALL,
    Act,
    Chain,
    Facts,
    Grant,
    Presentation,
    Principal,
    Scope,
    Visit,
    allowed,
    check_presentation,
    prove_chain,
    visitor,
)
from leither.people.passport import check_passport, issue
from leither.people.period import Period
from leither.people.replays import MemoryReplays
from leither.people.revoked import Revoked, revoke, revoked_key
from leither.people.verdicts import Verdicts

AUTHOR, NODE, *HOLDERS = (KeyPair(number.to_bytes(32)) for number in range(1, 11))
MIMEI = MimeiId(bytes(20))
NOW, HOUR = 1_700_000_000_000, 3_600_000
GIVEN = Act.WRITE | Act.SHARE
_TIMES = 1000


def chain_of(links: int) -> bytes:
    """Return a grant that was passed on until it has so many links."""
    by, before = AUTHOR, None
    for holder in HOLDERS[:links]:
        grant = Grant(
            mimei=MIMEI,
            to=holder.public,
            rights=int(GIVEN),
            start_ms=NOW,
            until_ms=NOW + HOUR,
            passed_on=before,
            by=by.public,
        ).signed(by)
        by, before = holder, grant.encode()
    assert before is not None
    return before


def facts_with(*, taken_back: int) -> Facts:
    """Return what decides over a MiMei whose author has taken back so many keys."""
    blocks: dict[Cid, bytes] = {}

    def put(block: Block) -> None:
        blocks[block.cid] = block.data

    names = (revoked_key(number.to_bytes(32)) for number in range(100, 100 + taken_back))
    root = revoke(Nodes(blocks.__getitem__, put), None, names)
    revoked = Revoked(root, blocks.__getitem__, NodeCache())
    return Facts(MIMEI, b"control", AUTHOR.public, int(Act.READ_RELEASE), revoked=revoked)


def _us(work: Callable[[int], object], repeats: int) -> list[float]:
    """Return what one call takes of the processor, as often as asked: each time the mean of a thousand."""
    found = []
    for _ in range(repeats):
        start = process_time()
        for number in range(_TIMES):
            work(number)
        found.append((process_time() - start) * 1e6 / _TIMES)
    return found


def figures(*, repeats: int = 7) -> Iterator[Figure]:
    """Measure. Takes half a minute."""
    facts = facts_with(taken_back=1000)
    yield from _decisions(facts, repeats)
    yield from _proofs(facts, repeats)


def _decisions(facts: Facts, repeats: int) -> Iterator[Figure]:
    token, verdicts = Principal("app", Scope.WRITE), Verdicts()
    yield Figure("a token's right, decided", "µs", _us(lambda _: allowed(token, facts, NOW), repeats))
    for links in (1, 8):
        data = chain_of(links)
        chains = [prove_chain(data)]
        holder = visitor(Visit(chains[0].to, chains[0].to, NOW + HOUR, ALL))
        assert GIVEN in verdicts.allowed(holder, facts, NOW, chains)
        of = f"a grant's right, chain of {links}"

        def remembered(_: int, holder: Principal = holder, chains: list[Chain] = chains) -> Act:
            return verdicts.allowed(holder, facts, NOW, chains)

        def decided(_: int, holder: Principal = holder, chains: list[Chain] = chains) -> Act:
            return allowed(holder, facts, NOW, chains)

        def proved(_: int, holder: Principal = holder, data: bytes = data) -> Act:
            return allowed(holder, facts, NOW, [prove_chain(data)])

        target = "at most 500" if links == 1 else ""
        yield Figure(f"{of}, remembered", "µs", _us(remembered, repeats), target="at most 50")
        yield Figure(f"{of}, decided", "µs", _us(decided, repeats))
        yield Figure(f"{of}, signatures checked", "µs", _us(proved, repeats), target=target)


def _proofs(facts: Facts, repeats: int) -> Iterator[Figure]:
    """Measure what a session costs before its first right is known."""
    bob, grant, period = HOLDERS[0], chain_of(1), Period(NOW, NOW + 60_000)
    shown = (
        Presentation(
            who=bob.public,
            audience=NODE.public,
            nonce=bytes(16),
            start_ms=period.start_ms,
            until_ms=period.until_ms,
            by=bob.public,
        )
        .signed(bob)
        .encode()
    )
    passport = issue(bob, person=bob.public, node=NODE.public, period=period, nonce=bytes(16))

    def present(_: int) -> None:
        visit = check_presentation(
            Presentation.decode(shown), node=NODE.public, now_ms=NOW, replays=MemoryReplays(since_ms=0)
        )
        assert GIVEN in allowed(visitor(visit), facts, NOW, [prove_chain(grant)])

    def enter(_: int) -> None:
        visit = check_passport(passport, node=NODE.public, now_ms=NOW, replays=MemoryReplays(since_ms=0))
        assert Act.READ_RELEASE in allowed(visitor(visit), facts, NOW)

    yield Figure("a presentation and a grant, two signatures", "µs", _us(present, repeats), target="at most 500")
    yield Figure("a passport, one signature", "µs", _us(enter, repeats), target="at most 500")
