"""Proofs: what they hold, and that nothing else passes for one."""

from __future__ import annotations

import libipld
import pytest

from leither import limits
from leither.codec import Cid
from leither.codec.cid import DAG_CBOR
from leither.merkle import EMPTY_MAP, InvalidProof, prove, verify
from leither.merkle.node import Node, decode, encode
from tests.unit.merkle.memory import SMALL, Memory, built, entry, key

PRESENT, ABSENT = 40, 41


def a_map() -> tuple[Memory, Cid]:
    return built([entry(n) for n in range(0, 200, 2)], SMALL)


@pytest.mark.parametrize("number", [PRESENT, ABSENT])
def test_every_flipped_bit_is_found(number: int) -> None:
    memory, root = a_map()
    proof = prove(memory.nodes(), root, key(number))
    for step, block in enumerate(proof):
        for place in range(len(block)):
            forged = bytearray(block)
            forged[place] ^= 1 << place % 8
            with pytest.raises(InvalidProof) as caught:
                verify(root, key(number), (*proof[:step], bytes(forged), *proof[step + 1 :]))
            assert caught.value.step == step


def test_a_proof_for_one_key_does_not_pass_for_a_key_elsewhere() -> None:
    memory, root = a_map()
    with pytest.raises(InvalidProof):
        verify(root, key(150), prove(memory.nodes(), root, key(PRESENT)))


def test_a_proof_for_another_root_is_refused() -> None:
    memory, root = a_map()
    with pytest.raises(InvalidProof, match="does not match its hash"):
        verify(EMPTY_MAP.cid, key(PRESENT), prove(memory.nodes(), root, key(PRESENT)))


def test_a_truncated_proof_is_refused() -> None:
    memory, root = a_map()
    proof = prove(memory.nodes(), root, key(PRESENT))
    for size in range(1, len(proof)):
        with pytest.raises(InvalidProof, match="blocks are missing"):
            verify(root, key(PRESENT), proof[:size])


def test_a_proof_with_a_surplus_block_is_refused() -> None:
    memory, root = a_map()
    proof = prove(memory.nodes(), root, key(PRESENT))
    with pytest.raises(InvalidProof, match="nothing more"):
        verify(root, key(PRESENT), (*proof, proof[-1]))


@pytest.mark.parametrize("size", [0, limits.MAP_DEPTH_MAX + 1])
def test_a_proof_of_no_or_too_many_blocks_is_refused(size: int) -> None:
    with pytest.raises(InvalidProof, match="1 to 64 blocks"):
        verify(EMPTY_MAP.cid, key(1), [EMPTY_MAP.data] * size)


def test_the_root_alone_shows_that_a_key_before_all_others_is_absent() -> None:
    memory, root = a_map()
    proof = prove(memory.nodes(), root, b"\x80")
    assert proof == (memory.blocks[root],)
    assert verify(root, b"\x80", proof) is None


def test_the_empty_map_shows_that_it_has_nothing() -> None:
    assert verify(EMPTY_MAP.cid, key(1), [EMPTY_MAP.data]) is None


def test_a_block_past_the_size_limit_is_refused_before_it_is_hashed() -> None:
    data = bytes(limits.MAP_LONE_BYTES_MAX + 1)
    with pytest.raises(InvalidProof):
        verify(Cid.of(DAG_CBOR, data), key(1), [data])


def test_a_block_that_is_no_node_is_refused() -> None:
    data = b"\x81" * 1000
    with pytest.raises(InvalidProof, match="not DAG-CBOR"):
        verify(Cid.of(DAG_CBOR, data), key(1), [data])


def test_a_block_with_an_overlong_number_is_refused() -> None:
    data = EMPTY_MAP.data.replace(b"\x85\x00", b"\x85\x18\x00")
    with pytest.raises(InvalidProof):
        verify(Cid.of(DAG_CBOR, data), key(1), [data])


def test_a_link_that_travels_as_a_plain_byte_string_is_refused() -> None:
    leaf = encode(Node.of(0, ([key(1)], [1], [1], [b"\x90"])))
    honest = encode(Node.of(1, ([key(1)], [leaf.cid], [1]))).data
    data = honest.replace(b"\xd8\x2a\x58\x25\x00", b"\x58\x24")
    assert decode(data) == decode(honest)
    with pytest.raises(InvalidProof, match="canonical"):
        verify(Cid.of(DAG_CBOR, data), key(1), [data, leaf.data])


def test_a_child_that_is_not_what_its_parent_promises_is_refused() -> None:
    leaf = encode(Node.of(0, ([key(1)], [1], [1], [b"\x90"])))
    root = encode(Node.of(1, ([key(1)], [leaf.cid], [2])))
    with pytest.raises(InvalidProof, match="not the one its parent promises"):
        verify(root.cid, key(1), [root.data, leaf.data])


def test_a_proof_holds_the_blocks_as_stored() -> None:
    memory, root = a_map()
    for block in prove(memory.nodes(), root, key(PRESENT)):
        assert Cid.of(DAG_CBOR, block) in memory.blocks
        assert libipld.encode_dag_cbor([decode(block).level, *decode(block).columns]) == block
