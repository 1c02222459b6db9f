"""MiMei at path addresses."""

import pytest

from leither.crypto import id_text
from leither.service.history import release
from tests.unit.web.front import OPEN, PRIVATE, Front


def test_a_page_of_a_released_app_is_sent_to_the_apps_origin() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"index.html": b"page", "d/p.html": b"page", "pic.png": b"png"})
    ref, origin = id_text(mimei), f"http://{id_text(mimei)}.localhost:4800"
    navigate = {"Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
    assert front.get(f"/mm/{ref}/", headers=navigate).headers["location"] == origin + "/"
    assert (
        front.get(f"/mm/{ref}@release/d/p.html?q=1", headers=navigate).headers["location"] == origin + "/d/p.html?q=1"
    )
    assert front.get(f"/mm/{ref}@0/", headers={"Accept": "text/html"}).status == 302
    assert front.get(f"/mm/{ref}/pic.png", headers=navigate).status == 200


def test_what_is_served_at_a_path_address_can_not_run() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"index.html": b"one", "x.svg": b"<svg/>"}, right=OPEN)
    front.fill(mimei, {"index.html": b"two", "x.svg": b"<svg/>"})
    front.save(mimei)
    ref = id_text(mimei)
    for path in (f"/mm/{ref}@1/", f"/mm/{ref}/", f"/mm/{ref}/x.svg"):
        reply = front.get(path, headers={"Sec-Fetch-Mode": "no-cors"})
        assert (reply.status, reply.headers["content-security-policy"]) == (200, "sandbox")


def test_only_an_address_by_cid_never_changes() -> None:
    front = Front()
    mimei, version = front.publish("a", {"x": b"one"}, right=OPEN)
    ref = id_text(mimei)
    assert front.get(f"/mm/{ref}@{version}/x").headers["cache-control"] == "public, max-age=29030400, immutable"
    for selector in ("", "@0", "@last", "@release"):
        assert front.get(f"/mm/{ref}{selector}/x").headers["cache-control"] == "public, no-cache"


def test_without_a_version_each_sees_what_it_may() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"x": b"released"})
    front.fill(mimei, {"x": b"working"})
    ref = id_text(mimei)
    assert front.get(f"/mm/{ref}/x").body == b"released"
    mine = front.get(f"/mm/{ref}/x", token=front.owner_token())
    assert (mine.body, mine.headers["cache-control"], mine.headers["vary"]) == (
        b"working",
        "private, no-cache",
        "authorization",
    )


@pytest.mark.parametrize("selector", ["", "@cur", "@last", "@release", "@0", "@7"])
def test_to_a_guest_a_private_mimei_is_absent(selector: str) -> None:
    front = Front()
    private, version = front.publish("a", {"x": b"secret"}, right=PRIVATE)
    absent = front.get(f"/mm/{'a' * 32}{selector}/x")
    for chosen in (selector, f"@{version}"):
        hidden = front.get(f"/mm/{id_text(private)}{chosen}/x")
        assert hidden.status == absent.status == 404
        assert hidden.body.replace(id_text(private).encode(), b"a" * 32) == absent.body


def test_a_guest_sees_no_other_version_than_the_release_it_may_read() -> None:
    front = Front()
    mimei, first = front.publish("a", {"x": b"one"})
    front.fill(mimei, {"x": b"two"})
    second = front.save(mimei)
    ref = id_text(mimei)
    for selector in ("cur", "last", "1", str(second)):
        assert front.get(f"/mm/{ref}@{selector}/x").status == 404
    for selector in ("release", "0", str(first)):
        assert front.get(f"/mm/{ref}@{selector}/x").body == b"one"
    release(front.engines, mimei, second)
    assert front.get(f"/mm/{ref}@0/x").status == 404


def test_a_wrong_token_is_told_even_where_a_guest_may_read() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"x": b"one"})
    reply = front.get(f"/mm/{id_text(mimei)}/x", token="wrong")
    assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert front.get(f"/mm/{id_text(mimei)}/x", headers={"Authorization": "Basic eDp5"}).status == 401


def test_a_cookie_means_nothing_at_a_path_address() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"x": b"secret"}, right=PRIVATE)
    headers = {"Cookie": f"leither={front.owner_token()}"}
    assert front.get(f"/mm/{id_text(mimei)}/x", headers=headers).status == 404


def test_a_directory_without_an_index_is_listed_with_hostile_names_shown_as_text() -> None:
    front = Front()
    mimei, _ = front.publish("a", {"<img src=x>.txt": b"", "javascript:alert(1)": b"", "d/x": b""})
    body = front.get(f"/mm/{id_text(mimei)}/").body.decode()
    assert "<img" not in body
    assert 'href="./javascript%3Aalert%281%29"' in body
    assert 'href="./d/"' in body


def test_a_file_mimei_is_its_content() -> None:
    front = Front()
    from leither.service.backup import backup
    from leither.service.catalog import Catalog
    from leither.service.uploads import Upload

    mimei, _ = Catalog(front.engines).create(kind="file", ext="txt", mark="f", right=OPEN)
    with Upload(front.engines, mimei.id, ()) as upload:
        upload.write(b"hello")
        upload.finish()
    backup(front.engines, mimei.id)
    reply = front.get(f"/mm/{id_text(mimei.id)}@last")
    assert (reply.body, reply.headers["content-type"]) == (b"hello", "text/plain; charset=utf-8")


@pytest.mark.parametrize("path", ["/mm/", "/mm/x", "/mm/" + "a" * 32 + "@nothing/x", "/mm//x"])
def test_what_is_no_address_is_a_bad_request(path: str) -> None:
    assert Front().get(path).status == 400
