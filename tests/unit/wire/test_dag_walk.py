"""The order in which a DAG is fetched, however late its blocks come."""

from __future__ import annotations

import random

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits, unixfs
from leither.codec import DAG_CBOR, RAW, Cid
from leither.codec.links import links
from leither.unixfs import EntityBytes
from leither.wire.dag_walk import DagTooWide, DagWalk
from tests.unit.unixfs.shelf import Shelf


def node(shelf: Shelf, *targets: Cid) -> Cid:
    return shelf.store(DAG_CBOR, cbor2.dumps([cbor2.CBORTag(42, b"\0" + target) for target in targets]))


def leaf(shelf: Shelf, number: int) -> Cid:
    return shelf.store(RAW, b"leaf %d" % number)


def walked(shelf: Shelf, walk: DagWalk, *, window: int = 1, chance: random.Random | None = None) -> list[Cid]:
    """All blocks in the order in which they were named, with up to `window` inner ones on their way."""
    found: list[Cid] = []
    on_way: list[Cid] = []
    while True:
        cid = walk.next() if len(on_way) < window else None
        if cid is not None:
            found.append(cid)
            if cid.codec != RAW:
                on_way.append(cid)
        elif on_way:
            come = on_way.pop(chance.randrange(len(on_way)) if chance else 0)
            walk.enter(come, shelf.blocks[come])
        else:
            assert walk.is_done
            return found


def depth_first(shelf: Shelf, root: Cid) -> list[Cid]:
    """The same by plain recursion: inner blocks once."""
    met: set[Cid] = set()

    def visit(cid: Cid) -> list[Cid]:
        if cid.codec == RAW:
            return [cid]
        if cid in met:
            return []
        met.add(cid)
        return [cid, *(each for target in links(cid, shelf.blocks[cid]) for each in visit(target))]

    return visit(root)


@st.composite
def dags(draw: st.DrawFn) -> tuple[Shelf, Cid]:
    shelf = Shelf()
    made = [leaf(shelf, number) for number in range(5)]
    for _ in range(draw(st.integers(1, 12))):
        made.append(node(shelf, *draw(st.lists(st.sampled_from(made), max_size=6))))
    return shelf, made[-1]


@given(dags())
def test_one_at_a_time_the_order_is_depth_first(dag: tuple[Shelf, Cid]) -> None:
    shelf, root = dag
    assert walked(shelf, DagWalk(root)) == depth_first(shelf, root)


@given(dag=dags(), window=st.integers(2, 8), seed=st.integers(0, 1 << 32))
def test_with_several_on_their_way_every_block_is_named(dag: tuple[Shelf, Cid], window: int, seed: int) -> None:
    shelf, root = dag
    found = walked(shelf, DagWalk(root), window=window, chance=random.Random(seed))
    assert set(found) == set(depth_first(shelf, root))
    inner = [cid for cid in found if cid.codec != RAW]
    assert len(inner) == len(set(inner))


def test_the_children_of_one_that_comes_late_go_before_those_of_its_later_siblings() -> None:
    shelf = Shelf()
    early, late = [leaf(shelf, number) for number in range(3)], [leaf(shelf, number) for number in range(3, 6)]
    first, second = node(shelf, *early), node(shelf, *late)
    root = node(shelf, first, second)
    walk = DagWalk(root)
    assert walk.next() == root
    walk.enter(root, shelf.blocks[root])
    assert [walk.next(), walk.next(), walk.next()] == [first, second, None]
    walk.enter(second, shelf.blocks[second])
    assert walk.next() == late[0]
    walk.enter(first, shelf.blocks[first])
    assert [walk.next() for _ in range(5)] == [*early, *late[1:]]


def test_a_raw_root_is_the_only_block() -> None:
    shelf = Shelf()
    root = leaf(shelf, 0)
    assert walked(shelf, DagWalk(root)) == [root]


@given(start=st.integers(0, 9 << 20), length=st.integers(1, 9 << 20))
def test_of_a_part_of_a_file_only_what_holds_it_is_named(start: int, length: int) -> None:
    root = FILE.cid
    expected = unixfs.blocks(SHELF.get, root, entity_bytes=EntityBytes(start, start + length - 1))
    assert walked(SHELF, DagWalk(root, start=start, stop=start + length)) == [block.cid for block in expected]


SHELF = Shelf()
FILE = SHELF.add(random.Random(1).randbytes((8 << 20) + 12345))


def test_a_part_of_a_tree_is_all_of_it() -> None:
    shelf = Shelf()
    root = shelf.tree({("a",): shelf.add(b"one"), ("b", "c"): shelf.add(b"two")}).cid
    assert walked(shelf, DagWalk(root, start=5, stop=6)) == depth_first(shelf, root)


def test_a_chain_of_any_length_is_followed() -> None:
    shelf = Shelf()
    root = leaf(shelf, 0)
    for _ in range(20_000):
        root = node(shelf, root)
    assert len(walked(shelf, DagWalk(root))) == 20_001


def test_what_multiplies_is_walked_once() -> None:
    shelf = Shelf()
    root = leaf(shelf, 0)
    for _ in range(60):
        root = node(shelf, root, root)
    assert len(walked(shelf, DagWalk(root))) == 62


def test_more_links_than_are_kept_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_LINKS_BYTES_MAX", 44 * 100)
    shelf = Shelf()
    wide = node(shelf, *[leaf(shelf, number) for number in range(90)])
    root = node(shelf, wide, *[leaf(shelf, number) for number in range(90)])
    with pytest.raises(DagTooWide):
        walked(shelf, DagWalk(root))
