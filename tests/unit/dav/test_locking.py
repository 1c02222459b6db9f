"""Locks: who is kept out, for how long, and what a token opens."""

import pytest

from leither import limits
from leither.crypto import KeyId, id_text
from leither.people import Scope
from leither.people import right as rights
from leither.service.catalog import Catalog
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import clock_of
from tests.unit.dav.client import LOCK, Dav


def test_a_locked_file_is_written_only_with_its_token() -> None:
    dav = Dav()
    dav.put("/a", b"one")
    token = dav.lock("/a").token
    refused = dav.call("PUT", "/a", b"two")
    assert (refused.status, refused.prop("{DAV:}lock-token-submitted") is not None) == (423, True)
    assert dav.call("PUT", "/a", b"two", headers={"If": f"(<{token}>)"}).status == 204
    assert dav.call("GET", "/a").body == b"two"


def test_a_lock_survives_a_restart() -> None:
    dav = Dav()
    dav.put("/a")
    token = dav.lock("/a").token
    dav.restart()
    assert dav.call("PUT", "/a", b"two").status == 423
    assert dav.call("UNLOCK", "/a", headers={"Lock-Token": f"<{token}>"}).status == 204
    assert dav.call("PUT", "/a", b"two").status == 204


def test_a_lock_ends_by_itself() -> None:
    dav = Dav()
    dav.put("/a")
    dav.lock("/a", Timeout="Second-60")
    clock_of(dav.engines).advance(59_999)
    assert dav.call("PUT", "/a").status == 423
    clock_of(dav.engines).advance(1)
    assert dav.call("PUT", "/a").status == 204


def test_a_lock_holds_on_when_it_is_refreshed() -> None:
    dav = Dav()
    dav.put("/a")
    token = dav.lock("/a", Timeout="Second-60").token
    clock_of(dav.engines).advance(50_000)
    reply = dav.call("LOCK", "/a", headers={"If": f"(<{token}>)", "Timeout": "Second-100"})
    assert (reply.status, reply.prop("{DAV:}timeout").text) == (200, "Second-100")  # type: ignore[union-attr]
    clock_of(dav.engines).advance(99_000)
    assert dav.call("PUT", "/a").status == 423


def test_no_lock_holds_longer_than_the_limit() -> None:
    reply = Dav().lock("/a", Timeout="Infinite, Second-4100000000")
    assert reply.prop("{DAV:}timeout").text == f"Second-{limits.LOCK_S_MAX}"  # type: ignore[union-attr]


def test_locking_nothing_makes_an_empty_file() -> None:
    dav = Dav()
    assert dav.lock("/new").status == 201
    assert dav.call("GET", "/new").body == b""


def test_a_deep_lock_covers_what_is_below_and_what_will_be() -> None:
    dav = Dav()
    dav.mkcol("/d")
    token = dav.lock("/d", Depth="infinity").token
    assert dav.call("PUT", "/d/a").status == 423
    assert dav.call("PUT", "/d/a", headers={"If": f"(<{token}>)"}).status == 201
    assert dav.call("DELETE", "/d/a").status == 423
    assert dav.call("MOVE", "/d/a", headers={"Destination": dav.url("/b")}).status == 423
    assert dav.find("/d/a", "lockdiscovery").prop("{DAV:}locktoken") is not None


def test_a_shallow_lock_of_a_collection_holds_its_members_in_place() -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a")
    token = dav.lock("/d").token
    assert dav.call("PUT", "/d/a").status == 204
    assert dav.call("PUT", "/d/b").status == 423
    assert dav.call("PUT", "/d/b", headers={"If": f"<{dav.url('/d')}> (<{token}>)"}).status == 201


def test_a_collection_is_not_deleted_over_a_locked_member() -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a")
    dav.lock("/d/a")
    assert dav.call("DELETE", "/d").status == 423
    assert dav.call("GET", "/d/a").status == 200


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (b"exclusive", b"exclusive", 423),
        (b"exclusive", b"shared", 423),
        (b"shared", b"exclusive", 423),
        (b"shared", b"shared", 200),
    ],
)
def test_only_shared_locks_stand_side_by_side(first: bytes, second: bytes, status: int) -> None:
    dav = Dav()
    dav.put("/a")
    dav.lock("/a", scope=first)
    assert dav.lock("/a", scope=second).status == status


def test_a_deep_lock_is_refused_over_a_locked_member() -> None:
    dav = Dav()
    dav.put("/a")
    dav.lock("/a")
    reply = dav.lock("/", Depth="infinity")
    assert (reply.status, reply.prop("{DAV:}no-conflicting-lock") is not None) == (423, True)


