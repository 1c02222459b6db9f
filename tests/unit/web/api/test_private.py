"""Private MiMei through the HTTP API."""

from tests.unit.web.api.node import running

SECRET = b"the treasure lies under the third oak. " * 40


def test_a_private_mimei_is_made_written_and_read_through_the_api() -> None:
    with running() as node:
        client = node.owner
        made = client.post("/mimei", type="fs", mark="diary", private=True).json
        ref = made["id"]
        assert made["private"]
        assert client.put(f"/mimei/{ref}/files/a/map.txt", SECRET).status in (200, 201, 204)
        assert client.post(f"/mimei/{ref}/backup").status == 200
        assert client.get(f"/mimei/{ref}@0/files/a/map.txt").body == SECRET
        assert b"treasure" in client.get(f"/mimei/{ref}@0/tar/").body
        assert client.get(f"/mimei/{ref}").json["private"]
        blocks = node.engines.blocks
        assert not any(b"treasure" in blocks.get(cid) for cid in blocks.cids())


def test_a_private_mimei_gives_no_rights_to_others() -> None:
    with running() as node:
        answer = node.owner.post("/mimei", type="fs", mark="open", private=True, right="everyone=read-release")
        assert (answer.status, answer.code) == (409, "private-unsupported")
