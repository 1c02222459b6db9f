"""Every front door, for everybody, under every right: what answers is what the policy allows, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.control import Cut, WriterEntry
from leither.people import ALL, GUEST, Act, Principal, Scope, allowed, prove_chain
from leither.people import right as rights
from leither.people.period import Period
from leither.service.catalog import Catalog
from leither.service.grant_entries import Kept
from leither.service.grants import give, take_back
from leither.testing.node import clock_of
from tests.unit.node.fronts import Fronts, Holdings, all_fronts
from tests.unit.node.operations import API, DAV, GATEWAY, OPERATIONS, ORIGIN, OWNERS, SIGNED, Operation
from tests.unit.service.guests import BOB, EVE, PHONE, passed_on, shared, visiting
from tests.unit.service.life import held

HOUR_MS = 3_600_000
EACH = [Act(0), *Act, ALL, Act.READ_CUR | Act.WRITE, Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE]
"""No act, each alone, all, and two that people give together."""


@pytest.fixture(scope="module")
def fronts() -> Iterator[Fronts]:
    with all_fronts() as found:
        yield found


_marks = count()


class Person:
    """Somebody who asks: their secret, and the principal and grants by which the policy is asked about them.

    `keys`: that of a resident, whom the node knows.
    """

    def __init__(
        self, fronts: Fronts, secret: str | None, holdings: Holdings, *grants: Kept, keys: tuple[bytes, ...] = ()
    ) -> None:
        self.secret = secret
        self.holdings = holdings
        self._fronts = fronts
        self.principal = fronts.tokens.principal_of(secret) if secret is not None else GUEST
        if keys:
            self.principal = replace(self.principal, keys=keys)
        self._chains = [prove_chain(grant.record) for grant in grants]

    def acts(self, mimei: MimeiId) -> Act:
        """What the policy says."""
        facts, now_ms = held(self._fronts.engines, mimei).facts, self._fronts.engines.clock.now_ms()
        return allowed(self.principal, facts, now_ms, self._chains)


def everyone(fronts: Fronts, acts: Act) -> Person:
    return Person(fronts, None, fronts.furnished(f"m{next(_marks)}", right=rights.pack(everyone=acts)))


def granted(fronts: Fronts, acts: Act) -> tuple[Holdings, list[Kept]]:
    holdings = fronts.furnished(f"m{next(_marks)}")
    if not acts:
        return holdings, []
    return holdings, [shared(fronts.engines, mimei, acts) for mimei in (holdings.fs, holdings.db)]


def visitor(fronts: Fronts, acts: Act) -> Person:
    holdings, grants = granted(fronts, acts)
    return Person(fronts, visiting(fronts.engines, fronts.tokens), holdings, *grants)


def who_was_passed_on(fronts: Fronts, acts: Act) -> Person:
    holdings, grants = granted(fronts, acts | Act.SHARE)
    further = [passed_on(fronts.engines, grant, BOB, acts or Act.SHARE) for grant in grants]
    return Person(fronts, visiting(fronts.engines, fronts.tokens, EVE), holdings, *further)


def narrowed(fronts: Fronts, acts: Act) -> Person:
    """A visitor who may do everything, with a passport for some of it."""
    holdings, grants = granted(fronts, ALL)
    secret = visiting(fronts.engines, fronts.tokens, acts=acts or Act.TAG)
    return Person(fronts, secret, holdings, *grants)


def resident(fronts: Fronts, acts: Act) -> Person:
    """A user of this node, to whose key the owner has granted something."""
    engines, now = fronts.engines, fronts.engines.clock.now_ms()
    child, holdings, grants = engines.persons.admit(b"c" * 32), fronts.furnished(f"m{next(_marks)}"), []
    for mimei in (holdings.fs, holdings.db) if acts else ():
        person, period = engines.identity.person, Period(now, now + HOUR_MS)
        grants.append(give(engines, held(engines, mimei), person, to=child.key.public, acts=acts, period=period))
    fronts.tokens.also["child"] = Principal("child", Scope.OWNER, user=child.user)
    return Person(fronts, "child", holdings, *grants, keys=(child.key.public,))


def writer(fronts: Fronts, acts: Act) -> Person:
    """A device that stands in the control as a writer with these rights."""
    return _writing(fronts, acts, cut=False)


def cut_writer(fronts: Fronts, acts: Act) -> Person:
    """The same after it was cut off."""
    return _writing(fronts, acts, cut=True)


def _writing(fronts: Fronts, acts: Act, *, cut: bool) -> Person:
    holdings, engines = fronts.furnished(f"m{next(_marks)}"), fronts.engines
    for mimei in (holdings.fs, holdings.db):
        control = held(engines, mimei).control
        entry = WriterEntry(max(one.number for one in control.writers) + 1, PHONE.public, int(acts))
        Catalog(engines).change_control(mimei, writers=(*control.writers, entry))
        if cut:
            head = Cid(held(engines, mimei).row.head)
            Catalog(engines).change_control(mimei, cut=(Cut(entry.number, 1, head),))
    fronts.tokens.also["writer"] = Principal("writer", Scope.NONE, keys=(BOB.public,), device=PHONE.public)
    return Person(fronts, "writer", holdings)


def app(scope: Scope, only: str = "") -> Callable[[Fronts, Act], Person]:
    """A token of the owner's for a program; `only`: for this MiMei, or for another."""

    def make(fronts: Fronts, acts: Act) -> Person:
        holdings = fronts.furnished(f"m{next(_marks)}")
        which = {"": None, "this": holdings.fs, "other": Catalog(fronts.engines).create(kind="file", mark="o")[0].id}
        return Person(fronts, fronts.tokens.create(f"t{next(_marks)}", scope, which[only])[1], holdings)

    return make


