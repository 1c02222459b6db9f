"""Which sealed form a block gets and keeps, over key epochs, merges and what others sealed."""

from __future__ import annotations

import pytest

from leither.codec import EMPTY_RAW, Block, BlockMissing
from leither.codec.sealed import read
from leither.mimei.sealing import Pair, SealBroken, seal
from leither.store import MemoryState
from tests.unit.service.sealed_device import keys, open_blocks
from tests.unit.service.sealed_home import LEAF, OTHER, Home, node, version


@pytest.fixture
def home() -> Home:
    return Home()


# Key epochs


def test_a_new_epoch_seals_what_is_new_and_links_to_what_is_old(home: Home) -> None:
    home.store(LEAF)
    old = home.sealed.form(LEAF.cid)
    home.rotate(1)
    home.store(node(LEAF))
    sealed = read(home.blocks.get(home.sealed.form(node(LEAF).cid)))
    assert (sealed.epoch, sealed.links) == (1, (old,))
    assert home.sealed.get(LEAF.cid) == LEAF.data


def test_what_is_put_again_in_a_new_epoch_has_two_forms(home: Home) -> None:
    home.store(LEAF)
    old = home.sealed.form(LEAF.cid)
    home.rotate(1)
    home.store(LEAF)
    new = home.sealed.form(LEAF.cid)
    assert home.sealed.table.forms(LEAF.cid) == (old, new)
    assert new != old


@pytest.mark.parametrize("kept", [0, 1])
def test_a_block_is_read_from_whichever_form_is_left(home: Home, kept: int) -> None:
    home.store(LEAF)
    home.rotate(1)
    home.store(LEAF)
    form = home.sealed.table.forms(LEAF.cid)[kept]
    home.blocks.sweep(lambda: [form])
    assert home.sealed.get(LEAF.cid) == LEAF.data
    assert home.sealed.form(LEAF.cid) == form
    assert home.sealed.table.prune(home.blocks.has) == 1
    assert home.sealed.table.forms(LEAF.cid) == (form,)


def test_what_a_reader_met_and_then_was_reclaimed_is_found_in_its_other_form(home: Home) -> None:
    home.store(LEAF, node(LEAF))
    home.sealed.get(node(LEAF).cid)
    old = home.sealed.form(LEAF.cid)
    newer = open_blocks(home.blocks, home.state, 1)
    with newer.lease() as lease:
        lease.put(LEAF)
    new = newer.form(LEAF.cid)
    home.blocks.sweep(lambda: [new])
    assert old != new
    reader = open_blocks(home.blocks, home.state, 1)
    assert reader.get(LEAF.cid) == LEAF.data


def test_a_backup_links_to_the_form_that_its_base_holds(home: Home) -> None:
    # The newest form may be kept by nothing, and be reclaimed while the backup runs.
    base = home.save(LEAF, LEAF)
    old = home.sealed.form(LEAF.cid)
    home.rotate(1)
    home.store(LEAF)
    assert home.sealed.form(LEAF.cid) != old
    made = home.save(node(LEAF), node(LEAF), over=(base,))
    assert read(home.blocks.get(home.sealed.form(node(LEAF).cid))).links == (old,)
    assert read(home.blocks.get(made[1])).before == (base[1],)


# Merging


def in_two_epochs() -> tuple[Home, Pair, Pair]:
    """Two tips that hold one leaf, sealed in epoch 1 in the first and in epoch 0 in the second."""
    home, other = Home(epoch=1), Home()
    first, second = (
        home.save(node(LEAF), LEAF, node(LEAF)),
        other.save(node(LEAF, OTHER), LEAF, OTHER, node(LEAF, OTHER)),
    )
    with home.blocks.lease() as lease:
        lease.put_many(Block(cid, other.blocks.get(cid)) for cid in other.blocks.cids())
    home.sealed.adopt([second])
    return home, first, second


def test_a_merge_keeps_the_form_in_the_first_tip_that_holds_a_block() -> None:
    home, first, second = in_two_epochs()
    top = node(LEAF, OTHER, LEAF)
    old, new = sorted(home.sealed.table.forms(LEAF.cid), key=lambda form: read(home.blocks.get(form)).epoch)
    for over, kept in (((first, second), new), ((second, first), old)):
        with home.sealed.lease(over=over, epoch=1) as lease:
            lease.put_many((LEAF, top))
        sealed = read(home.blocks.get(home.sealed.form(top.cid)))
        assert (sealed.epoch, sealed.links[0], sealed.links[2]) == (1, kept, kept)


