"""Two users and the owner of one node: whatever is asked for, nobody meets what is another's."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest

from tests.unit.web.api.node import Answer, Client, Node
from tests.unit.web.api.test_rights import CASES, REFUSED, Case, furnish, named

ABSENT = "a" * 32
TELLING = (b"text 0", b"text 1", b"topic:old")
"""What stands in what `furnish` makes."""
ABOUT_ONE = [case for case in [*CASES, *REFUSED] if "{id}" in case.path]
EVERYONE = {"everyone": True}
"""The owner's copy of what is everybody's, which says that it is one."""
ABOUT_ALL = [case for case in [*CASES, *REFUSED] if "{id}" not in case.path and case.body != EVERYONE]
OUTSIDERS = ("Ben", "owner")


@dataclass
class Household:
    """Ann has something private; Ben and the owner have nothing."""

    node: Node
    ann: Client
    ben: Client
    hers: str
    token: str

    def outsider(self, name: str) -> Client:
        return self.node.owner if name == "owner" else self.ben


def joined(node: Node, name: str) -> Client:
    code = node.owner.post("/users/invitations", name=name).json["url"].rpartition("=")[2]
    return node.client(node.guest.post("/users/join", code=code).json["token"])


@pytest.fixture
def household(node: Node) -> Household:
    ann, ben = joined(node, "Ann"), joined(node, "Ben")
    hers = furnish(node, ann)
    assert ann.post("/tokens", name="hers", scope="read").status == 201
    return Household(node, ann, ben, hers, "hers")


def sent(client: Client, case: Case, mimei: str) -> Answer:
    path, _, query = case.path.replace("{id}", mimei).partition("?")
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).replace("{id}", mimei).encode()
    return client.send(
        case.method,
        path,
        body=b"" if case.body is None else body,
        query={query.partition("=")[0]: query.partition("=")[2]} if query else {},
    )


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize("case", ABOUT_ONE, ids=named)
def test_what_is_anothers_answers_as_what_is_absent(household: Household, case: Case, outsider: str) -> None:
    client = household.outsider(outsider)
    denied, absent = sent(client, case, household.hers), sent(client, case, ABSENT)
    assert denied.status == absent.status >= 400
    assert denied.body.replace(household.hers.encode(), b"") == absent.body.replace(ABSENT.encode(), b"")
    assert denied.headers == absent.headers


@pytest.mark.parametrize("outsider", OUTSIDERS)
@pytest.mark.parametrize("case", ABOUT_ALL, ids=named)
def test_no_answer_about_all_tells_what_is_anothers(household: Household, case: Case, outsider: str) -> None:
    answer = sent(household.outsider(outsider), case, household.hers)
    for told in (household.hers.encode(), household.token.encode() + b'"', *TELLING):
        assert told not in answer.body


def test_everybody_lists_their_own_tokens_and_sessions_alone(household: Household) -> None:
    node = household.node
    assert [each["name"] for each in household.ann.get("/tokens").json] == ["hers"]
    assert household.ben.get("/tokens").json == []
    assert len(household.ann.get("/sessions").json) == 1
    assert node.owner.get("/sessions").json == []
    (session,) = household.ann.get("/sessions").json
    for other in (household.ben, node.owner):
        assert other.delete(f"/sessions/{session['id']}").code == "session-not-found"
        assert other.delete("/tokens/hers").code == "token-not-found"
        assert other.delete("/sessions").json == {"ended": 0}
    assert household.ann.get("/session").json["name"] == "Ann"


def test_one_name_is_a_token_of_each(household: Household) -> None:
    for client in (household.ben, household.node.owner):
        assert client.post("/tokens", name="hers", scope="owner").status == 201


def test_a_token_of_a_users_acts_for_them_alone(household: Household) -> None:
    made = household.ann.post("/tokens", name="all", scope="owner").json["token"]
    client = household.node.client(made)
    assert client.get(f"/mimei/{household.hers}").status == 200
    assert client.get("/users").code == "denied"
    assert client.get("/config").code == "denied"


def test_a_link_that_a_user_makes_signs_in_as_them(household: Household) -> None:
    code = household.ann.post("/session/link").json["url"].rpartition("=")[2]
    again = household.node.client(household.node.guest.post("/session", code=code).json["token"])
    assert again.get("/session").json == household.ann.get("/session").json
    assert again.get(f"/mimei/{household.hers}").status == 200


def test_what_everyone_may_read_of_a_users_the_others_read_as_guests_do(household: Household) -> None:
    assert household.ann.put_json(f"/mimei/{household.hers}/right", right="everyone=read-release").status == 200
    for client in (household.ben, household.node.owner, household.node.guest):
        assert client.get(f"/mimei/{household.hers}@release/files/page").body == b"text 1"
        assert client.get(f"/mimei/{household.hers}@cur/files/page").code == "mimei-not-found"
        assert client.put(f"/mimei/{household.hers}/files/page", b"mine").status >= 400


def test_a_user_refers_to_nothing_that_they_may_not_read(household: Household) -> None:
    his = str(household.ben.post("/mimei", type="fs", app="test", mark="his").json["id"])
    path = f"/mimei/{his}/references"
    denied = household.ben.post(path, target=household.hers)
    absent = household.ben.post(path, target=ABSENT)
    assert denied.status == absent.status
    assert denied.body.replace(household.hers.encode(), b"") == absent.body.replace(ABSENT.encode(), b"")


def test_a_user_brings_nothing_into_what_is_anothers(household: Household) -> None:
    archive = household.ann.get("/export").body
    assert household.ben.send("POST", "/import", body=archive).code == "not-yours"
    assert household.ann.send("POST", "/import", body=archive).status == 200


def test_status_tells_the_owner_alone_what_all_take(household: Household) -> None:
    assert "blocks" not in household.ben.get("/status").json
    assert "bytes_on_disk" not in household.node.guest.get("/status").json
    assert household.node.owner.get("/status").json["users"] == 2
    assert household.node.owner.get("/status").json["mimei"] == 0


def test_a_user_sets_their_own_and_nobody_elses(household: Household) -> None:
    assert household.ann.put_json("/users/self/settings", settings={"language": "de"}).status == 200
    assert household.ann.get("/users/self/settings").json == {"settings": {"language": "de"}}
    assert household.ben.get("/users/self/settings").json == {"settings": {}}
    assert "de" not in json.dumps(household.node.owner.get("/users").json["users"][0].get("settings", {}))
    many = {str(n): "" for n in range(65)}
    assert household.ann.put_json("/users/self/settings", settings=many).code == "bad-user-setting"


def test_the_owner_exports_what_is_a_users_only_when_they_leave(household: Household) -> None:
    owner = household.node.owner
    assert owner.post("/users/Ann/export", passphrase="chosen").code == "not-suspended"
    assert owner.send("PATCH", "/users/Ann", body=b'{"suspended": true}').status == 200
    assert owner.post("/users/Ann/export", passphrase="chosen").status == 200


def test_a_guest_who_may_tag_signs_nothing_in_anybodys_name(household: Household) -> None:
    assert household.ann.put_json(f"/mimei/{household.hers}/right", right="everyone=read-cur,tag").status == 200
    assert household.node.guest.post(f"/mimei/{household.hers}/tags", tag="topic:mine").code == "denied"
    assert household.ann.post(f"/mimei/{household.hers}/tags", tag="topic:hers").status == 200
