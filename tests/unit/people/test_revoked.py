"""What an author took back: found in a map, shown to be in it or not, and never lost when two lists meet."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from leither import limits
from leither.codec import Block, Cid
from leither.merkle import EMPTY_MAP, Nodes, prove, verify
from leither.people import revoked as module
from leither.people.revoked import (
    BadRevoked,
    Revoked,
    TooManyRevoked,
    check_revoked,
    revoke,
    revoked_grant,
    revoked_in_both,
    revoked_key,
)


class Memory:
    """Blocks in a dict."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}
        self.nodes = Nodes(self.blocks.__getitem__, self._put)

    def _put(self, block: Block) -> None:
        self.blocks[block.cid] = block.data

    def revoke(self, names: Iterable[bytes], root: Cid | None = None) -> Cid:
        return revoke(self.nodes, root, names)

    def revoked(self, root: Cid | None) -> Revoked:
        return Revoked(root, self.blocks.__getitem__)


def names(*numbers: int) -> list[bytes]:
    return [revoked_grant(number.to_bytes(32)) for number in numbers]


@pytest.fixture
def memory() -> Memory:
    return Memory()


def test_exactly_what_was_taken_back_is_found(memory: Memory) -> None:
    revoked = memory.revoked(memory.revoke(names(*range(0, 400, 2))))
    assert [name in revoked for name in names(0, 1, 2, 398, 399)] == [True, False, True, True, False]


def test_a_grant_and_a_key_of_equal_bytes_are_told_apart(memory: Memory) -> None:
    revoked = memory.revoked(memory.revoke([revoked_key(bytes(32))]))
    assert revoked_key(bytes(32)) in revoked
    assert revoked_grant(bytes(32)) not in revoked


def test_without_a_root_nothing_was_taken_back(memory: Memory) -> None:
    assert names(1)[0] not in memory.revoked(None)
    assert "no name" not in memory.revoked(None)


def test_order_and_repetition_make_no_difference(memory: Memory) -> None:
    root = memory.revoke(names(1, 2, 3))
    assert memory.revoke(names(3, 1, 2, 1)) == memory.revoke(names(3), memory.revoke(names(2, 1))) == root
    assert memory.revoke(names(2), root) == root


def test_a_few_blocks_prove_that_something_was_taken_back_or_was_not(memory: Memory) -> None:
    root = memory.revoke(names(*range(0, 2000, 2)))
    there, absent = names(10, 11)
    assert verify(root, there, prove(memory.nodes, root, there)) is not None
    assert verify(root, absent, prove(memory.nodes, root, absent)) is None


def test_what_stands_in_either_of_two_maps_stands_in_both_of_them_together(memory: Memory) -> None:
    one, other = memory.revoke(names(1, 2)), memory.revoke(names(2, 3))
    both = memory.revoke(names(1, 2, 3))
    assert revoked_in_both(memory.nodes, one, other) == revoked_in_both(memory.nodes, other, one) == both
    assert revoked_in_both(memory.nodes, one, None) == revoked_in_both(memory.nodes, None, one) == one
    assert revoked_in_both(memory.nodes, one, one) == one
    assert revoked_in_both(memory.nodes, None, None) is None


def test_a_map_of_this_format_is_taken(memory: Memory) -> None:
    check_revoked(memory.blocks.__getitem__, memory.revoke([*names(*range(300)), revoked_key(bytes(32))]))


def test_a_map_of_more_than_a_control_can_say_is_neither_made_nor_taken(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = memory.revoke(names(1, 2, 3))
    monkeypatch.setattr(limits, "REVOKED_MAX", 2)
    with pytest.raises(TooManyRevoked, match="3 grants and keys"):
        memory.revoke(names(1, 2, 3))
    with pytest.raises(BadRevoked, match="3 entries exceed the limit of 2"):
        check_revoked(memory.blocks.__getitem__, root)


def test_an_empty_map_is_not_named(memory: Memory) -> None:
    with pytest.raises(BadRevoked, match="it is empty"):
        check_revoked({EMPTY_MAP.cid: EMPTY_MAP.data}.__getitem__, EMPTY_MAP.cid)


def test_a_map_that_is_read_is_never_written() -> None:
    with pytest.raises(AssertionError, match="has put"):
        module._refuse(EMPTY_MAP)
