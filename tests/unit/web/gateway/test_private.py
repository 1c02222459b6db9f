"""A private MiMei in a browser: shown to who may read it, at its own address; its blocks are given out to nobody."""

from __future__ import annotations

from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.mimei.path import parse_path
from leither.people import OWNER
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.tree import open_tree
from tests.unit.web.front import Front

SECRET = b"treasure"
BIG = SECRET * 300_000


def shown(front: Front) -> MimeiId:
    """A private MiMei with a released version."""
    mimei = Catalog(front.engines).create(kind="fs", mark="diary", private=True)[0].id
    front.fill(mimei, {"index.html": b"<h1>diary</h1>", "map.txt": SECRET, "folder/big": BIG})
    front.save(mimei)
    release(front.engines, mimei)
    return mimei


def cid_of(front: Front, mimei: MimeiId, path: str) -> Cid:
    with open_tree(front.engines, mimei, 0, OWNER) as tree:
        cid = tree.entry(parse_path(path)).cid
    assert cid is not None
    return cid


def test_its_owner_sees_it_at_its_path_address() -> None:
    front = Front()
    mimei = shown(front)
    owner = front.owner_token()
    place = f"/mm/{id_text(mimei)}@0"
    reply = front.get(f"{place}/map.txt", token=owner)
    assert (reply.status, reply.body) == (200, SECRET)
    assert b"private" in reply.headers["cache-control"].encode()
    assert front.get(f"{place}/folder/big", token=owner).body == BIG
    part = front.get(f"{place}/folder/big", token=owner, headers={"Range": "bytes=1048570-1048590"})
    assert (part.status, part.body) == (206, BIG[1048570:1048591])


def test_nobody_else_is_told_that_it_is_there() -> None:
    front = Front()
    mimei = shown(front)
    absent = front.get(f"/mm/{id_text(MimeiId(bytes(20)))}@0/map.txt")
    denied = front.get(f"/mm/{id_text(mimei)}@0/map.txt")
    assert (denied.status, absent.status) == (404, 404)
    assert denied.body.replace(id_text(mimei).encode(), b"") == absent.body.replace(id_text(bytes(20)).encode(), b"")


def test_its_blocks_are_given_out_to_nobody_by_their_cids() -> None:
    front = Front()
    mimei = shown(front)
    owner = front.owner_token()
    assert front.get(f"/mm/{id_text(mimei)}@0/map.txt", token=owner).status == 200
    for path in ("map.txt", "folder/big"):
        cid = cid_of(front, mimei, path)
        assert front.get(f"/ipfs/{cid}", token=owner).status == 404
        assert front.get(f"/ipfs/{cid}").status == 404
        assert front.get(f"/ipfs/{cid}?format=raw", token=owner).status == 404


def test_its_pages_run_at_an_origin_of_its_own_for_who_has_entered_there() -> None:
    front = Front()
    mimei = shown(front)
    assert front.app(mimei).status == 404
    code, _ = front.tokens.one_time_code(mimei)
    cookie = front.app(mimei, f"/.leither/enter?code={code}").headers["set-cookie"].split("; ")[0]
    inside = front.app(mimei, headers={"Cookie": cookie})
    assert (inside.body, inside.headers["cache-control"]) == (b"<h1>diary</h1>", "private, no-cache")
    assert front.app(mimei, "/folder/big", headers={"Cookie": cookie}).body == BIG
    assert front.app(mimei).status == 404
