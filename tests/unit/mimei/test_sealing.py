"""Sealing a MiMei's blocks, opening them, and pairing them on a walk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, EMPTY_RAW, RAW, Block, BlockMismatch, BlockTooLarge, Cid, dagcbor
from leither.codec.dagpb import PBLink
from leither.codec.dagpb import encode as encode_dagpb
from leither.codec.links import links
from leither.codec.sealed import NotSealed, name_links, read, sealed_block, write_head
from leither.crypto import EpochKey
from leither.merkle import build
from leither.mimei.sealing import (
    EpochKeyMissing,
    EpochKeys,
    Pair,
    SealBroken,
    children_of,
    held_by_version,
    pair_blocks,
    pair_version,
    prove_blocks,
    reopen,
    seal,
    unseal,
)
from leither.mimei.version import Version
from tests.unit.merkle.memory import SMALL, Memory, entry
from tests.unit.mimei.samples import WRITER, cid

KEYS = EpochKeys(EpochKey(bytes([epoch]) * 32, epoch) for epoch in range(3))
LEAF = Block.of(RAW, b"leaf")


class Store:
    """Sealed blocks by CID, made from plaintext ones put children first."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}
        self.forms: dict[Cid, Cid] = {}
        self.reads: list[Cid] = []

    def put(self, block: Block, *, epoch: int = 0) -> Cid:
        return self.keep(block, seal(KEYS.of(epoch), block, [self.forms[c] for c in children_of(*block)]))

    def keep(self, block: Block, sealed: Block) -> Cid:
        self.blocks[sealed.cid] = sealed.data
        self.forms[block.cid] = sealed.cid
        return sealed.cid

    def get(self, cid: Cid) -> bytes:
        self.reads.append(cid)
        return self.blocks[cid]


def version(content: Cid, *, parents: tuple[Cid, ...] = (), siblings: Cid | None = None) -> Version:
    return Version(
        mimei=bytes(20),
        n=len(parents),
        content=content,
        side=LEAF.cid,
        siblings=siblings,
        salt=bytes(16),
        size_bytes=1,
        parents=parents,
    ).signed(WRITER)


def stored() -> tuple[Store, Pair, Version]:
    """A version of two leaves and a node above one of them twice."""
    store = Store()
    store.put(LEAF)
    node = Block.of(DAG_CBOR, dagcbor.encode([LEAF.cid, LEAF.cid]))
    store.put(node, epoch=1)
    made = version(node.cid)
    sealed = seal(KEYS.of(1), made.block, [store.forms[held] for held in held_by_version(made)])
    return store, (made.cid, store.keep(made.block, sealed)), made


def test_a_sealed_block_opens_with_its_epoch_s_key() -> None:
    for epoch in range(3):
        sealed = read(seal(KEYS.of(epoch), LEAF, ()).data)
        assert unseal(KEYS, LEAF.cid, sealed) == reopen(KEYS, LEAF.cid, sealed) == LEAF.data


def test_a_key_that_was_not_given_is_named() -> None:
    with pytest.raises(EpochKeyMissing, match="key epoch 2"):
        unseal(EpochKeys([KEYS.of(0)]), LEAF.cid, read(seal(KEYS.of(2), LEAF, ()).data))


def test_another_block_than_the_one_asked_for_is_refused() -> None:
    other = Block.of(RAW, b"other")
    with pytest.raises(SealBroken, match="nonce does not follow"):
        unseal(KEYS, LEAF.cid, read(seal(KEYS.of(0), other, ()).data))


def test_a_lie_about_what_is_sealed_is_found_by_its_hash() -> None:
    key, named = KEYS.of(0), name_links((), ())
    nonce = key.nonce(named + LEAF.cid)
    head = write_head(0, nonce, named, 5 + 16)
    lie = read(sealed_block(head, named, key.seal(nonce, head, b"other")).data)
    with pytest.raises(SealBroken, match="another block"):
        unseal(KEYS, LEAF.cid, lie)


def test_one_block_has_one_sealed_form_for_each_key_and_choice_of_links() -> None:
    forms = [seal(KEYS.of(epoch), LEAF, links) for epoch in (0, 1) for links in ((), (cid("a"),))]
    assert len({form.cid for form in forms}) == 4
    assert forms == [seal(KEYS.of(epoch), LEAF, links) for epoch in (0, 1) for links in ((), (cid("a"),))]


def test_the_largest_block_that_fits_is_sealed_and_no_larger_one() -> None:
    room = limits.BLOCK_BYTES_MAX - limits.SEALED_OVERHEAD_BYTES_MAX
    assert seal(KEYS.of(0), Block.of(RAW, bytes(room)), ()).data
    with pytest.raises(BlockTooLarge):
        seal(KEYS.of(0), Block.of(RAW, bytes(limits.BLOCK_BYTES_MAX)), ())


def build_node(count: int, step: int) -> list[tuple[Cid, bytes]]:
    memory = Memory()
    build(memory.nodes(), [entry(number * step) for number in range(count)], SMALL)
    return list(memory.blocks.items())