def test_a_token_is_of_use_only_to_who_took_it() -> None:
    dav = Dav()
    other = dav.tokens.create("other", Scope.WRITE)[1]
    dav.put("/a")
    token = dav.lock("/a").token
    submitted = {"If": f"(<{token}>)"}
    assert dav.call("PUT", "/a", b"x", token=other, headers=submitted).status == 423
    assert dav.call("LOCK", "/a", token=other, headers=submitted).status == 403
    assert dav.call("UNLOCK", "/a", token=other, headers={"Lock-Token": f"<{token}>"}).status == 403


def test_a_deleted_file_takes_its_lock_along() -> None:
    dav = Dav()
    dav.put("/a")
    token = dav.lock("/a").token
    assert dav.call("DELETE", "/a", headers={"If": f"(<{token}>)"}).status == 204
    assert dav.call("PUT", "/a").status == 201


def test_a_moved_file_leaves_its_lock() -> None:
    dav = Dav()
    dav.put("/a")
    token = dav.lock("/a").token
    moved = {"Destination": dav.url("/b"), "If": f"(<{token}>)"}
    assert dav.call("MOVE", "/a", headers=moved).status == 201
    assert dav.call("PUT", "/b").status == 204


def test_a_forgotten_mimei_takes_its_locks_along() -> None:
    dav = Dav()
    dav.lock("/a")
    Catalog(dav.engines).delete(dav.mimei)
    Catalog(dav.engines).create(kind="fs", mark="tree")
    assert dav.call("PUT", "/a").status == 201


def test_no_more_locks_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOCKS_MAX", 1)
    dav = Dav()
    dav.lock("/a")
    assert dav.lock("/b").status == 507
    clock_of(dav.engines).advance(limits.LOCK_S_DEFAULT * 1000)
    assert dav.lock("/b").status == 201


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"<lockinfo/>", {}, 400),
        (LOCK % b"odd", {}, 400),
        (LOCK % b"shared", {"Depth": "1"}, 400),
        (b"", {}, 400),
        (b"", {"If": "(<urn:uuid:none>)"}, 412),
        ((LOCK % b"shared").replace(b"ada", b"a" * limits.LOCK_OWNER_BYTES_MAX), {}, 400),
    ],
)
def test_a_malformed_lock_is_refused(body: bytes, headers: dict[str, str], status: int) -> None:
    assert Dav().call("LOCK", "/", body, headers=headers).status == status


@pytest.mark.parametrize(("token", "status"), [("<urn:uuid:none>", 409), ("none", 400), ("", 400)])
def test_an_unknown_token_unlocks_nothing(token: str, status: int) -> None:
    assert Dav().call("UNLOCK", "/", headers={"Lock-Token": token}).status == status


def test_the_owner_a_client_gave_is_shown() -> None:
    dav = Dav()
    dav.lock("/a")
    owner = dav.find("/a", "lockdiscovery").prop("{DAV:}owner")
    assert owner is not None
    assert owner[0].text == "mailto:ada"


def test_a_lock_of_the_owners_is_not_that_of_a_user_whose_token_is_called_the_same() -> None:
    dav = Dav()
    ann = joined(dav, "Ann")
    Catalog(dav.engines).change_control(dav.mimei, right=rights.parse("everyone=read-cur,write"))
    hers = dav.tokens.create("laptop", Scope.OWNER, user=ann)[1]
    mine = dav.tokens.create("laptop", Scope.WRITE)[1]
    dav.put("/a")
    token = dav.call("LOCK", "/a", LOCK % b"exclusive", token=mine).token
    submitted = {"If": f"(<{token}>)"}
    assert dav.call("PUT", "/a", b"x", token=hers, headers=submitted).status == 423
    assert dav.call("UNLOCK", "/a", token=hers, headers={"Lock-Token": f"<{token}>"}).status == 403
    assert dav.call("PUT", "/a", b"x", token=mine, headers=submitted).status == 204


def joined(dav: Dav, name: str) -> KeyId:
    users = Users(dav.engines, dav.tokens, MemorySeeds())
    return users.join(users.invite(name)[0]).id


def test_the_owner_of_a_node_ends_no_lock_on_what_is_a_users() -> None:
    dav = Dav()
    ann = joined(dav, "Ann")
    hers, _ = Catalog(dav.engines).create(
        kind="fs", mark="hers", right=rights.parse("everyone=read-cur,write"), user=ann
    )
    secret = dav.tokens.create("laptop", Scope.OWNER, user=ann)[1]
    other = dav.tokens.create("tablet", Scope.OWNER, user=ann)[1]
    dav.base = f"/dav/{id_text(hers.id)}"
    assert dav.call("PUT", "/a", b"x", token=secret).status == 201
    token = dav.call("LOCK", "/a", LOCK % b"exclusive", token=secret).token
    ending = {"Lock-Token": f"<{token}>"}
    assert dav.call("UNLOCK", "/a", headers=ending).status == 403
    assert dav.call("UNLOCK", "/a", token=other, headers=ending).status == 204