def test_a_merge_seals_nothing_that_a_tip_holds() -> None:
    home, first, second = in_two_epochs()
    before = home.blocks.stats().blocks
    with home.sealed.lease(over=(first, second), epoch=1) as lease:
        lease.put_many((LEAF, OTHER, node(LEAF), node(LEAF, OTHER)))
    assert home.blocks.stats().blocks == before


def test_a_merge_seals_under_the_epoch_it_is_given() -> None:
    home, first, second = in_two_epochs()
    home.rotate(2)
    with home.sealed.lease(over=(first, second), epoch=1) as lease:
        lease.put(node(OTHER))
    assert read(home.blocks.get(home.sealed.form(node(OTHER).cid))).epoch == 1


def test_a_merge_in_an_old_epoch_passes_over_forms_of_newer_ones(home: Home) -> None:
    first, second = home.save(LEAF, LEAF), home.save(node(LEAF), node(LEAF))
    old = home.sealed.form(LEAF.cid)
    home.rotate(1)
    home.store(LEAF)
    with home.sealed.lease(over=(first, second), epoch=0) as lease:
        lease.put(node(LEAF, LEAF))
    sealed = read(home.blocks.get(home.sealed.form(node(LEAF, LEAF).cid)))
    assert (sealed.epoch, set(sealed.links)) == (0, {old})


def test_a_merged_version_stands_on_its_tips_in_the_order_of_its_parents() -> None:
    home, first, second = in_two_epochs()
    with home.sealed.lease(over=(first, second), epoch=1) as lease:
        made = version(node(LEAF), first[0], second[0], epoch=1)
        form = lease.put_version(made)
    forms = dict((first, second))
    assert read(home.blocks.get(form)).before == tuple(forms[parent] for parent in made.parents)


def test_what_a_fork_came_from_has_no_form(home: Home) -> None:
    home.store(LEAF)
    with home.sealed.lease() as lease:
        form = lease.put_version(version(LEAF, OTHER.cid))
    assert read(home.blocks.get(form)).before == (EMPTY_RAW,)
    assert home.sealed.get(version(LEAF, OTHER.cid).cid) == version(LEAF, OTHER.cid).encode()


# Adopting


def test_adopting_notes_every_block_of_a_version() -> None:
    home, other = Home(), Home()
    pair = other.save(node(LEAF, OTHER), LEAF, OTHER, node(LEAF, OTHER))
    with home.blocks.lease() as lease:
        lease.put_many(Block(cid, other.blocks.get(cid)) for cid in other.blocks.cids())
    assert not home.sealed.has(LEAF.cid)
    assert home.sealed.adopt([pair]) == 4
    assert home.sealed.get(node(LEAF, OTHER).cid) == node(LEAF, OTHER).data
    assert home.sealed.get(pair[0]) == other.sealed.get(pair[0])


def test_adopting_reads_only_what_is_new(home: Home) -> None:
    base = home.save(node(LEAF), LEAF, node(LEAF))
    made = home.save(node(LEAF, OTHER), OTHER, node(LEAF, OTHER), over=(base,))
    fresh = open_blocks(home.blocks, MemoryState())
    fresh.adopt([base])
    home.blocks.reads.clear()
    assert fresh.adopt([made]) == 3
    assert set(home.blocks.reads) == {made[1], home.sealed.form(OTHER.cid), home.sealed.form(node(LEAF, OTHER).cid)}
    assert fresh.adopt([base, made]) == 0


def test_a_version_that_is_not_whole_is_not_noted(home: Home) -> None:
    pair = home.save(node(LEAF), LEAF, node(LEAF))
    form = home.sealed.form(LEAF.cid)
    home.blocks.sweep(lambda: [cid for cid in home.blocks.cids() if cid != form])
    fresh = open_blocks(home.blocks, MemoryState())
    with pytest.raises(BlockMissing):
        fresh.adopt([pair])
    assert not fresh.has(pair[0])


def test_a_version_that_lies_is_not_noted(home: Home) -> None:
    home.store(LEAF, OTHER)
    made = version(LEAF)
    lie = seal(keys().current, made.block, [home.sealed.form(OTHER.cid)] * 2)
    with home.blocks.lease() as lease:
        lease.put(lie)
    fresh = open_blocks(home.blocks, MemoryState())
    with pytest.raises(SealBroken):
        fresh.adopt([(made.cid, lie.cid)])
    assert not fresh.has(made.cid)
