"""The map's vectors, read as another implementation would read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pycddl  # type: ignore[import-untyped]
import pytest

from leither.codec import Block, Cid
from leither.codec.cid import DAG_CBOR
from leither.errors import LeitherError
from leither.merkle import (
    Entry,
    InvalidProof,
    NodeMalformed,
    Shape,
    Stamp,
    Tip,
    build,
    check,
    children,
    conflicts,
    join,
    prove,
    scan,
    verify,
)
from leither.merkle.siblings import rearrange, wrap
from tests.unit.merkle.memory import Memory

VECTORS = Path(__file__).parents[3] / "spec" / "vectors" / "map"


def cases(file: str, kind: str) -> list[Any]:
    """The cases of a file as test parameters, named as they are there."""
    found = json.loads((VECTORS / file).read_text("utf-8"))[kind]
    return [pytest.param(case, id=case["name"]) for case in found]


def entry_of(row: list[Any] | None) -> Entry | None:
    return None if row is None else Entry(bytes.fromhex(row[0]), Stamp(row[1], row[2]), bytes.fromhex(row[3]))


def entries_of(rows: list[list[Any]]) -> list[Entry]:
    return [made for row in rows if (made := entry_of(row))]


def numbered(shape: Shape, count: int, skip_natural: bool, key_tail_bytes: int) -> list[Entry]:
    made: list[Entry] = []
    number = 0
    while len(made) < count:
        name = b"\x80" + number.to_bytes(4) + b"\xff" * key_tail_bytes
        if not (skip_natural and shape.is_natural(0, name)):
            made.append(Entry(name, Stamp(number % 3, number + 1), bytes((0x90, number % 256))))
        number += 1
    return made


@pytest.mark.parametrize("case", cases("builds.json", "valid"))
def test_entries_make_the_root(case: dict[str, Any]) -> None:
    shape = Shape(bytes.fromhex(case["salt"]))
    entries = entries_of(case["entries"]) if "entries" in case else numbered(shape, *case["numbered"])
    memory = Memory()
    assert build(memory.nodes(), entries, shape).text == case["root"]
    assert len(memory.blocks) == case["blocks"]
    if "nodes" in case:
        assert {cid.text: data.hex() for cid, data in memory.blocks.items()} == case["nodes"]


@pytest.mark.parametrize("case", cases("nodes.json", "valid"))
def test_the_block_is_a_node(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["block"])
    assert Cid.of(DAG_CBOR, data).text == case["cid"]
    assert [child.text for child in children(data)] == case["children"]


@pytest.mark.parametrize("case", cases("nodes.json", "invalid"))
def test_the_block_is_no_node(case: dict[str, Any]) -> None:
    with pytest.raises(NodeMalformed):
        children(bytes.fromhex(case["block"]))


@pytest.mark.parametrize("case", cases("maps.json", "invalid"))
def test_the_map_does_not_pass_the_check(case: dict[str, Any]) -> None:
    memory = Memory()
    for text, data in case["blocks"].items():
        memory.put(Block(Cid.parse(text), bytes.fromhex(data)))
    assert all(cid.matches(data) for cid, data in memory.blocks.items())
    with pytest.raises(LeitherError) as caught:
        check(memory.nodes(), Cid.parse(case["root"]), Shape(bytes.fromhex(case["salt"])))
    assert caught.value.code in {"map-node", "map-not-canonical"}


@pytest.mark.parametrize("case", cases("proofs.json", "valid"))
def test_the_proof_shows_the_entry(case: dict[str, Any]) -> None:
    proof = [bytes.fromhex(block) for block in case["proof"]]
    root, name = Cid.parse(case["root"]), bytes.fromhex(case["key"])
    assert verify(root, name, proof) == entry_of(case["entry"])
    memory = Memory()
    for block in proof:
        memory.put(Block(Cid.of(DAG_CBOR, block), block))
    assert list(prove(memory.nodes(), root, name)) == proof


@pytest.mark.parametrize("case", cases("proofs.json", "invalid"))
def test_the_proof_shows_nothing(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidProof):
        verify(Cid.parse(case["root"]), bytes.fromhex(case["key"]), [bytes.fromhex(block) for block in case["proof"]])


@pytest.mark.parametrize("case", cases("joins.json", "valid"))
def test_the_tips_join_to_the_map(case: dict[str, Any]) -> None:
    memory, shape = Memory(), Shape(bytes.fromhex(case["salt"]))
    nodes = memory.nodes()
    tips = []
    for row in case["tips"]:
        beside: dict[bytes, Entry | None] = {wrap(e).key: wrap(e) for e in entries_of(row["siblings"])}
        tip = Tip(
            build(nodes, entries_of(row["entries"]), shape),
            rearrange(nodes, None, beside, shape),
            {int(writer): seq for writer, seq in row["seen"].items()},
        )
        assert tip.root.text == row["root"]
        assert (tip.siblings and tip.siblings.text) == row["siblings_root"]
        tips.append(tip)
    for order in (tips, tips[::-1]):
        joined = join(nodes, order, shape)
        expected = case["join"]
        assert list(scan(nodes, joined.root)) == entries_of(expected["entries"])
        assert list(conflicts(nodes, joined.siblings)) == entries_of(expected["siblings"])
        assert {str(writer): seq for writer, seq in joined.seen.items()} == expected["seen"]
        assert joined.root.text == expected["root"]
        assert (joined.siblings and joined.siblings.text) == expected["siblings_root"]


def test_valid_nodes_match_the_grammar() -> None:
    grammar = pycddl.Schema((VECTORS.parents[1] / "format" / "map.cddl").read_text("utf-8"))
    blocks = [case["block"] for case in json.loads((VECTORS / "nodes.json").read_text("utf-8"))["valid"]]
    for case in json.loads((VECTORS / "builds.json").read_text("utf-8"))["valid"]:
        blocks.extend(case.get("nodes", {}).values())
    for block in blocks:
        grammar.validate_cbor(bytes.fromhex(block))
    assert len(blocks) > 10
