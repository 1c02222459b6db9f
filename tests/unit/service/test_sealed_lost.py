"""What a sealed version lost in merges: listed behind what it holds, found by readers, and proved like all else."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from leither.codec import Block, Cid
from leither.codec.sealed import walk
from leither.merkle import EMPTY_MAP, Entry, NodeCache, Nodes, Stamp
from leither.merkle.siblings import rearrange, wrap
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import path_key
from leither.mimei.sealing import Pair, SealBroken
from tests.unit.merkle.memory import SMALL
from tests.unit.mimei.samples import WRITER
from tests.unit.service.sealed_device import open_blocks
from tests.unit.service.sealed_home import LEAF, OTHER, Home, node, version

CONTENT = node(OTHER)


def sealed(home: Home, lost: Sequence[Cid]) -> Pair:
    """A version that has lost LEAF at some path, and whose sealed form lists `lost`."""
    value = PathEntry(EntryType.FILE, cid=LEAF.cid, size_bytes=len(LEAF.data)).encode()
    entry = wrap(Entry(path_key(("a",)), Stamp(1, 1), value))
    with home.sealed.lease() as lease:
        lease.put_many((LEAF, OTHER, CONTENT, EMPTY_MAP))
        nodes = Nodes(home.sealed.get, lease.put, NodeCache())
        root = rearrange(nodes, None, {entry.key: entry}, SMALL)
        made = msgspec.structs.replace(version(CONTENT), siblings=root, sig=None).signed(WRITER)
        return made.cid, lease.put_version(made, lost)


def test_what_was_lost_is_walked_with_a_key_and_without() -> None:
    home = Home()
    made = sealed(home, [LEAF.cid])
    form = home.sealed.form(LEAF.cid)
    assert (LEAF.cid, form) in list(home.sealed.pairs([made]))
    assert form in list(walk(home.blocks.get, [made[1]]))


def test_who_takes_the_version_in_proves_what_was_lost() -> None:
    home, other = Home(), Home()
    made = sealed(home, [LEAF.cid])
    with other.blocks.lease() as lease:
        for cid in walk(home.blocks.get, [made[1]]):
            lease.put(Block(cid, home.blocks.get(cid)))
    taken = open_blocks(other.blocks, other.state)
    taken.adopt([made])
    assert taken.get(LEAF.cid) == LEAF.data


@pytest.mark.parametrize("lost", [[OTHER.cid], [LEAF.cid, OTHER.cid]], ids=["another block", "one too many"])
def test_what_the_siblings_map_does_not_name_is_refused(lost: list[Cid]) -> None:
    home, other = Home(), Home()
    made = sealed(home, lost)
    with other.blocks.lease() as lease:
        for cid in walk(home.blocks.get, [made[1]]):
            lease.put(Block(cid, home.blocks.get(cid)))
    with pytest.raises(SealBroken):
        open_blocks(other.blocks, other.state).adopt([made])


def test_a_version_that_lists_none_of_it_is_valid_as_well() -> None:
    home = Home()
    made = sealed(home, [])
    assert LEAF.cid not in [cid for cid, _ in home.sealed.pairs([made])]
