"""Every front door leaves its entry: who came through it, what they did, and by which right; and who was denied."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from leither.crypto import MimeiId, id_text
from leither.people import ALL, Act, Scope
from leither.people.asking import Front
from leither.people.audit import Entry, Kind
from leither.people.right import pack
from leither.service.audit_rows import drop_audit
from tests.unit.node.fronts import Fronts, Holdings, all_fronts
from tests.unit.node.operations import API, DAV, GATEWAY, OK, OPERATIONS, ORIGIN, REDIS, WATCH, Operation
from tests.unit.service.guests import BOB, shared, visiting
from tests.unit.service.life import put

FRONTS = [
    *((operation, Front.API) for operation in API),
    *((operation, Front.GATEWAY) for operation in GATEWAY),
    *((operation, Front.DAV) for operation in DAV),
    *((operation, Front.REDIS) for operation in REDIS),
    *((operation, Front.WEBSOCKET) for operation in WATCH),
]
CASES = [pytest.param(*each, id=each[0].name) for each in FRONTS]
CHANGES = (Act.WRITE, Kind.CHANGE), (Act.BACKUP, Kind.BACKUP), (Act.RELEASE, Kind.RELEASE)
_marks = count()


@pytest.fixture(scope="module")
def fronts() -> Iterator[Fronts]:
    with all_fronts() as found:
        yield found


def subject(operation: Operation, holdings: Holdings) -> MimeiId:
    return holdings.db if " db" in operation.name or operation.name.startswith("redis") else holdings.fs


def entries(fronts: Fronts, mimei: MimeiId) -> list[Entry]:
    return [entry for entry in fronts.engines.audit.read(None) if entry.trace.mimei == mimei]


def forget(fronts: Fronts) -> None:
    fronts.engines.audit.write()
    fronts.engines.state.write(lambda transaction: drop_audit(transaction, None))


def furnished(fronts: Fronts, operation: Operation | None = None, *, right: int = 0) -> Holdings:
    """Make holdings with everything in them that `operation` needs others to have made."""
    holdings = fronts.furnished(f"a{next(_marks)}", right=right)
    for name in (
        "new",
        "copy",
        "by-command",
        *(("moved",) if operation is not None and "/moved" in operation.name else ()),
    ):
        put(fronts.engines, holdings.fs, name, b"bytes")
    return holdings


def expected_kinds(operation: Operation) -> set[Kind]:
    """What an operation leaves that was allowed: at least one of these."""
    needed = operation.any_of | operation.all_of
    return {kind for act, kind in CHANGES if needed & act} or {Kind.READ}


@pytest.mark.parametrize(("operation", "front"), CASES)
def test_a_visitor_leaves_an_entry_with_their_key_the_door_and_the_grant(
    fronts: Fronts, operation: Operation, front: Front
) -> None:
    holdings = furnished(fronts, operation)
    grants = {mimei: shared(fronts.engines, mimei, ALL).name for mimei in (holdings.fs, holdings.db)}
    secret = visiting(fronts.engines, fronts.tokens)
    forget(fronts)
    assert operation.ask(fronts, holdings, secret) == OK
    mimei = subject(operation, holdings)
    found = [entry for entry in entries(fronts, mimei) if entry.trace.kind in expected_kinds(operation)]
    assert found
    for entry in found:
        trace = entry.trace
        assert (trace.role, trace.who, trace.front) == ("visitor", BOB.id, front)
        assert trace.basis == f"grant {grants[mimei]}"
        assert (trace.session, trace.label) == ("", "")


@pytest.mark.parametrize(("operation", "front"), CASES)
def test_the_owners_token_is_named_to_them(fronts: Fronts, operation: Operation, front: Front) -> None:
    holdings = furnished(fronts, operation)
    name = f"t{next(_marks)}"
    secret = fronts.tokens.create(name, Scope.WRITE)[1]
    forget(fronts)
    assert operation.ask(fronts, holdings, secret) == OK
    fronts.tokens.revoke(name)
    held = entries(fronts, subject(operation, holdings))
    found = [entry.trace for entry in held if entry.trace.kind in expected_kinds(operation)]
    assert found
    assert {(trace.role, trace.front, trace.label) for trace in found} == {("owner", front, name)}


@pytest.mark.parametrize(
    ("operation", "front"), [case for case in CASES if case.values[1] not in (Front.WEBSOCKET, Front.GATEWAY)]
)
def test_who_is_denied_leaves_an_entry_for_whose_it_is(fronts: Fronts, operation: Operation, front: Front) -> None:
    holdings = furnished(fronts)
    secret = visiting(fronts.engines, fronts.tokens)
    forget(fronts)
    assert operation.ask(fronts, holdings, secret) != OK
    found = [entry.trace for entry in entries(fronts, subject(operation, holdings))]
    assert [(trace.kind, trace.front, trace.who) for trace in found] == [(Kind.DENIED, front, BOB.id)]


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one not in WATCH], ids=lambda operation: operation.name
)
def test_guests_are_counted_and_nothing_else_is_noted_of_them(fronts: Fronts, operation: Operation) -> None:
    holdings = furnished(fronts, operation, right=pack(everyone=ALL))
    forget(fronts)
    operation.ask(fronts, holdings, None)
    for entry in entries(fronts, subject(operation, holdings)):
        trace = entry.trace
        assert (trace.role, trace.who, trace.device, trace.session, trace.label) == ("guest", b"", b"", "", "")
        assert trace.basis == "everyone"


def test_what_is_answered_from_memory_is_counted_as_often_as_it_is_asked(fronts: Fronts) -> None:
    holdings = furnished(fronts, right=pack(everyone=Act.READ_RELEASE))
    host = f"{id_text(holdings.fs)}.localhost:4800"
    forget(fronts)
    answers = [at_once(fronts, host)]
    fronts.http("GET", "/page", None, host=host)
    answers += [at_once(fronts, host) for _ in range(4)]
    assert [answer is not None for answer in answers] == [False, True, True, True, True]
    (entry,) = entries(fronts, holdings.fs)
    assert (entry.trace.role, entry.trace.kind, entry.count) == ("guest", Kind.READ, 5)


def at_once(fronts: Fronts, host: str) -> object:
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/page",
        "raw_path": b"/page",
        "query_string": b"",
        "headers": [(b"host", host.encode())],
        "client": ("127.0.0.1", 50000),
        "scheme": "http",
    }
    return fronts.portal.call(fronts.door.at_once, scope)


def test_commands_in_a_pipeline_and_in_a_transaction_are_counted_one_by_one(fronts: Fronts) -> None:
    from tests.unit.resp.served import Client

    holdings, secret = furnished(fronts), fronts.tokens.create("piped", Scope.WRITE)[1]
    forget(fronts)
    with Client(fronts.redis.port) as client:
        assert client.ask("AUTH", id_text(holdings.db), secret) == b"+OK\r\n"
        for words in (["SET", "a", "1"], ["GET", "a"], ["GET", "a"], ["PING"]):
            client.ask(*words)
        for words in (["MULTI"], ["SET", "a", "2"], ["INCR", "a"], ["GET", "a"], ["EXEC"]):
            client.ask(*words)
        counts = {entry.trace.kind: entry.count for entry in entries(fronts, holdings.db)}
    assert counts == {Kind.READ: 1 + 3, Kind.CHANGE: 3}  # that it was opened is one read


def test_a_guest_who_watches_is_counted(fronts: Fronts) -> None:
    holdings = furnished(fronts, right=pack(everyone=ALL))
    forget(fronts)
    assert fronts.watched(holdings.fs, None, ("release",)) == ["release"]
    (entry,) = entries(fronts, holdings.fs)
    assert (entry.trace.role, entry.trace.front, entry.trace.kind) == ("guest", Front.WEBSOCKET, Kind.READ)


def test_the_origin_of_an_app_notes_who_was_let_in(fronts: Fronts) -> None:
    holdings = furnished(fronts)
    grant = shared(fronts.engines, holdings.fs, Act.READ_RELEASE)
    secret = visiting(fronts.engines, fronts.tokens, only=holdings.fs)
    forget(fronts)
    for _ in range(3):
        assert ORIGIN.ask(fronts, holdings, secret) == OK
    (entry,) = entries(fronts, holdings.fs)
    assert (entry.trace.who, entry.trace.front, entry.count) == (BOB.id, Front.GATEWAY, 3)
    assert entry.trace.basis == f"grant {grant.name}"


def test_what_is_absent_leaves_nothing(fronts: Fronts) -> None:
    secret = visiting(fronts.engines, fronts.tokens)
    forget(fronts)
    nowhere = Holdings.absent(b"%d" % next(_marks))
    for operation, _ in FRONTS:
        operation.ask(fronts, nowhere, secret)
    watched = fronts.public.id  # by which the watchers of these tests find out that all was told
    assert {entry.trace.mimei for entry in fronts.engines.audit.read(None)} <= {watched}
