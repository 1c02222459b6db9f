"""Apps at their own origins."""

from urllib.parse import quote

import pytest

from leither.crypto import MimeiId, id_text
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.paths import make_reference, make_symlink
from tests.unit.web.front import PRIVATE, PUBLIC, Front

FILES = {
    "index.html": b"<h1>one</h1>",
    "app.mjs": b"export {}",
    "style.css": b"a{}",
    "data.json": b"{}",
    "mod.wasm": b"\0asm",
    "photo.svg": b"<svg/>",
    "unknown.zzz": b"?",
    "notes/index.html": b"notes",
    "ünï/☃ %2F.txt": b"snow",
    "listless/x": b"",
    "big": bytes(range(256)) * 10_000,
}
FRONT = Front()
APP, VERSION = FRONT.publish("app", FILES)


def test_the_first_page_is_the_index() -> None:
    reply = FRONT.app(APP, "/")
    assert (reply.status, reply.body) == (200, b"<h1>one</h1>")
    assert reply.headers["cache-control"] == "no-cache"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in reply.headers


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("data.json", "application/json"),
        ("mod.wasm", "application/wasm"),
        ("photo.svg", "image/svg+xml"),
        ("unknown.zzz", "application/octet-stream"),
    ],
)
def test_the_name_alone_tells_the_content_type(name: str, media_type: str) -> None:
    reply = FRONT.app(APP, "/" + name)
    assert (reply.headers["content-type"], reply.body) == (media_type, FILES[name])


def test_names_may_be_any_unicode() -> None:
    assert FRONT.app(APP, "/" + quote("ünï/☃ %2F.txt")).body == b"snow"


def test_a_directory_without_its_slash_is_sent_on_and_keeps_the_query() -> None:
    reply = FRONT.app(APP, "/notes?a=b")
    assert (reply.status, reply.headers["location"]) == (302, "/notes/?a=b")
    assert FRONT.app(APP, "/notes/").body == b"notes"


@pytest.mark.parametrize("path", ["/none", "/listless/", "/index.html/", "/index.html/x", "/" + "n" * 300, "/.leither"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert FRONT.app(APP, path).status == 404


@pytest.mark.parametrize("path", ["//notes/", "/a%2Fb", "/..", "/notes/%2e%2e/index.html", "/%00"])
def test_a_hostile_path_is_a_bad_request(path: str) -> None:
    assert FRONT.app(APP, path).status == 400


def test_a_large_file_comes_whole_and_in_parts() -> None:
    big = FILES["big"]
    assert FRONT.app(APP, "/big").body == big
    part = FRONT.app(APP, "/big", headers={"Range": "bytes=1048570-1048590"})
    assert (part.status, part.body) == (206, big[1048570:1048591])
    assert part.headers["content-range"] == f"bytes 1048570-1048590/{len(big)}"


def test_a_small_file_comes_in_parts_too() -> None:
    part = FRONT.app(APP, "/index.html", headers={"Range": "bytes=-5"})
    assert (part.status, part.body) == (206, b"</h1>")


def test_a_range_past_the_end_tells_the_size() -> None:
    reply = FRONT.app(APP, "/index.html", headers={"Range": "bytes=12-"})
    assert (reply.status, reply.headers["content-range"], reply.body) == (416, "bytes */12", b"")


def test_an_unchanged_file_is_not_sent_again() -> None:
    etag = FRONT.app(APP, "/index.html").headers["etag"]
    reply = FRONT.app(APP, "/index.html", headers={"If-None-Match": etag, "Range": "bytes=0-1"})
    assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)


def test_head_announces_what_get_sends() -> None:
    host = f"{id_text(APP)}.localhost:4800"
    for path in ("/", "/big", "/none"):
        get, head = FRONT.app(APP, path), FRONT.call("HEAD", path, host=host)
        assert (head.status, head.body, head.headers) == (get.status, b"", get.headers)


def test_writes_are_not_possible() -> None:
    reply = FRONT.call("POST", "/", host=f"{id_text(APP)}.localhost:4800")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


def test_an_app_has_no_api_and_no_gateway() -> None:
    for path in ("/api/v1/status", "/metrics", "/healthz", f"/ipfs/{FRONT.content(VERSION)}", "/static/style.css"):
        assert FRONT.app(APP, path).status == 404


def test_a_release_shows_at_once() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"index.html": b"one"})
    assert front.app(mimei).body == b"one"
    front.fill(mimei, {"index.html": b"two"})
    version = front.save(mimei)
    assert front.app(mimei).body == b"one"
    release(front.engines, mimei, version)
    assert front.app(mimei).body == b"two"


def test_the_apps_own_page_tells_that_something_is_not_there() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"404.html": b"mine"})
    reply = front.app(mimei, "/none", headers={"Range": "bytes=0-1"})
    assert (reply.status, reply.body) == (404, b"mine")