@given(st.builds(build_node, st.integers(1, 200), st.integers(1, 5)))
def test_the_quick_way_to_a_map_node_s_children_gives_its_links(made: list[tuple[Cid, bytes]]) -> None:
    for name, data in made:
        assert children_of(name, data) == links(name, data)


TAGGED = [
    b"\xd8\x2a\x58\x25\x00" + LEAF.cid,
    b"\xd9\x00\x2a\x58\x25\x00" + LEAF.cid,
    b"\xda\x00\x00\x00\x2a\x59\x00\x25\x00" + LEAF.cid,
    b"\xdb\x00\x00\x00\x00\x00\x00\x00\x2a\x5a\x00\x00\x00\x25\x00" + LEAF.cid,
    b"\xd8\x2a\x5b\x00\x00\x00\x00\x00\x00\x00\x25\x00" + LEAF.cid,
    b"\xd8\x2a\x58\x23\x00\x12\x20" + LEAF.cid.digest,
    b"\xd8\x2a\x46\x00\x01\x55\x00\x01a",
    b"\xd8\x2a\x58\x22\x00\x01\x55\x00\x1d" + b"a" * 29,
]


@pytest.mark.parametrize("link", TAGGED, ids=[link[:12].hex() for link in TAGGED])
@pytest.mark.parametrize("array", [b"\x82\x18\x2a", b"\x84\x01\x80\x00", b"\x84\x01\x81\x41\x80\x00"])
def test_no_way_to_write_a_link_is_passed_over(link: bytes, array: bytes) -> None:
    data = array + link
    name = Cid.of(DAG_CBOR, data)
    assert children_of(name, data) == links(name, data)


def test_an_inner_node_in_a_longer_form_gives_its_links() -> None:
    link = Cid.of(DAG_CBOR, b"child")
    data = b"\x84\x01\x81\x41\x80\x81\xd8\x2a\x58\x25\x00" + link + b"\x81\x18\x05"
    assert children_of(Cid.of(DAG_CBOR, data), data) == [link]


def test_bytes_that_only_look_like_links_are_none() -> None:
    # The node reader of maps takes them for links; whoever follows links does not.
    data = dagcbor.encode([1, [b"\x80"], [bytes(Cid.of(DAG_CBOR, b"x"))], [1]])
    assert children_of(Cid.of(DAG_CBOR, data), data) == []


def test_the_children_of_a_directory_are_its_links() -> None:
    data = encode_dagpb([PBLink(b"a", LEAF.cid, 4), PBLink(b"b", EMPTY_RAW, 0)], b"\x08\x01")
    assert children_of(Cid.of(DAG_PB, data), data) == [LEAF.cid, EMPTY_RAW]


def test_a_version_holds_its_roots_in_the_order_of_its_bytes() -> None:
    made = version(cid("content"), parents=(cid("parent"),), siblings=cid("siblings"))
    all_links = links(made.cid, made.encode())
    assert [link for link in all_links if link not in made.parents] == list(held_by_version(made))


def test_a_walk_pairs_every_block_with_its_sealed_form() -> None:
    store, root, made = stored()
    pairs = list(pair_blocks(store.get, KEYS, [root]))
    assert dict(pairs) == store.forms
    assert [pair[0] for pair in pairs] == [made.cid, LEAF.cid, made.content]


def test_a_walk_opens_nothing_that_has_no_links() -> None:
    store, root, _ = stored()
    list(pair_blocks(store.get, KEYS, [root]))
    assert store.forms[LEAF.cid] not in store.reads


def test_the_first_version_s_form_comes_first() -> None:
    store, root, made = stored()
    first = store.forms[LEAF.cid]
    again = store.put(LEAF, epoch=2)
    other = version(LEAF.cid, parents=(made.cid,))
    sealed = seal(KEYS.of(2), other.block, [again, again], [root[1]])
    pair = (other.cid, store.keep(other.block, sealed))
    forms: dict[Cid, list[Cid]] = {}
    for plain, form in pair_blocks(store.get, KEYS, [root, pair]):
        forms.setdefault(plain, []).append(form)
    assert forms[LEAF.cid] == [first, again]
    assert forms[made.cid] == [root[1]]


def test_a_version_is_paired_with_those_before_it() -> None:
    store, root, made = stored()
    forked = version(LEAF.cid, parents=tuple(sorted((made.cid, cid("of another MiMei")))))
    before = [root[1] if parent == made.cid else EMPTY_RAW for parent in forked.parents]
    sealed = read(seal(KEYS.of(1), forked.block, [store.forms[LEAF.cid]] * 2, before).data)
    opened, held, older = pair_version(KEYS, forked.cid, sealed)
    assert opened == forked
    assert held == [(LEAF.cid, store.forms[LEAF.cid])] * 2
    assert older == [root]


