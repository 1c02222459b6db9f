"""Published CIDs: IPIP-0499's table, Kubo's `cid_profiles_test.go`, the appendix of the UnixFS specification."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from leither.codec import DAG_PB, Cid
from leither.unixfs import EMPTY_DIRECTORY, FileBuilder, read, resolve, write_symlink
from tests.conformance.independent import REPOSITORY
from tests.conformance.kubo_inputs import names, stream
from tests.unit.unixfs.shelf import Shelf

MIB = 1 << 20
PROFILE = json.loads((REPOSITORY / "spec/vectors/unixfs/profile.json").read_text())["cases"]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize("case", PROFILE, ids=[case["name"] for case in PROFILE])
def test_a_published_root_of_the_profile_is_met(shelf: Shelf, case: Mapping[str, Any]) -> None:
    if "stream" in case:
        root = _add(case["bytes"], case["stream"], MIB)
    elif "names" in case:
        content = shelf.add(b"x")
        drawn = names(case["count"], case["length"], case["last_length"], case["names"])
        root = shelf.tree({(name,): content for name in drawn}).cid.text
    else:
        root = shelf.add(case["file"].encode()).cid.text
    assert root == case["cid"]


@pytest.mark.parametrize("piece_bytes", [4_099, 3 * MIB])
def test_a_published_root_is_met_whatever_the_pieces(piece_bytes: int) -> None:
    root = _add(MIB + 1, "chunk-v1-seed", piece_bytes)
    assert root == "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"


def test_the_empty_directory_has_the_well_known_cid(shelf: Shelf) -> None:
    assert shelf.tree({(): EMPTY_DIRECTORY}).cid.text == "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354"


def test_a_preserved_symlink_has_the_published_cid(shelf: Shelf) -> None:
    # A fixture of the gateway conformance suite: `foo`, holding "content" and a line's end, and `bar`, a link to `foo`.
    # Its links are CIDv0, which this node reads and does not write, so the blocks around ours are made by hand.
    link = write_symlink("foo", shelf.put)
    file = shelf.store(DAG_PB, bytes.fromhex("0a0e08021208") + b"content\n" + bytes.fromhex("1808"))
    directory = _link_v0(link.cid, b"bar", 9) + _link_v0(file, b"foo", 16) + bytes.fromhex("0a020801")
    root = shelf.store(DAG_PB, directory)
    assert root == Cid.parse("QmWvY6FaqFMS89YAQ9NAPjVP4WZKA1qbHbicc9HeSKQTgt")
    assert resolve(shelf.get, root, ["bar"]) == link.cid
    assert b"".join(read(shelf.get, resolve(shelf.get, root, ["foo"]))) == b"content\n"


def _link_v0(cid: Cid, name: bytes, tsize: int) -> bytes:
    body = b"\x0a\x22\x12\x20" + cid.digest + b"\x12" + bytes((len(name),)) + name + b"\x18" + bytes((tsize,))
    return b"\x12" + bytes((len(body),)) + body


def _add(size_bytes: int, seed: str, piece_bytes: int) -> str:
    builder = FileBuilder(lambda block: None)
    for piece in stream(size_bytes, seed, piece_bytes):
        builder.write(piece)
    return builder.finish().cid.text