def test_absent_private_and_unreleased_look_alike() -> None:
    front = Front()
    private, _ = front.publish("private", {"index.html": b"secret"}, right=PRIVATE)
    unreleased = front.make("unreleased", {"index.html": b"secret"})
    front.save(unreleased)
    absent = MimeiId(b"\0" * 20)
    replies = [front.app(mimei, "/") for mimei in (private, unreleased, absent)]
    for reply, mimei in zip(replies, (private, unreleased, absent), strict=True):
        assert reply.status == 404
        assert b"leither release" in reply.body
        assert reply.headers == replies[0].headers
        assert reply.body.replace(id_text(mimei).encode(), b"") == replies[0].body.replace(
            id_text(private).encode(), b""
        )


def test_a_link_inside_is_followed_and_one_that_leads_out_is_not() -> None:
    front = Front()
    mimei = front.make("a", {"d/real.txt": b"real"})
    make_symlink(front.engines, mimei, ("link.txt",), "d/real.txt")
    make_symlink(front.engines, mimei, ("out.txt",), "../../etc/passwd")
    make_symlink(front.engines, mimei, ("absolute.txt",), "/etc/passwd")
    make_symlink(front.engines, mimei, ("ring",), "ring")
    release(front.engines, mimei, front.save(mimei))
    assert front.app(mimei, "/link.txt").body == b"real"
    for path in ("/out.txt", "/absolute.txt", "/ring"):
        assert front.app(mimei, path).status in (400, 404)


def test_a_reference_shows_only_what_the_visitor_may_read() -> None:
    front = Front()
    _, seen = front.publish("seen", {"x.txt": b"seen"})
    hidden, hidden_version = front.publish("hidden", {"x.txt": b"hidden"}, right=PRIVATE)
    outer = front.make("outer", {"index.html": b""})
    make_reference(front.engines, outer, ("hidden",), hidden, hidden_version)
    make_reference(front.engines, outer, ("seen",), front.make("seen", {"x.txt": b"seen"}), seen)
    release(front.engines, outer, front.save(outer))
    assert front.app(outer, "/seen/x.txt").body == b"seen"
    assert front.app(outer, "/hidden/x.txt").status == 404


def test_an_origin_leads_to_the_nodes_page_and_tells_its_id() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"index.html": b"one", ".leither/id": b"other"})
    reply = front.app(mimei, "/.leither/node")
    assert (reply.status, reply.headers["location"]) == (302, "http://localhost:4800/")
    assert front.app(mimei, "/.leither/id").body == id_text(mimei).encode()


def test_the_owner_enters_a_private_app_by_a_link_that_works_once() -> None:
    front = Front()
    mimei, _ = front.publish("private", {"index.html": b"secret"}, right=PRIVATE)
    code, _ = front.tokens.one_time_code(mimei)
    reply = front.app(mimei, f"/.leither/enter?code={code}")
    assert (reply.status, reply.headers["refresh"], reply.headers["cache-control"]) == (200, "0; url=/", "no-store")
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]
    inside = front.app(mimei, headers={"Cookie": f"other=1; {cookie}"})
    assert (inside.body, inside.headers["cache-control"]) == (b"secret", "private, no-cache")
    again = front.app(mimei, f"/.leither/enter?code={code}")
    assert again.status == 403
    assert "set-cookie" not in again.headers


def test_a_link_for_one_app_or_for_the_node_opens_no_other() -> None:
    front = Front()
    mimei, _ = front.publish("private", {"index.html": b"secret"}, right=PRIVATE)
    other, _ = front.publish("other", {"index.html": b"other"}, right=PRIVATE)
    for code in (front.tokens.one_time_code(other)[0], front.tokens.one_time_code()[0], ""):
        assert front.app(mimei, f"/.leither/enter?code={code}").status == 403


def test_head_of_an_entry_link_does_not_use_it_up() -> None:
    front = Front()
    mimei, _ = front.publish("private", {"index.html": b"secret"}, right=PRIVATE)
    code, _ = front.tokens.one_time_code(mimei)
    front.call("HEAD", f"/.leither/enter?code={code}", host=f"{id_text(mimei)}.localhost:4800")
    assert front.app(mimei, f"/.leither/enter?code={code}").status == 200


def test_a_cookie_is_good_for_its_own_app_alone() -> None:
    front = Front()
    mimei, _ = front.publish("private", {"index.html": b"secret"}, right=PRIVATE)
    other, _ = front.publish("other", {"index.html": b"other"}, right=PRIVATE)
    secret, _ = front.tokens.redeem(front.tokens.one_time_code(other)[0], only=other)
    for cookie in (secret, front.owner_token(), "", "nonsense"):
        assert front.app(mimei, headers={"Cookie": f"leither={cookie}"}).status == 404


def test_an_app_that_turns_private_is_gone_for_guests() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"index.html": b"one"}, right=PUBLIC)
    assert front.app(mimei).status == 200
    Catalog(front.engines).change_control(mimei, right=PRIVATE)
    assert front.app(mimei).status == 404
