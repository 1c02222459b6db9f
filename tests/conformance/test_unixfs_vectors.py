"""Published CIDs: IPIP-0499's table, Kubo's `cid_profiles_test.go`, the appendix of the UnixFS specification."""

from __future__ import annotations

import pytest

from leither.codec import DAG_PB, Cid
from leither.unixfs import EMPTY_DIRECTORY, FileBuilder, Kind, read, resolve, write_symlink
from tests.conformance.kubo_inputs import names, stream
from tests.unit.unixfs.shelf import Shelf

MIB = 1 << 20


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.mark.parametrize(
    ("size_bytes", "seed", "cid"),
    [
        (MIB, "chunk-v1-seed", "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta"),
        (MIB + 1, "chunk-v1-seed", "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"),
    ],
)
@pytest.mark.parametrize("piece_bytes", [MIB, 4_099, 3 * MIB])
def test_a_file_around_one_chunk_has_the_published_cid(size_bytes: int, seed: str, cid: str, piece_bytes: int) -> None:
    assert _add(size_bytes, seed, piece_bytes) == cid


@pytest.mark.parametrize(
    ("size_bytes", "cid"),
    [
        (1024 * MIB, "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm"),
        (1024 * MIB + 1, "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"),
    ],
)
def test_a_file_around_one_full_node_has_the_published_cid(size_bytes: int, cid: str) -> None:
    assert _add(size_bytes, "v1-2025-seed", MIB) == cid


def test_hello_world_is_the_published_raw_leaf(shelf: Shelf) -> None:
    assert shelf.add(b"hello world").cid.text == "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"


@pytest.mark.parametrize(
    ("last_name_length", "kind", "cid"),
    [
        (21, Kind.DIRECTORY, "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4"),
        (22, Kind.SHARD, "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu"),
    ],
)
def test_a_directory_at_and_over_the_threshold_has_the_published_cid(
    shelf: Shelf, last_name_length: int, kind: Kind, cid: str
) -> None:
    content = shelf.add(b"x")
    root = shelf.tree({(name,): content for name in names(4766, 11, last_name_length, "hamt-unixfs-v1-2025")}).cid
    assert (root.text, shelf.kind(root)) == (cid, kind)


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
