"""The vectors of CAR, and the published fixture of the specification."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither.codec import DAG_CBOR, DAG_PB, RAW, Block, Cid, varint
from leither.codec.car import BadCar, CarReader, write_car
from leither.codec.links import all_links
from tests.conformance.independent import REPOSITORY

VECTORS = REPOSITORY / "spec/vectors/car"
VALID = json.loads((VECTORS / "valid.json").read_text())
INVALID = json.loads((VECTORS / "invalid.json").read_text())
GRAMMAR = pycddl.Schema((REPOSITORY / "spec/format/car.cddl").read_text())


@pytest.mark.parametrize("case", VALID, ids=[case["name"] for case in VALID])
@pytest.mark.parametrize("piece_bytes", [1, 1 << 20])
def test_a_valid_stream_reads_as_told(case: Mapping[str, Any], piece_bytes: int) -> None:
    car = bytes.fromhex(case["car"])
    reader = CarReader(car[start : start + piece_bytes] for start in range(0, len(car), piece_bytes))
    assert [root.text for root in reader.roots] == case["roots"]
    assert [[block.cid.text, block.data.hex()] for block in reader] == case["blocks"]


@pytest.mark.parametrize("case", VALID, ids=[case["name"] for case in VALID])
def test_a_valid_stream_is_written_as_told(case: Mapping[str, Any]) -> None:
    blocks = [Block(Cid.parse(cid), bytes.fromhex(data)) for cid, data in case["blocks"]]
    written = b"".join(write_car([Cid.parse(root) for root in case["roots"]], blocks))
    assert (written.hex() == case["car"]) is case["written"]


@pytest.mark.parametrize("case", [case for case in VALID if case["written"]], ids=lambda case: case["name"])
def test_a_header_fits_the_grammar(case: Mapping[str, Any]) -> None:
    car = bytes.fromhex(case["car"])
    size, start = varint.decode(car)
    GRAMMAR.validate_cbor(car[start : start + size])


@pytest.mark.parametrize("case", INVALID, ids=[case["name"] for case in INVALID])
def test_an_invalid_stream_is_refused_where_told(case: Mapping[str, Any]) -> None:
    given: list[Block] = []
    with pytest.raises(BadCar) as caught:
        given.extend(CarReader([bytes.fromhex(case["car"])]))
    assert (len(given), caught.value.offset) == (case["blocks"], case["offset"])


def test_the_published_fixture_is_read() -> None:
    # `carv1-basic` of the CAR specification, built from its description and known by its hash.
    leaves = {name: Block.of(RAW, data) for name, data in [("cat", b"aaaa"), ("dog", b"bbbb"), ("bear", b"cccc")]}
    first = Block.of(DAG_PB, _node([("cat", leaves["cat"].cid, 4)]))
    second = Block.of(DAG_PB, _node([("dog", leaves["dog"].cid, 4), ("first", _v0(first), 51)]))
    third = Block.of(DAG_PB, _node([("bear", leaves["bear"].cid, 4), ("second", _v0(second), 149)]))
    blip = Block.of(DAG_CBOR, cbor2.dumps({"link": _tag(_v0(third)), "name": "blip"}))
    limbo = Block.of(DAG_CBOR, cbor2.dumps({"link": None, "name": "limbo"}))
    header = cbor2.dumps({"roots": [_tag(blip.cid), _tag(limbo.cid)], "version": 1})
    order = [blip, third, leaves["bear"], second, leaves["dog"], first, leaves["cat"], limbo]
    named = [(_v0(block) if block.cid.codec == DAG_PB else block.cid) + block.data for block in order]
    car = b"".join(varint.encode(len(section)) + section for section in [header, *named])
    assert hashlib.sha256(car).hexdigest() == "543ff9c45bbcb5c439e8f8683115cf97fc5de6bb14175a749055304427c33c2e"
    reader = CarReader([car])
    assert (reader.roots, list(reader)) == ([blip.cid, limbo.cid], order)
    assert all_links(third.cid, third.data) == [leaves["bear"].cid, second.cid]
    assert all_links(blip.cid, blip.data) == [third.cid]


def _v0(block: Block) -> bytes:
    return b"\x12\x20" + block.cid.digest


def _tag(cid: bytes) -> cbor2.CBORTag:
    return cbor2.CBORTag(42, b"\0" + bytes(cid))


def _node(links: list[tuple[str, bytes, int]]) -> bytes:
    """A dag-pb node without data, its links as given, CIDv0 among them."""
    sections = []
    for name, cid, tsize in links:
        fields = [b"\x0a", varint.encode(len(cid)), cid, b"\x12", varint.encode(len(name)), name.encode()]
        body = b"".join([*fields, b"\x18", varint.encode(tsize)])
        sections.append(b"\x12" + varint.encode(len(body)) + body)
    return b"".join(sections)
