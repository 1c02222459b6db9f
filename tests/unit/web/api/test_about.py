"""All that a node holds about a person: theirs alone, complete, and without a secret in it."""

from __future__ import annotations

from leither.crypto import key_text
from tests.unit.service.authenticator import Authenticator
from tests.unit.service.guests import BOB
from tests.unit.web.api.node import Node
from tests.unit.web.api.test_apart import Household, household
from tests.unit.web.api.test_passkeys import added

__all__ = ["household"]


def test_it_says_everything_that_is_a_users_and_no_secret(household: Household) -> None:
    node, ann = household.node, household.ann
    assert ann.put_json("/users/self/settings", settings={"language": "nl"}).status == 200
    assert added(ann, Authenticator()).status == 201
    assert ann.post(f"/mimei/{household.hers}/grants", to=key_text(BOB.public), rights="read-cur").status == 201
    lent = node.fs("lent")
    person = ann.get("/about").json
    assert node.owner.post(f"/mimei/{lent}/grants", to=person["key"], rights="read-cur").status == 201
    answer = ann.get("/about")
    found = answer.json
    assert (found["role"], found["name"], found["settings"]) == ("user", "Ann", {"language": "nl"})
    assert household.hers in {each["id"] for each in found["mimei"]}
    assert [each["name"] for each in found["tokens"]] == [household.token]
    assert len(found["sessions"]) == 1
    assert [each["name"] for each in found["passkeys"]] == ["laptop"]
    assert [(each["mimei"], each["to"]) for each in found["grants_given"]] == [(household.hers, key_text(BOB.public))]
    assert [(each["mimei"], each["to"]) for each in found["grants_held"]] == [(lent, found["key"])]
    assert found["audit"] == ann.get("/audit", limit=1000).json["items"]
    seed = node.engines.persons.of_user(node.context.users.find("Ann").id).seed
    assert ann.token is not None
    for secret in (ann.token, seed.hex()):
        assert secret.encode() not in answer.body


def test_the_owner_is_told_of_themselves_and_whom_they_invited(node: Node) -> None:
    owner = node.owner
    mimei = node.fs("site")
    assert owner.post("/users/invitations", name="Cy").status == 201
    found = owner.get("/about").json
    assert (found["role"], found["name"], found["joined"]) == ("owner", None, None)
    assert mimei in {each["id"] for each in found["mimei"]}
    assert [each["name"] for each in found["invitations"]] == ["Cy"]


def test_the_owner_is_told_of_a_user_only_when_they_leave_and_the_user_sees_that(household: Household) -> None:
    owner = household.node.owner
    assert owner.get("/users/Ann/about").code == "not-suspended"
    assert owner.send("PATCH", "/users/Ann", body=b'{"suspended": true}').status == 200
    found = owner.get("/users/Ann/about").json
    assert household.hers in {each["id"] for each in found["mimei"]}
    (exported,) = [each for each in found["audit"] if each["kind"] == "export"]
    assert (exported["role"], exported["right"], exported["yours"]) == ("owner", "owner of the node", False)


def test_it_is_noted_that_somebody_took_it_along(node: Node) -> None:
    owner = node.owner
    owner.get("/about")
    (entry,) = owner.get("/audit", kind="export").json["items"]
    assert (entry["mimei"], entry["right"], entry["yours"]) == (None, "own", True)
