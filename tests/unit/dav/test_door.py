"""What WebDAV clients may see and do."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.crypto import id_text
from leither.mimei.address import CUR
from leither.people import OWNER, Scope
from leither.people import right as rights
from leither.service.history import release
from leither.service.paths import make_reference, make_symlink
from leither.service.tree import open_tree
from leither.testing.node import counted
from tests.unit.dav.client import HOST, Dav

PUBLIC = rights.parse("everyone=read-release")


def test_anybody_may_ask_what_the_door_can_do() -> None:
    reply = Dav().call("OPTIONS", "/", token=None)
    assert (reply.status, reply.headers["dav"], reply.headers["ms-author-via"]) == (200, "1,2,3", "DAV")
    assert "UNLOCK" in reply.headers["allow"]


@pytest.mark.parametrize("path", ["/", "/none", "@3/"])
@pytest.mark.parametrize("method", ["PROPFIND", "GET", "PUT", "DELETE", "MKCOL"])
def test_a_guest_is_asked_to_sign_in_whether_something_is_there_or_not(method: str, path: str) -> None:
    dav = Dav()
    replies = [dav.call(method, path, token=None), dav.call(method, "/dav/" + "a" * 32 + path, token=None, whole=True)]
    assert [reply.status for reply in replies if path != "@3/" or method in ("PROPFIND", "GET")] in ([401] * 2, [])
    assert all("www-authenticate" in reply.headers for reply in replies if reply.status == 401)


def test_a_wrong_password_is_refused_and_the_realm_named() -> None:
    reply = Dav().call("PROPFIND", "/", token="wrong")
    assert reply.status == 401


def test_a_token_for_another_mimei_sees_nothing() -> None:
    dav = Dav()
    other = dav.catalog.create(kind="fs", mark="other")[0].id
    secret = dav.tokens.create("other's", Scope.WRITE, other)[1]
    assert dav.call("PROPFIND", "/", token=secret).status == 404
    assert dav.call("PROPFIND", f"/dav/{id_text(other)}/", token=secret, whole=True).status == 207


def test_a_reader_may_not_write() -> None:
    dav = Dav()
    secret = dav.tokens.create("reader", Scope.READ)[1]
    assert [dav.call(method, "/a", token=secret).status for method in ("PUT", "MKCOL", "LOCK")] == [403, 403, 400]


def test_a_guest_reads_the_release_of_what_is_public() -> None:
    dav = Dav(right=PUBLIC)
    dav.put("/a", b"one")
    release(dav.engines, dav.mimei, dav.save())
    dav.put("/a", b"two")
    assert dav.call("GET", "/a", token=None).body == b"one"
    assert dav.call("GET", "/a").body == b"two"
    assert dav.call("PUT", "/a", b"three", token=None).status == 401


def test_the_list_of_all_mimei_is_for_who_signed_in() -> None:
    dav = Dav()
    assert dav.call("PROPFIND", "/dav/", token=None, whole=True).status == 401
    reply = dav.call("PROPFIND", "/dav/", whole=True, headers={"Depth": "1"})
    assert reply.hrefs == ["/dav/", f"{dav.base}/"]


def test_a_file_comes_back_as_it_was_put_with_its_tag() -> None:
    dav = Dav()
    reply = dav.call("PUT", "/a%20b%23.txt", b"hello")
    assert (reply.status, dav.call("PUT", "/a%20b%23.txt", b"hello").status) == (201, 204)
    got = dav.call("GET", "/a%20b%23.txt")
    assert (got.body, got.headers["etag"]) == (b"hello", reply.headers["etag"])
    assert got.headers["content-security-policy"] == "sandbox"
    assert dav.call("GET", "/a%20b%23.txt", headers={"Range": "bytes=1-2"}).body == b"el"
    assert dav.call("GET", "/a%20b%23.txt", headers={"If-None-Match": got.headers["etag"]}).status == 304
    since = {"If-Modified-Since": got.headers["last-modified"]}
    assert dav.call("GET", "/a%20b%23.txt", headers=since).status == 304


def test_a_large_file_comes_in_pieces() -> None:
    dav = Dav()
    pieces = [bytes([n]) * limits.BODY_PIECE_BYTES for n in range(9)]
    assert dav.call("PUT", "/large", pieces=pieces, headers={"Expect": "100-continue"}).status == 201
    assert dav.call("GET", "/large").body == b"".join(pieces)


def test_a_file_keeps_the_time_its_synchronizer_tells() -> None:
    dav = Dav()
    reply = dav.call("PUT", "/a", b"x", headers={"X-OC-Mtime": "1000000000.5"})
    assert reply.headers["x-oc-mtime"] == "accepted"
    assert dav.call("GET", "/a").headers["last-modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/none/a", 409),
        ("MKCOL", "/none/a", 409),
        ("PUT", "/d", 405),
        ("MKCOL", "/d", 405),
        ("MKCOL", "/f", 405),
        ("MKCOL", "/f/a", 409),
        ("DELETE", "/none", 404),
        ("DELETE", "/", 403),
        ("GET", "/none", 404),
        ("PROPFIND", "/none", 404),
        ("PATCH", "/f", 405),
        ("PUT", "/a%2Fb", 400),
        ("PUT", "//a", 400),
        ("PUT", "/..", 400),
    ],
)
def test_what_cannot_be_done_is_told_by_its_status(method: str, path: str, status: int) -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/f")
    assert dav.call(method, path).status == status


def test_a_collection_takes_no_body() -> None:
    assert Dav().call("MKCOL", "/d", b"<x/>").status == 415


def test_deleting_the_last_member_leaves_its_collection() -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a")
    assert dav.call("DELETE", "/d/a").status == 204
    assert dav.find("/d", depth="1").hrefs == [f"{dav.base}/d/"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "*"}, 204),
        ({"If-None-Match": "*"}, 412),
        ({"If-Unmodified-Since": "Sun, 09 Sep 2001 01:46:40 GMT"}, 412),
        ({"If": '(["other"])'}, 412),
        ({"If": "(Not <DAV:no-lock>)"}, 204),
        ({"If": "nonsense"}, 400),
        ({"Content-Range": "bytes 0-1/2"}, 400),
    ],
)
def test_a_put_keeps_its_conditions(headers: dict[str, str], status: int) -> None:
    dav = Dav()
    dav.put("/a", b"before")
    assert dav.call("PUT", "/a", b"after", headers=headers).status == status
    assert dav.call("GET", "/a").body == (b"after" if status == 204 else b"before")


def test_a_version_can_only_be_read() -> None:
    dav = Dav()
    dav.put("/a", b"kept")
    dav.save()
    dav.put("/a", b"new")
    assert dav.call("GET", f"{dav.base}@0/a", whole=True).body == b"kept"
    for method in ("PUT", "DELETE", "MKCOL", "LOCK", "PROPPATCH"):
        body = b"" if method in ("PUT", "DELETE", "MKCOL") else _BODIES[method]
        assert dav.call(method, f"{dav.base}@0/a", body, whole=True).status == 403
    moved = {"Destination": dav.url("/b")}
    assert dav.call("MOVE", f"{dav.base}@0/a", whole=True, headers=moved).status == 403


_BODIES = {
    "LOCK": b'<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>',
    "PROPPATCH": b'<propertyupdate xmlns="DAV:"><remove><prop><a xmlns="urn:x"/></prop></remove></propertyupdate>',
}


def test_a_version_is_copied_back_into_the_working_copy() -> None:
    dav = Dav()
    dav.put("/a", b"kept")
    dav.save()
    dav.put("/a", b"new")
    reply = dav.call("COPY", f"{dav.base}@0/a", whole=True, headers={"Destination": dav.url("/a")})
    assert (reply.status, dav.call("GET", "/a").body) == (204, b"kept")


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_tree_changes_places_and_no_block_is_written(method: str) -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a", b"one")
    counted(dav.engines).forget_counts()
    assert dav.call(method, "/d", headers={"Destination": dav.url("/e")}).status == 201
    assert counted(dav.engines).puts == 0
    assert dav.call("GET", "/e/a").body == b"one"
    assert dav.call("GET", "/d/a").status == (200 if method == "COPY" else 404)


def test_a_copy_of_depth_zero_leaves_the_members() -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a")
    dav.call("COPY", "/d", headers={"Destination": dav.url("/e"), "Depth": "0"})
    assert dav.find("/e", depth="1").hrefs == [f"{dav.base}/e/"]


def test_a_file_moves_into_another_mimei() -> None:
    dav = Dav()
    other = f"/dav/{id_text(dav.catalog.create(kind='fs', mark='other')[0].id)}"
    dav.put("/a", b"one")
    reply = dav.call("MOVE", "/a", headers={"Destination": f"http://{HOST}{other}/b"})
    assert (reply.status, dav.call("GET", f"{other}/b", whole=True).body) == (201, b"one")
    assert dav.call("GET", "/a").status == 404


@pytest.mark.parametrize(
    ("source", "destination", "extra", "status"),
    [
        ("/f", "/d", {"Overwrite": "F"}, 412),
        ("/f", "/f", {}, 403),
        ("/d", "/d/x", {}, 403),
        ("/d/a", "/d", {}, 403),
        ("/none", "/x", {}, 404),
        ("/f", "/none/x", {}, 409),
        ("/f", "/d", {"Depth": "1"}, 400),
        ("/f", "/d", {"Overwrite": "maybe"}, 400),
    ],
)
def test_a_move_that_cannot_be_changes_nothing(
    source: str, destination: str, extra: dict[str, str], status: int
) -> None:
    dav = Dav()
    dav.mkcol("/d")
    dav.put("/d/a")
    dav.put("/f")
    before = dav.find("/", depth="infinity").hrefs
    assert dav.call("MOVE", source, headers={"Destination": dav.url(destination), **extra}).status == status
    assert dav.find("/", depth="infinity").hrefs == before


@pytest.mark.parametrize(
    ("destination", "status"), [("http://other.test/dav/x", 502), ("/api/v1", 400), ("", 400), ("http://[", 400)]
)
def test_a_destination_that_is_not_here_is_refused(destination: str, status: int) -> None:
    dav = Dav()
    dav.put("/f")
    assert dav.call("COPY", "/f", headers={"Destination": destination}).status == status


def test_a_full_quota_is_told_and_nothing_is_kept() -> None:
    dav = Dav(quota=100)
    reply = dav.call("PUT", "/a", b"x" * 200)
    assert (reply.status, b"quota-not-exceeded" in reply.body) == (507, True)
    assert dav.call("GET", "/a").status == 404
    found = dav.find("/", "quota-available-bytes", "quota-used-bytes")
    assert [found.prop(f"{{DAV:}}quota-{name}-bytes").text for name in ("available", "used")] == ["100", "0"]  # type: ignore[union-attr]


def test_links_and_references_show_what_they_lead_to_and_are_only_read() -> None:
    dav = Dav()
    other = dav.catalog.create(kind="fs", mark="other", right=PUBLIC)[0].id
    dav.call("PUT", f"/dav/{id_text(other)}/x", b"there", whole=True)
    mine, dav.mimei = dav.mimei, other
    release(dav.engines, other, dav.save())
    dav.mimei = mine
    dav.put("/a", b"one")
    make_symlink(dav.engines, mine, ("link",), "a")
    make_symlink(dav.engines, mine, ("broken",), "none")
    make_reference(dav.engines, mine, ("ref",), other, None)
    assert dav.find("/", depth="1").hrefs == [f"{dav.base}{path}" for path in ("/", "/a", "/link", "/ref/")]
    assert (dav.call("GET", "/link").body, dav.call("GET", "/ref/x").body) == (b"one", b"there")
    assert dav.call("PUT", "/ref/y").status == 409
    assert dav.call("DELETE", "/ref").status == 204


def test_a_mimei_of_type_file_is_one_file() -> None:
    dav = Dav()
    mimei = dav.catalog.create(kind="file", mark="notes", ext="txt")[0].id
    place = f"/dav/{id_text(mimei)}"
    assert dav.call("PROPFIND", place, whole=True).status == 404
    assert dav.call("PUT", place, b"text", whole=True).status == 201
    reply = dav.call("GET", place, whole=True)
    assert (reply.body, reply.headers["content-type"]) == (b"text", "text/plain; charset=utf-8")
    assert dav.call("PROPFIND", "/dav", whole=True, headers={"Depth": "1"}).hrefs[1:] == sorted([f"{dav.base}/", place])
    assert dav.call("PUT", f"{place}/x", whole=True).status == 409


def test_what_was_put_shows_to_other_doors() -> None:
    dav = Dav()
    dav.put("/a", b"one")
    with open_tree(dav.engines, dav.mimei, CUR, OWNER) as tree:
        assert [name for name, _ in tree.children()] == ["a"]


def test_an_empty_password_is_a_guests() -> None:
    dav = Dav(right=PUBLIC)
    dav.put("/a", b"one")
    release(dav.engines, dav.mimei, dav.save())
    basic = {"Authorization": "Basic " + b64encode(b"anonymous:").decode()}
    assert dav.call("GET", "/a", token=None, headers=basic).body == b"one"


@pytest.mark.parametrize("given", ["Basic", "Basic ???", "Basic " + b64encode(b"none").decode(), "Digest x", ""])
def test_credentials_that_make_no_sense_are_refused(given: str) -> None:
    assert Dav().call("GET", "/", token=None, headers={"Authorization": given}).status == 401


def test_a_bearer_token_opens_as_well() -> None:
    dav = Dav()
    headers = {"Authorization": f"Bearer {dav.owner}", "Depth": "0"}
    assert dav.call("PROPFIND", "/", token=None, headers=headers).status == 207


@pytest.mark.parametrize("method", ["PROPFIND", "PUT", "MKCOL", "LOCK", "PROPPATCH", "GET", "DELETE"])
@pytest.mark.parametrize("path", ["", "/a"])
def test_a_database_is_no_folder(method: str, path: str) -> None:
    dav = Dav()
    mimei = dav.catalog.create(kind="db", mark="data")[0].id
    reply = dav.call(method, f"/dav/{id_text(mimei)}{path}", _BODIES.get(method, b""), whole=True)
    assert reply.status in (400, 403, 404, 409)


_METHODS = ["GET", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK"]
_HEADERS = [
    "if",
    "depth",
    "destination",
    "timeout",
    "overwrite",
    "lock-token",
    "if-match",
    "if-modified-since",
    "range",
]
_VALUES = st.one_of(
    st.text(alphabet='()<>[]"Not /:daéu-0;=%,', max_size=30),
    st.sampled_from(
        ["0", "1", "infinity", "*", "T", "Second-9", f"http://{HOST}/dav/x", "Sun, 09 Sep 9999 99:99:99 GMT"]
    ),
)
_XML = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([*_BODIES.values(), b'<propfind xmlns="DAV:"><prop/></propfind>', b"<a b='\xff'/>", b"<a/>"]),
)


@given(
    method=st.sampled_from(_METHODS),
    path=st.text(alphabet="/ad%2F0.@#é\x01", max_size=12),
    headers=st.dictionaries(st.sampled_from(_HEADERS), _VALUES, max_size=3),
    body=_XML,
)
def test_any_request_gets_an_answer(method: str, path: str, headers: dict[str, str], body: bytes) -> None:
    reply = _FUZZED.call(method, "/" + path, body, headers=headers)
    assert 200 <= reply.status < 500 or reply.status in (502, 507)


_FUZZED = Dav()
