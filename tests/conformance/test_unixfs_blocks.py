"""The vectors of single blocks: what each decodes to, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import cbor2
import pycddl  # type: ignore[import-untyped]
import pytest

from leither import unixfs
from leither.codec import DAG_PB, Cid, dagpb
from leither.errors import InputError, LimitError
from leither.unixfs import Kind, message
from tests.conformance.independent import REPOSITORY

VECTORS = REPOSITORY / "spec/vectors/unixfs"
VALID = json.loads((VECTORS / "valid.json").read_text())
INVALID = json.loads((VECTORS / "invalid.json").read_text())
GRAMMAR = pycddl.Schema((REPOSITORY / "spec/format/unixfs.cddl").read_text())


def rewritten(block: bytes, kind: Kind) -> bytes:
    """The block this project would write for what `block` holds."""
    node = unixfs.decode(Cid.of(DAG_PB, block), block)
    match kind:
        case Kind.FILE:
            data = message.encode_file(node.size_bytes, node.block_sizes)
        case Kind.SHARD:
            data = message.encode_shard(node.bitfield, node.fanout, 0x22)
        case Kind.SYMLINK:
            data = message.encode_symlink(node.data)
        case _:
            data = message.encode_directory()
    return dagpb.encode(sorted(node.links, key=lambda link: link.name), data)


@pytest.mark.parametrize("case", VALID, ids=[case["name"] for case in VALID])
def test_a_valid_block_decodes_as_told(case: Mapping[str, Any]) -> None:
    block = bytes.fromhex(case["block"])
    cid = Cid.parse(case["cid"])
    assert cid.matches(block)
    node = unixfs.decode(cid, block)
    assert (node.kind.value, node.size_bytes, node.data.hex()) == (case["kind"], case["size"], case["data"])
    assert [[link.name.hex(), link.cid.text, link.tsize] for link in node.links] == case["links"]
    assert (rewritten(block, node.kind) == block) is case["written"]


@pytest.mark.parametrize("case", VALID, ids=[case["name"] for case in VALID])
def test_a_valid_block_fits_the_grammar(case: Mapping[str, Any]) -> None:
    node = dagpb.decode(bytes.fromhex(case["block"]))
    links = [
        {"Hash": cbor2.CBORTag(42, b"\0" + bytes(link.cid)), "Name": link.name.decode(), "Tsize": link.tsize}
        for link in node.links
    ]
    GRAMMAR.validate_cbor(cbor2.dumps({"Links": links, "Data": node.data}))


@pytest.mark.parametrize("case", INVALID, ids=[case["name"] for case in INVALID])
def test_an_invalid_block_is_refused(case: Mapping[str, Any]) -> None:
    block = bytes.fromhex(case["block"])
    cid = Cid.of(DAG_PB, block)
    with pytest.raises((InputError, LimitError)):
        _read(cid, block)


def _read(cid: Cid, block: bytes) -> None:
    if unixfs.decode(cid, block).kind in (Kind.DIRECTORY, Kind.SHARD):
        list(unixfs.entries(lambda _: block, cid))
