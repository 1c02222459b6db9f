"""Passkeys over the API: made by who is signed in, used by a guest, and where they can't be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leither.service.passkey_ceremony import Answer
from tests.unit.service.authenticator import Authenticator
from tests.unit.web.api.node import Answer as Reply
from tests.unit.web.api.node import Client, Node

NEW, USED = "attestation", "authenticator_data"


def sent(answer: Answer, proof: str, **members: object) -> dict[str, Any]:
    found: dict[str, Any] = {"id": answer.credential, "client_data": answer.client_data, proof: answer.proof}
    return found | members | ({"signature": answer.signature} if answer.signature else {})


def added(client: Client, device: Authenticator) -> Reply:
    options = client.post("/passkeys/begin").json["options"]
    return client.post("/passkeys", **sent(device.make(options), NEW, name="laptop"))


def signed_in(client: Client, device: Authenticator) -> Reply:
    options = client.post("/session/passkey/begin").json["options"]
    return client.post("/session/passkey", **sent(device.use(options), USED))


def test_a_guest_with_a_passkey_becomes_who_made_it(node: Node) -> None:
    device = Authenticator()
    made = added(node.owner, device)
    assert (made.status, made.json["name"], made.json["origin"]) == (201, "laptop", "http://localhost:4800")
    session = signed_in(node.guest, device)
    assert session.status == 201
    client = node.client(session.json["token"])
    who = client.get("/session").json
    assert (who["name"], who["scope"], who["user"]) == ("owner", "owner", None)
    assert [one["present"] for one in client.get("/sessions").json] == [True]
    (listed,) = client.get("/passkeys").json
    assert listed["id"] == made.json["id"]
    assert listed["last_used"] is not None


def test_a_passkey_is_renamed_and_removed(node: Node) -> None:
    device = Authenticator()
    passkey = added(node.owner, device).json["id"]
    renamed = node.owner.send("PATCH", f"/passkeys/{passkey}", body=b'{"name": "old laptop"}')
    assert renamed.json["name"] == "old laptop"
    assert node.owner.delete(f"/passkeys/{passkey}").status == 204
    assert signed_in(node.guest, device).code == "unknown-passkey"


def test_the_origin_is_that_which_the_request_was_sent_to(node: Node) -> None:
    assert added(node.owner, Authenticator(origin="http://localhost:4801")).code == "foreign-passkey"


@pytest.mark.parametrize("host", ["127.0.0.1:4800", "[::1]:4800", "desk.local:4800"])
def test_an_address_and_a_name_without_tls_have_no_passkeys(node: Node, host: str) -> None:
    for path in ("/passkeys/begin", "/session/passkey/begin"):
        refused = node.owner.send("POST", path, headers={"host": host})
        assert (refused.status, refused.code) == (400, "passkey-needs-name")
        assert "http://localhost:4800/" in refused.json["detail"]


@pytest.mark.parametrize(
    ("host", "origin"), [("desk.local:4801", "https://desk.local:4801"), ("desk.example", "https://desk.example")]
)
def test_a_name_with_tls_has_passkeys_of_its_own(node: Node, host: str, origin: str) -> None:
    name = host.partition(":")[0]
    device = Authenticator(origin=origin, host=name)

    def sent_there(path: str, body: dict[str, Any]) -> Reply:
        client = node.guest if "session" in path else node.owner
        return client.send("POST", path, body=json.dumps(body).encode(), headers={"host": host}, scheme="https")

    made = sent_there("/passkeys", sent(device.make(sent_there("/passkeys/begin", {}).json["options"]), NEW, name="a"))
    assert (made.status, made.json["origin"]) == (201, origin)
    options = sent_there("/session/passkey/begin", {}).json["options"]
    assert options["rpId"] == name
    assert sent_there("/session/passkey", sent(device.use(options), USED)).status == 201
    assert signed_in(node.guest, device).code == "foreign-passkey"


def test_an_address_with_tls_has_none(node: Node) -> None:
    refused = node.guest.send("POST", "/session/passkey/begin", headers={"host": "192.168.1.2:4801"}, scheme="https")
    assert refused.code == "passkey-needs-name"


def test_an_answer_longer_than_any_authenticators_is_not_read(node: Node) -> None:
    answer = Answer("a", "b", "c" * 20_000)
    assert node.owner.post("/passkeys", **sent(answer, NEW, name="laptop")).code == "not-understood"
