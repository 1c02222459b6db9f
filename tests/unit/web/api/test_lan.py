"""What the API says of how other machines reach the node, and where it leads them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leither.crypto import MimeiId, parse_id
from leither.web.lan import Authority
from leither.web.settings import WebSettings
from tests.unit.web.api.node import Node
from tests.unit.web.lan import ADDRESS, NAME, FakeLan


@pytest.fixture
def lan(node: Node) -> FakeLan:
    """Let other machines reach the node, without encryption, so that requests need no scheme of their own."""
    lan = FakeLan(secure=False, authority=Authority(b"PEM", b"DER", "AB:CD", 2_000_000_000_000))
    node.api.state["context"] = replace(node.context, settings=WebSettings(4800, lan=lan), lan=lan)
    return lan


def url_of(node: Node, mimei: str, host: str) -> str:
    return str(node.owner.send("GET", f"/mimei/{mimei}", headers={"host": host}).json["url"])


def test_a_node_that_others_do_not_reach_says_so(node: Node) -> None:
    found = node.owner.get("/lan").json
    assert (found["tls"], found["encrypted"], found["urls"], found["apps"]) == ("off", False, [], [])
    assert (found["authority"], found["certificate"]) == (None, None)


def test_the_owner_is_told_where_and_how(node: Node, lan: FakeLan) -> None:
    mimei = node.fs()
    lan.ports[MimeiId(parse_id(mimei))] = 4810
    found = node.owner.get("/lan").json
    assert found["hosts"] == [ADDRESS, NAME]
    assert found["urls"] == [f"http://{ADDRESS}:4800/", f"http://{NAME}:4800/"]
    assert found["redis"] == [f"redis://{ADDRESS}:4802", f"redis://{NAME}:4802"]
    assert found["authority"] == {"fingerprint": "AB:CD", "ends": "2033-05-18T03:33:20Z", "certificate": "PEM"}
    assert found["apps"] == [{"port": 4810, "id": mimei}]


def test_an_app_is_shown_at_its_port_or_where_it_gets_one(node: Node, lan: FakeLan) -> None:
    mimei = node.fs()
    assert url_of(node, mimei, f"{NAME}:4800") == f"http://{NAME}:4800/mm/{mimei}/"
    lan.ports[MimeiId(parse_id(mimei))] = 4810
    assert url_of(node, mimei, f"{NAME}:4800") == f"http://{NAME}:4810/"
    assert url_of(node, mimei, "localhost:4800") == f"http://{mimei}.localhost:4800/"


def test_the_status_names_the_page_the_way_the_request_came(node: Node, lan: FakeLan) -> None:
    answer = node.guest.send("GET", "/status", headers={"host": f"{ADDRESS}:4800"})
    assert answer.json["url"] == f"http://{ADDRESS}:4800/"


def test_a_link_leads_where_it_was_asked_from(node: Node, lan: FakeLan) -> None:
    answer = node.owner.send("POST", "/session/link", body=b"{}", headers={"host": f"{ADDRESS}:4800"})
    assert answer.json["url"].startswith(f"http://{ADDRESS}:4800/#code=")


def test_a_link_leads_to_the_host_that_is_named(node: Node, lan: FakeLan) -> None:
    assert node.owner.post("/session/link", host="Desk.local").json["url"].startswith(f"http://{NAME}:4800/#code=")


def test_a_link_to_a_private_app_opens_a_port_for_it(node: Node, lan: FakeLan) -> None:
    mimei = node.fs()
    url = node.owner.post("/session/link", host=ADDRESS, **{"for": mimei}).json["url"]
    assert url.startswith(f"http://{ADDRESS}:4810/.leither/enter?code=")
    assert lan.ports == {MimeiId(parse_id(mimei)): 4810}


def test_a_link_to_a_host_that_the_node_is_not_is_refused(node: Node, lan: FakeLan) -> None:
    assert node.owner.post("/session/link", host="evil.example").code == "not-a-host"


def test_there_is_no_link_for_other_machines_where_they_do_not_reach(node: Node) -> None:
    assert node.owner.post("/session/link", host=ADDRESS).code == "not-a-host"


def test_a_port_is_freed_by_the_app_that_has_it(node: Node, lan: FakeLan) -> None:
    mimei = node.fs()
    lan.ports[MimeiId(parse_id(mimei))] = 4810
    assert node.owner.delete(f"/lan/apps/{mimei}").status == 204
    assert lan.ports == {}
    assert node.owner.delete("/lan/apps/nonsense").status == 400
