"""Proofs that a map has an entry, or has none under a key, for whoever knows only the root's CID."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from leither import limits
from leither.codec import Cid
from leither.errors import InputError
from leither.merkle.entry import Entry
from leither.merkle.node import Bound, Node, NodeMalformed, decode, encode, require_child
from leither.merkle.nodes import Nodes


class InvalidProof(InputError):
    """A proof proves nothing: blocks are missing, surplus, or not what their hashes and parents promise."""

    code = "invalid-proof"

    def __init__(self, step: int, reason: str) -> None:
        self.step = step
        self.reason = reason
        super().__init__(f"map proof is invalid at block {step}: {reason}; ask for it again, or elsewhere")


def prove(nodes: Nodes, root: Cid, key: bytes) -> tuple[bytes, ...]:
    """Return the node blocks from the root to the leaf where `key` is or would be.

    For a key before all others that is the root alone.
    Raises: NodeMalformed, what `nodes.read` raises.  Cost: one block a level, read from the store.
    """
    blocks = [nodes.read(root)]
    node = decode(blocks[0])
    end: Bound = None
    while (index := _towards(node, key)) is not None:
        blocks.append(nodes.read(Cid(node.links[index])))
        child = decode(blocks[-1])
        end = require_child(node, index, end, child)
        node = child
    return tuple(blocks)


def verify(root: Cid, key: bytes, proof: Sequence[bytes]) -> Entry | None:
    """Return the entry under `key` in the map `root`, or None if `proof` shows that there is none.

    It shows what the map says, not that the map is well shaped: that takes all of it, and `check`.
    Raises: InvalidProof.  Cost: one SHA-256, decode and encode a block.
    """
    if not 1 <= len(proof) <= limits.MAP_DEPTH_MAX:
        raise InvalidProof(len(proof), f"a proof has 1 to {limits.MAP_DEPTH_MAX} blocks")
    node = _open(0, root, proof[0])
    end: Bound = None
    for step in range(1, len(proof)):
        index = _towards(node, key)
        if index is None:
            raise InvalidProof(step, "nothing more is to be shown")
        child = _open(step, Cid(node.links[index]), proof[step])
        try:
            end = require_child(node, index, end, child)
        except NodeMalformed as error:
            raise InvalidProof(step, error.reason) from None
        node = child
    if _towards(node, key) is not None:
        raise InvalidProof(len(proof), "blocks are missing")
    index = bisect_left(node.keys, key)
    return node.entry(index) if not node.level and index < len(node.keys) and node.keys[index] == key else None


def _towards(node: Node, key: bytes) -> int | None:
    """Return the index of the child in whose range `key` falls; None in a leaf and before the first child."""
    index = bisect_right(node.keys, key) - 1
    return index if node.level and index >= 0 else None


def _open(step: int, cid: Cid, data: bytes) -> Node:
    """Return the node in `data`, checked against its hash, structure and canonical form."""
    if len(data) > limits.MAP_LONE_BYTES_MAX or not cid.matches(data):
        raise InvalidProof(step, "the block does not match its hash")
    try:
        node = decode(data)
    except NodeMalformed as error:
        raise InvalidProof(step, error.reason) from None
    if encode(node).data != data:
        raise InvalidProof(step, "the block is not in canonical form")
    return node
