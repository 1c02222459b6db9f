"""Nodes: their bytes, and what is refused as a node."""

from __future__ import annotations

import hashlib

import libipld
import pytest

from leither import limits
from leither.codec import Cid
from leither.codec.cid import DAG_CBOR, RAW
from leither.merkle import EMPTY_MAP, NodeMalformed, children
from leither.merkle.node import Node, decode, encode

LINK = bytes(Cid.of(DAG_CBOR, b"child"))
K, L = b"\x80a", b"\x80b"
LEAF = [0, [K, L], [1, 2], [3, 4], [b"\x90", b"\x91"]]
INNER = [1, [K, L], [Cid(LINK), Cid(LINK)], [5, 6]]


def test_the_empty_map_is_a_leaf_of_empty_columns() -> None:
    assert EMPTY_MAP.data.hex() == "850080808080"


def test_a_leaf_is_its_level_and_four_columns() -> None:
    data = libipld.encode_dag_cbor(LEAF)
    assert data.hex() == "8500" + "8242806142" + "8062" + "820102" + "820304" + "8241904191"
    assert decode(data) == Node.of(0, ([K, L], [1, 2], [3, 4], [b"\x90", b"\x91"]))
    assert encode(decode(data)).data == data


def test_links_travel_as_tag_42_and_come_back_as_cids() -> None:
    data = libipld.encode_dag_cbor(INNER)
    assert data.count(b"\xd8\x2a\x58\x25\x00" + LINK) == 2
    assert children(data) == (Cid(LINK), Cid(LINK))
    assert encode(decode(data)).data == data


def test_a_leaf_has_no_children() -> None:
    assert children(libipld.encode_dag_cbor(LEAF)) == ()


def test_totals_count_entries_on_every_level() -> None:
    assert decode(libipld.encode_dag_cbor(LEAF)).total == 2
    assert decode(libipld.encode_dag_cbor(INNER)).total == 11


def leaf(**columns: object) -> bytes:
    made: dict[str, object] = {"keys": [K], "writers": [1], "seqs": [1], "values": [b"\x90"], **columns}
    return bytes(libipld.encode_dag_cbor([0, *made.values()]))


def inner(level: object = 1, **columns: object) -> bytes:
    made: dict[str, object] = {"keys": [K], "links": [Cid(LINK)], "counts": [1], **columns}
    return bytes(libipld.encode_dag_cbor([level, *made.values()]))


MALFORMED = {
    "nothing": b"",
    "not CBOR": b"\xff\xff",
    "two values": b"\x80\x80",
    "nested 100,000 deep": b"\x81" * 100_000,
    "a claim of 2^32 items": b"\x9a\xff\xff\xff\xff",
    "a claim of 2^64 bytes": b"\x81\x5b" + b"\xff" * 8,
    "past the size limit": b"\x59" + bytes(limits.MAP_LONE_BYTES_MAX),
    "a map": b"\xa0",
    "an empty list": b"\x80",
    "a level that is text": bytes(libipld.encode_dag_cbor(["0", [], [], [], []])),
    "a level that is true": bytes(libipld.encode_dag_cbor([True, [], [], []])),
    "a negative level": bytes(libipld.encode_dag_cbor([-1, [], [], []])),
    "a level past the depth limit": inner(limits.MAP_DEPTH_MAX),
    "a leaf of three columns": bytes(libipld.encode_dag_cbor([0, [], [], []])),
    "an inner node of four columns": bytes(libipld.encode_dag_cbor([1, [K], [Cid(LINK)], [1], [1]])),
    "a column that is a number": leaf(writers=7),
    "columns of different lengths": leaf(writers=[1, 2]),
    "an inner node without children": inner(keys=[], links=[], counts=[]),
    "more entries than the limit": leaf(
        keys=[b"\x80" + n.to_bytes(2) for n in range(513)], writers=[1] * 513, seqs=[1] * 513, values=[b"\x90"] * 513
    ),
    "unsorted keys": leaf(keys=[L, K], writers=[1, 1], seqs=[1, 1], values=[b"\x90", b"\x90"]),
    "a key twice": leaf(keys=[K, K], writers=[1, 1], seqs=[1, 1], values=[b"\x90", b"\x90"]),
    "an empty key": leaf(keys=[b""]),
    "a key below 0x80": leaf(keys=[b"\x7f"]),
    "a key that is a link": leaf(keys=[Cid(LINK)]),
    "a key that reads as a short CID": leaf(keys=[b"\x01\x55\x00\x00"]),
    "a key that reads as CIDv0": leaf(keys=[b"\x12\x20" + bytes(32)]),
    "a key that is text": leaf(keys=["\x80"]),
    "keys of mixed types": leaf(keys=[K, 7], writers=[1, 1], seqs=[1, 1], values=[b"\x90", b"\x90"]),
    "a key past the limit": leaf(keys=[b"\x80" * (limits.MAP_SIBLING_KEY_BYTES_MAX + 1)]),
    "an empty value": leaf(values=[b""]),
    "a value below 0x80": leaf(values=[b"\x01\x55\x00\x00"]),
    "a value that is a link": leaf(values=[Cid(LINK)]),
    "a value that is a list": leaf(values=[[]]),
    "a value past the limit": leaf(values=[b"\x80" * (limits.MAP_VALUE_BYTES_MAX + 1)]),
    "a writer that is a float": leaf(writers=[1.0]),
    "a writer that is true": leaf(writers=[True]),
    "a negative writer": leaf(writers=[-1]),
    "a writer past 32 bits": leaf(writers=[1 << 32]),
    "a seq past 53 bits": leaf(seqs=[1 << 53]),
    "a seq that is null": leaf(seqs=[None]),
    "a count of zero": inner(counts=[0]),
    "a count past 53 bits": inner(counts=[1 << 53]),
    "a link that is a number": inner(links=[7]),
    "a link that is too short": inner(links=[LINK[:-1]]),
    "a link to a raw block": inner(links=[Cid.of(RAW, b"child")]),
    "a link with another hash": inner(links=[b"\x01\x71\x13" + LINK[3:]]),
}


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_node_is_refused(data: bytes) -> None:
    with pytest.raises(NodeMalformed) as caught:
        decode(data)
    assert caught.value.code == "map-node"
    assert caught.value.reason in str(caught.value)


def cid_like() -> list[bytes]:
    """Byte strings that would read as CIDs if varints were taken in over-long forms or high bits ignored."""
    digest = hashlib.sha256(b"").digest()
    tails = [b"", bytes(34), digest, b"\x55\x00\x00", b"\x00\x55\x00\x00", b"\x00\x55\x12\x20" + digest]
    tails += [b"\x00\xa0\x00" + digest, b"\x20" + digest, b"\x80\x00\x71\x12\x20" + digest, b"\x71\x12\x20" + digest]
    return [bytes((head,)) + tail for head in range(0x80, 0x100) for tail in tails]


def test_no_byte_string_that_begins_at_0x80_turns_into_a_link() -> None:
    for data in cid_like():
        assert libipld.encode_dag_cbor(data)[0] >> 5 == 2, data.hex()


def test_byte_strings_below_0x80_do_turn_into_links_which_is_why_they_are_refused() -> None:
    assert libipld.encode_dag_cbor(b"\x01\x55\x00\x00")[:2] == b"\xd8\x2a"
    assert libipld.encode_dag_cbor(b"\x12\x20" + bytes(32))[:2] == b"\xd8\x2a"