@pytest.mark.parametrize("wrong", ["a link too few", "a link too many", "no link before", "a block that stands on one"])
def test_links_that_do_not_match_the_plaintext_are_refused(wrong: str) -> None:
    store, root, made = stored()
    leaf = store.forms[LEAF.cid]
    node = Block.of(DAG_CBOR, dagcbor.encode([LEAF.cid, LEAF.cid]))
    child = version(node.cid, parents=(made.cid,))
    before = [] if wrong == "no link before" else [root[1]]
    if wrong == "a link too few":
        store.keep(node, seal(KEYS.of(0), node, [leaf]))
    elif wrong == "a link too many":
        store.keep(node, seal(KEYS.of(0), node, [leaf] * 3))
    elif wrong == "a block that stands on one":
        store.keep(node, seal(KEYS.of(0), node, [leaf] * 2, [leaf]))
    sealed = seal(KEYS.of(0), child.block, [store.forms[held] for held in held_by_version(child)], before)
    store.blocks[sealed.cid] = sealed.data
    with pytest.raises(SealBroken):
        list(pair_blocks(store.get, KEYS, [(child.cid, sealed.cid)]))


def test_proving_opens_everything_but_what_was_proved() -> None:
    store, root, made = stored()
    assert dict(prove_blocks(store.get, KEYS, [root], lambda pair: False)) == store.forms
    assert set(store.reads) == set(store.forms.values())
    store.reads.clear()
    assert list(prove_blocks(store.get, KEYS, [root], lambda pair: pair[0] == LEAF.cid)) == [
        (made.content, store.forms[made.content]),
        root,
    ]
    assert store.forms[LEAF.cid] not in store.reads


def test_proving_comes_to_children_before_parents() -> None:
    store, root, made = stored()
    assert [cid for cid, _ in prove_blocks(store.get, KEYS, [root, root], lambda pair: False)] == [
        LEAF.cid,
        made.content,
        made.cid,
    ]


def test_proving_finds_one_sealed_form_for_two_blocks() -> None:
    store, _, _ = stored()
    leaf = store.forms[LEAF.cid]
    node = Block.of(DAG_CBOR, dagcbor.encode([LEAF.cid, cid("another", RAW)]))
    store.keep(node, seal(KEYS.of(0), node, [leaf, leaf]))
    made = version(node.cid)
    sealed = seal(KEYS.of(0), made.block, [leaf, store.forms[node.cid]])
    store.blocks[sealed.cid] = sealed.data
    with pytest.raises(SealBroken, match="another block"):
        list(prove_blocks(store.get, KEYS, [(made.cid, sealed.cid)], lambda pair: False))


def test_proving_finds_a_leaf_that_holds_something_else() -> None:
    store, root, _ = stored()
    key, named = KEYS.of(0), name_links((), ())
    nonce = key.nonce(named + LEAF.cid)
    head = write_head(0, nonce, named, 5 + 16)
    lie = sealed_block(head, named, key.seal(nonce, head, b"other"))
    made = version(LEAF.cid)
    sealed = seal(KEYS.of(0), made.block, [lie.cid, lie.cid])
    store.blocks |= {lie.cid: lie.data, sealed.cid: sealed.data}
    pair = (made.cid, sealed.cid)
    assert len(list(pair_blocks(store.get, KEYS, [pair]))) == 2
    with pytest.raises(SealBroken, match="another block"):
        list(prove_blocks(store.get, KEYS, [pair], lambda pair: False))
    assert root != pair


def test_proving_finds_bytes_that_are_not_the_named_ones() -> None:
    store, root, _ = stored()
    leaf = store.forms[LEAF.cid]
    store.blocks[leaf] = store.blocks[leaf][:-1] + b"\0"
    with pytest.raises(BlockMismatch):
        list(prove_blocks(store.get, KEYS, [root], lambda pair: False))


def test_proving_finds_links_hidden_behind_a_name_without_links() -> None:
    store, _, _ = stored()
    node = Block.of(DAG_CBOR, dagcbor.encode([LEAF.cid, LEAF.cid]))
    hidden = Cid.from_digest(RAW, store.forms[node.cid].digest)
    store.blocks[hidden] = store.blocks[store.forms[node.cid]]
    made = version(node.cid)
    sealed = seal(KEYS.of(0), made.block, [store.forms[LEAF.cid], hidden])
    store.blocks[sealed.cid] = sealed.data
    with pytest.raises(NotSealed, match="as if it had no links"):
        list(prove_blocks(store.get, KEYS, [(made.cid, sealed.cid)], lambda pair: False))


def test_proving_finds_a_leaf_whose_plaintext_has_links() -> None:
    store, _, _ = stored()
    node = Block.of(DAG_CBOR, dagcbor.encode([LEAF.cid]))
    bare = seal(KEYS.of(0), node, ())
    store.blocks[bare.cid] = bare.data
    made = version(node.cid)
    sealed = seal(KEYS.of(0), made.block, [store.forms[LEAF.cid], bare.cid])
    store.blocks[sealed.cid] = sealed.data
    with pytest.raises(SealBroken, match="0 sealed blocks for 1 links"):
        list(prove_blocks(store.get, KEYS, [(made.cid, sealed.cid)], lambda pair: False))
