"""Sharing a private MiMei through the HTTP API, with users of the node and with people of elsewhere."""

from __future__ import annotations

from tests.unit.web.api.node import Client, Node

SECRET = b"the treasure lies under the third oak. " * 40
ACTS = "read-cur,read-versions,write,backup"


def user(node: Node, name: str) -> tuple[Client, str]:
    """Somebody who has joined the node, and the id of their key."""
    code = node.owner.post("/users/invitations", name=name).json["url"].rpartition("=")[2]
    joined = node.guest.post("/users/join", code=code).json
    client = node.client(joined["token"])
    return client, client.get("/session").json["user"]


def diary(node: Node) -> str:
    ref = str(node.owner.post("/mimei", type="fs", mark="diary", private=True).json["id"])
    assert node.owner.put(f"/mimei/{ref}/files/map.txt", SECRET).status < 300
    assert node.owner.post(f"/mimei/{ref}/backup").status == 200
    return ref


def test_a_user_of_the_node_reads_and_writes_what_they_were_let(node: Node) -> None:
    ref = diary(node)
    ann, ann_id = user(node, "Ann")
    assert ann.get(f"/mimei/{ref}").code == "mimei-not-found"
    given = node.owner.post(f"/mimei/{ref}/grants", to=ann_id, rights=ACTS)
    assert given.status < 300
    assert ann.get(f"/mimei/{ref}/files/map.txt").body == SECRET
    assert ann.put(f"/mimei/{ref}/files/ann.txt", b"by Ann").status < 300
    assert ann.post(f"/mimei/{ref}/backup").status == 200
    assert node.owner.get(f"/mimei/{ref}@last/files/ann.txt").body == b"by Ann"
    readers = node.owner.get(f"/mimei/{ref}/readers").json
    assert [(reader["has_key"], reader["until"] is None) for reader in readers] == [(True, True), (True, False)]
    blocks = node.engines.blocks
    assert not any(b"treasure" in blocks.get(cid) or b"by Ann" in blocks.get(cid) for cid in blocks.cids())


def test_who_was_left_out_is_answered_as_if_it_were_not_there(node: Node) -> None:
    ref = diary(node)
    ann, ann_id = user(node, "Ann")
    name = node.owner.post(f"/mimei/{ref}/grants", to=ann_id, rights=ACTS).json["name"]
    assert node.owner.delete(f"/mimei/{ref}/grants/{name}").status == 204
    absent = "a" * 32
    for path in ("", "/files/map.txt", "/tree/", "/log", "/readers"):
        denied, missing = ann.get(f"/mimei/{ref}{path}"), ann.get(f"/mimei/{absent}{path}")
        assert (denied.status, denied.code) == (missing.status, missing.code)
        assert denied.body.replace(ref.encode(), b"") == missing.body.replace(absent.encode(), b"")
    assert node.owner.post(f"/mimei/{ref}/rotate").json == {"epoch": 2}


def test_whose_two_keys_are_needed_is_said_and_given_in_one_text(node: Node) -> None:
    ref = diary(node)
    session = node.owner.get("/session").json
    assert session["reader"].startswith(session["key"][:51])
    refused = node.owner.post(f"/mimei/{ref}/grants", to="a" * 52, rights="read-versions")
    assert (refused.status, refused.code) == (400, "seal-key-needed")
    assert node.owner.post(f"/mimei/{ref}/grants", to="b" * 103, rights="read-versions").status == 400
    reader = "a" * 51 + "c" + "b" * 50 + "a"
    assert node.owner.post(f"/mimei/{ref}/grants", to=reader, rights="read-versions").json["opens"] is True
    assert node.owner.get(f"/mimei/{ref}/readers").json[1]["has_key"]


def test_who_may_see_less_than_all_versions_gets_no_key_and_reads_at_the_node_alone(node: Node) -> None:
    ref = diary(node)
    ann, ann_id = user(node, "Ann")
    assert node.owner.post(f"/mimei/{ref}/grants", to=ann_id, rights="read-cur").json["opens"] is False
    assert ann.get(f"/mimei/{ref}/files/map.txt").body == SECRET
    assert len(node.owner.get(f"/mimei/{ref}/readers").json) == 1
    assert node.owner.post(f"/mimei/{ref}/grants", to="a" * 52, rights="read-cur").json["opens"] is False


def test_a_guest_is_not_told_who_reads(node: Node) -> None:
    ref = diary(node)
    assert node.guest.get(f"/mimei/{ref}/readers").code == "denied"
    assert node.guest.get("/kept").code == "denied"