def revoked(fronts: Fronts, acts: Act) -> Person:
    holdings, grants = granted(fronts, ALL)
    secret = visiting(fronts.engines, fronts.tokens)
    person = Person(fronts, secret, holdings, *grants)
    for operation in OPERATIONS[:6]:  # so that whatever remembers rights has them in mind
        operation.ask(fronts, holdings, secret)
    for grant in grants:
        take_back(fronts.engines, MimeiId(grant.grant.mimei), grant.name)
    return person


def expired(fronts: Fronts, acts: Act) -> Person:
    holdings, grants = granted(fronts, ALL)
    clock_of(fronts.engines).advance(HOUR_MS - 2000)
    secret = visiting(fronts.engines, fronts.tokens)
    person = Person(fronts, secret, holdings, *grants)
    for operation in OPERATIONS:
        if "GET" in operation.name or "gateway" in operation.name:
            operation.ask(fronts, holdings, secret)
    clock_of(fronts.engines).advance(2000)
    return person


PEOPLE = [
    *(
        (f"{make.__name__} {rights.act_names(acts) or 'nothing'}", make, acts)
        for make in (everyone, visitor, resident, writer, narrowed)
        for acts in EACH
    ),
    *(
        (f"{make.__name__} {rights.act_names(acts)}", make, acts)
        for make in (who_was_passed_on, cut_writer)
        for acts in (Act.READ_CUR, ALL)
    ),
    ("owner", app(Scope.OWNER), ALL),
    ("token to read", app(Scope.READ), ALL),
    ("token to write", app(Scope.WRITE), ALL),
    ("token to write this", app(Scope.WRITE, "this"), ALL),
    ("token to write another", app(Scope.WRITE, "other"), ALL),
    ("revoked", revoked, ALL),
    ("expired", expired, ALL),
]


def subject(operation: Operation, holdings: Holdings) -> MimeiId:
    return holdings.db if " db" in operation.name or operation.name.startswith("redis") else holdings.fs


