"""Files and directories below a CID. Source: specs.ipfs.tech/http-gateways/path-gateway."""

import pytest

from leither.codec import DAG_CBOR, Block
from leither.service.history import release
from leither.service.paths import make_symlink
from tests.unit.web.front import Front

FRONT = Front()
_MIMEI = FRONT.make("site", {"index.html": b"<script>run()</script>", "d/x.txt": b"text", "d/ü.svg": b"<svg/>"})
make_symlink(FRONT.engines, _MIMEI, ("link",), "d/x.txt")
_VERSION = FRONT.save(_MIMEI)
release(FRONT.engines, _MIMEI, _VERSION)
ROOT = FRONT.content(_VERSION)


@pytest.mark.parametrize("path", ["/", "/index.html", "/d/x.txt", "/d/ü.svg", "/link"])
def test_nothing_below_a_cid_can_run(path: str) -> None:
    reply = FRONT.get(f"/ipfs/{ROOT}{path}")
    assert (reply.status, reply.headers["content-security-policy"]) == (200, "sandbox")
    assert reply.headers["cache-control"] == "public, max-age=29030400, immutable"
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_a_file_comes_with_its_type_its_tag_and_in_ranges() -> None:
    reply = FRONT.get(f"/ipfs/{ROOT}/d/x.txt", headers={"Range": "bytes=1-2"})
    assert (reply.status, reply.body, reply.headers["content-type"]) == (206, b"ex", "text/plain; charset=utf-8")
    assert FRONT.get(f"/ipfs/{ROOT}/d/x.txt", headers={"If-None-Match": reply.headers["etag"]}).status == 304


def test_a_directory_needs_its_slash() -> None:
    reply = FRONT.get(f"/ipfs/{ROOT}/d?x=1")
    assert (reply.status, reply.headers["location"]) == (302, f"/ipfs/{ROOT}/d/?x=1")


def test_a_directory_without_an_index_is_listed() -> None:
    body = FRONT.get(f"/ipfs/{ROOT}/d/").body.decode()
    assert 'href="./x.txt"' in body
    assert 'href="./%C3%BC.svg"' in body


def test_a_symlink_shows_as_one() -> None:
    reply = FRONT.get(f"/ipfs/{ROOT}/link")
    assert (reply.headers["content-type"], reply.body) == ("inode/symlink", b"d/x.txt")


@pytest.mark.parametrize("path", ["/none", "/d/none", "/index.html/x", "/link/x"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert FRONT.get(f"/ipfs/{ROOT}{path}").status in (400, 404)


def test_what_is_no_file_must_be_asked_for_as_a_block() -> None:
    front = Front()
    record = Block.of(DAG_CBOR, b"\xa0")
    with front.engines.blocks.lease() as lease:
        lease.put(record)
    token = front.owner_token()
    assert front.get(f"/ipfs/{record.cid}", token=token).status == 406
    assert front.get(f"/ipfs/{record.cid}?format=raw", token=token).body == b"\xa0"
