"""Bytes in and out, and what breaks off on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leither.crypto import MimeiId, parse_id
from tests.unit.service.life import put
from tests.unit.web.api.node import Node
from tests.unit.web.api.test_rights import small_tar


@pytest.mark.parametrize("name", ["ünï", "a b", "%", "%2F", "?", "#", "日本", "…", "+", "C:\\x"])
def test_a_name_in_any_unicode_comes_back_as_it_was(node: Node, name: str) -> None:
    mimei = node.fs()
    raw = f"/mimei/{mimei}/files/folder/".encode() + b"".join(b"%%%02X" % byte for byte in name.encode())
    assert node.owner.put(raw, b"text").json["path"] == f"folder/{name}"
    assert node.owner.get(raw).body == b"text"
    assert [item["name"] for item in node.owner.get(f"/mimei/{mimei}/tree/folder").json["items"]] == [name]


@pytest.mark.parametrize("tail", [b"a%2Fb", b"a//b", b"a/../b", b"%2e%2e/b", b"a%00b", b"%ff", b"a%zz", b"//"])
def test_a_path_that_could_mean_another_is_refused(node: Node, tail: bytes) -> None:
    answer = node.owner.put(f"/mimei/{node.fs()}/files/".encode() + tail, b"text")
    assert (answer.status, answer.code) == (400, "bad-path")


def test_a_range_gives_that_part(node: Node) -> None:
    path = f"/mimei/{node.fs()}/files/page"
    node.owner.put(path, b"0123456789")
    answer = node.owner.send("GET", path, headers={"range": "bytes=2-4"})
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    assert node.owner.send("GET", path, headers={"range": "bytes=10-"}).status == 416


def test_what_the_client_has_is_not_sent_again(node: Node) -> None:
    path = f"/mimei/{node.fs()}/files/page"
    node.owner.put(path, b"text")
    etag = node.owner.get(path).headers["etag"]
    answer = node.owner.send("GET", path, headers={"if-none-match": etag})
    assert (answer.status, answer.body) == (304, b"")


def test_content_never_runs_with_the_rights_of_the_console(node: Node) -> None:
    path = f"/mimei/{node.fs()}/files/page.html"
    node.owner.put(path, b"<script>1</script>")
    headers = node.owner.get(path).headers
    assert (headers["content-security-policy"], headers["x-content-type-options"]) == ("sandbox", "nosniff")


@pytest.mark.parametrize(
    ("header", "value"), [("if-none-match", "*"), ("if-match", '"other"'), ("if-match", "*x"), ("if-match", "W/*")]
)
def test_a_write_on_another_state_than_expected_changes_nothing(node: Node, header: str, value: str) -> None:
    path = f"/mimei/{node.fs()}/files/page"
    node.owner.put(path, b"first")
    answer = node.owner.send("PUT", path, body=b"second", headers={header: value})
    assert (answer.status, answer.code) == (412, "precondition-failed")
    assert node.owner.get(path).body == b"first"


@pytest.mark.parametrize("header", ["if-none-match", "if-match"])
def test_who_loses_the_race_for_a_path_is_told_and_changes_nothing(node: Node, header: str) -> None:
    mimei = node.fs()
    path, expected = f"/mimei/{mimei}/files/page", "*"
    if header == "if-match":
        node.owner.put(path, b"first")
        expected = node.owner.get(path).headers["etag"]

    def slow() -> Iterator[bytes]:
        yield b"slower"
        put(node.engines, MimeiId(parse_id(mimei)), "page", b"faster")
        yield b" still"

    answer = node.owner.send("PUT", path, body=slow(), headers={header: expected})
    assert (answer.status, answer.code) == (412, "precondition-failed")
    assert node.owner.get(path).body == b"faster"


def test_a_condition_counts_for_writes_at_an_offset(node: Node) -> None:
    path = f"/mimei/{node.file()}/files/"
    node.owner.put(path, b"0123456789")
    etag = node.owner.get(path).headers["etag"]
    spanned = {"content-range": "bytes 0-0/*", "if-match": etag}
    assert node.owner.send("PUT", path, body=b"a", headers=spanned).status == 200
    assert node.owner.send("PUT", path, body=b"b", headers=spanned).code == "precondition-failed"
    assert node.owner.send("PUT", path, body=b"c", headers={"if-match": etag}).code == "precondition-failed"
    assert node.owner.get(path).body == b"a123456789"


@pytest.mark.parametrize("info", ["true", "false"])
def test_what_is_not_there_is_named_whole(node: Node, info: str) -> None:
    answer = node.owner.get(f"/mimei/{node.fs()}/files/tmp/out/a", info=info)
    assert (answer.code, answer.json["path"]) == ("path-not-found", "tmp/out/a")


@pytest.mark.parametrize("place", ["files/page", "tree/"])
def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(node: Node, place: str) -> None:
    mimei = node.fs()
    answer = node.owner.send("PUT", f"/mimei/{mimei}/{place}", body=[small_tar()[:700]], gone=True)
    assert answer.code == "client-gone"
    assert node.owner.get(f"/mimei/{mimei}/tree/").json["items"] == []
    assert node.owner.post("/gc").json["blocks_kept"] == 2


def test_bytes_at_an_offset_change_only_those(node: Node) -> None:
    path = f"/mimei/{node.file()}/files/"
    node.owner.put(path, b"0123456789")
    answer = node.owner.send("PUT", path, body=b"ab", headers={"content-range": "bytes 3-4/*"})
    assert answer.json["bytes"] == 10
    assert node.owner.get(path).body == b"012ab56789"


def test_a_tree_that_replaces_takes_away_what_it_lacks(node: Node) -> None:
    mimei = node.fs()
    node.owner.put(f"/mimei/{mimei}/files/old", b"text")
    done = node.owner.put(f"/mimei/{mimei}/tree/", small_tar(), replace="true").json
    assert done == {"files": 1, "directories": 0, "symlinks": 0, "bytes": 0, "changed": 2}
    assert [item["path"] for item in node.owner.get(f"/mimei/{mimei}/tree/").json["items"]] == ["kept"]


def test_pages_of_a_listing_join_to_the_whole(node: Node) -> None:
    mimei = node.fs()
    for name in ("a", "a.b", "a/c", "b/d/e", "z"):
        node.owner.put(f"/mimei/{mimei}/files/{'x/' if name == 'a' else ''}{name}", b"")
    for recursive in ("false", "true"):
        whole = node.owner.get(f"/mimei/{mimei}/tree/", recursive=recursive).json["items"]
        found: list[object] = []
        after: dict[str, str] = {}
        while True:
            page = node.owner.get(f"/mimei/{mimei}/tree/", recursive=recursive, limit=1, **after).json
            found += page["items"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert found == whole


def test_who_may_read_the_release_only_sees_nothing_else(node: Node) -> None:
    mimei = node.fs(right="everyone=read-release")
    owner, guest = node.owner, node.guest
    owner.put(f"/mimei/{mimei}/files/page", b"released")
    owner.post(f"/mimei/{mimei}/backup")
    owner.post(f"/mimei/{mimei}/release")
    owner.put(f"/mimei/{mimei}/files/page", b"not released")
    owner.post(f"/mimei/{mimei}/backup")
    owner.put(f"/mimei/{mimei}/files/page", b"not even saved")
    assert guest.get(f"/mimei/{mimei}/files/page").body == b"released"
    assert guest.get(f"/mimei/{mimei}@0/files/page").body == b"released"
    for hidden in ("@cur/files/page", "@last/files/page", "@1/files/page", "@9/files/page", "/log", "/diff", "/tags"):
        assert guest.get(f"/mimei/{mimei}{hidden}").code == "mimei-not-found"
    shown = guest.get(f"/mimei/{mimei}").json
    assert (shown["bytes"], shown["unsaved"], shown["versions"], shown["last_cid"]) == (8, 0, 1, None)