@pytest.mark.parametrize(("make", "acts"), [one[1:] for one in PEOPLE], ids=[one[0] for one in PEOPLE])
def test_each_door_answers_as_the_policy_allows(
    fronts: Fronts, make: Callable[[Fronts, Act], Person], acts: Act
) -> None:
    person = make(fronts, acts)
    wrong = []
    for operation in OPERATIONS:
        expected = operation.expected(person.acts(subject(operation, person.holdings)), person.principal)
        found = operation.ask(fronts, person.holdings, person.secret)
        if found != expected:
            wrong.append(f"{operation.name}: {found}, should be {expected}")
    assert not wrong, "\n".join(wrong)


def nobody(fronts: Fronts, acts: Act) -> Person:
    return everyone(fronts, Act(0))


STRANGERS = [
    ("a guest", nobody),
    ("a visitor", lambda fronts, acts: visitor(fronts, Act(0))),
    ("a visitor whose grant was taken back", revoked),
    ("a resident", lambda fronts, acts: resident(fronts, Act(0))),
    ("a token for another MiMei", app(Scope.OWNER, "other")),
    ("a writer that was cut off", cut_writer),
]


@pytest.mark.parametrize("make", [one[1] for one in STRANGERS], ids=[one[0] for one in STRANGERS])
def test_what_is_denied_and_what_is_absent_answer_alike(fronts: Fronts, make: Callable[[Fronts, Act], Person]) -> None:
    person = make(fronts, ALL)
    nowhere = Holdings.absent(b"%d" % next(_marks))
    wrong = []
    for operation in [*OPERATIONS, ORIGIN, *OWNERS]:
        denied = operation.raw(fronts, person.holdings, person.secret)
        absent = operation.raw(fronts, nowhere, person.secret)
        if denied != absent:
            wrong.append(f"{operation.name}: {denied}\n    and {absent}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("make", [one[1] for one in STRANGERS], ids=[one[0] for one in STRANGERS])
def test_what_is_denied_takes_the_same_work_as_what_is_absent(
    fronts: Fronts, make: Callable[[Fronts, Act], Person]
) -> None:
    person = make(fronts, ALL)
    nowhere = Holdings.absent(b"%d" % next(_marks))
    wrong = []
    for operation in [*API, *SIGNED, *GATEWAY, *DAV, ORIGIN, *OWNERS]:
        operation.raw(fronts, person.holdings, person.secret)
        works = []
        for holdings in (person.holdings, nowhere):
            fronts.redis.settle()
            fronts.asked.clear()
            operation.raw(fronts, holdings, person.secret)
            works.append(Counter(fronts.asked))
        denied, absent = works
        if denied != absent:
            wrong.append(f"{operation.name}: {denied - absent} more, {absent - denied} less")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("acts", EACH, ids=lambda acts: rights.act_names(acts) or "nothing")
def test_a_mimei_s_own_origin_shows_the_release_to_a_visitor_who_may_read_it(fronts: Fronts, acts: Act) -> None:
    holdings, grants = granted(fronts, acts)
    secret = visiting(fronts.engines, fronts.tokens, only=holdings.fs)
    person = Person(fronts, secret, holdings, *grants)
    assert ORIGIN.ask(fronts, holdings, secret) == ORIGIN.expected(person.acts(holdings.fs), person.principal)


def test_an_open_watcher_is_told_nothing_more_once_its_grant_is_taken_back(fronts: Fronts) -> None:
    holdings, grants = granted(fronts, Act.READ_CUR)
    secret = visiting(fronts.engines, fronts.tokens)

    def between() -> None:
        for grant in grants:
            take_back(fronts.engines, MimeiId(grant.grant.mimei), grant.name)

    told = fronts.watched(holdings.fs, secret, ("change", "backup"), between=between)
    assert told[0] == "change"
    assert "backup" not in told


def test_an_open_watcher_is_closed_when_its_session_ends(fronts: Fronts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WATCH_CHECK_S", 0.001)
    holdings, _ = granted(fronts, Act.READ_CUR)
    secret = visiting(fronts.engines, fronts.tokens)
    told = fronts.watched(holdings.fs, secret, ("change",), between=lambda: fronts.tokens.end(secret), silent=True)
    assert told == ["change", "closed 4401"]
