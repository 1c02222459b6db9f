"""Sealed blocks: `[1, key epoch, nonce, links, before, ciphertext]`, read and written by hand.

What it links to stands in the clear, so whoever can't read it can store, walk, check and reclaim it. `links` are what
the block holds, in the order in which the plaintext names it; `before` are the versions that a version stands on, which
it doesn't hold. A sealed block without either is named by a CID with codec raw: whoever follows links needn't read it.
Bytes and reasons: spec/format/sealed-block.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from leither import limits
from leither.codec.block import Block, BlockMismatch
from leither.codec.cid import CID_BYTES, DAG_CBOR, RAW, Cid
from leither.errors import InputError

NONCE_BYTES = 24
TAG_BYTES = 16
_BYTES, _ARRAY = 0x40, 0x80
_START = b"\x86\x01"
_NO_LINKS = b"\x80\x80"
_LINK_HEAD = b"\xd8\x2a\x58\x25\x00"
_LINK_BYTES = len(_LINK_HEAD) + CID_BYTES
_LINK_STARTS = frozenset(_LINK_HEAD + bytes((1, codec, 0x12, 0x20)) for codec in (RAW, DAG_CBOR))
_START_BYTES = len(_LINK_HEAD) + 4


class Sealed(NamedTuple):
    """A sealed block taken apart. `head` is everything before the ciphertext, `named` the bytes of links and before."""

    epoch: int
    nonce: bytes
    links: tuple[Cid, ...]
    before: tuple[Cid, ...]
    named: bytes
    head: bytes
    ciphertext: memoryview


class NotSealed(InputError):
    """The bytes are no sealed block, or not in their one form."""

    code = "not-sealed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not a sealed block: {reason}; fetch it again, or from another holder")


def name_links(links: Sequence[Cid], before: Sequence[Cid]) -> bytes:
    """Return the bytes of both lists of sealed blocks, as they stand in the array."""
    if not links and not before:
        return _NO_LINKS
    return b"".join(
        (
            _head(_ARRAY, len(links)),
            *(part for link in links for part in (_LINK_HEAD, link)),
            _head(_ARRAY, len(before)),
            *(part for link in before for part in (_LINK_HEAD, link)),
        )
    )


def write_head(epoch: int, nonce: bytes, named: bytes, ciphertext_bytes: int) -> bytes:
    """Return everything before a ciphertext of that length. `named` is what `name_links` returned."""
    return b"".join((_START, _head(0, epoch), b"\x58\x18", nonce, named, _head(_BYTES, ciphertext_bytes)))


def sealed_block(head: bytes, named: bytes, ciphertext: bytes) -> Block:
    """Return the block, named by whether it links to anything. Raises: BlockTooLarge."""
    return Block.of(RAW if named == _NO_LINKS else DAG_CBOR, head + ciphertext)


def read(data: bytes) -> Sealed:
    """Return what stands in a sealed block. No key is needed. Raises: NotSealed. Cost: O(links)."""
    if len(data) > limits.BLOCK_BYTES_MAX:
        raise NotSealed(f"{len(data):,} bytes exceed the limit of {limits.BLOCK_BYTES_MAX:,}")
    if data[:2] != _START:
        raise NotSealed("not an array of six that begins with 1")
    epoch, offset = _number(data, 2, 0)
    if epoch > limits.KEY_EPOCH_MAX:
        raise NotSealed(f"key epoch {epoch} is out of range")
    if data[offset : offset + 2] != b"\x58\x18":
        raise NotSealed(f"no nonce of {NONCE_BYTES} bytes at byte {offset}")
    nonce = data[offset + 2 : offset + 2 + NONCE_BYTES]
    start = offset + 2 + NONCE_BYTES
    links, offset = _links(data, start)
    before, offset = _links(data, offset)
    if len(before) > limits.PARENTS_MAX:
        raise NotSealed(f"it stands on {len(before)} versions; the limit is {limits.PARENTS_MAX}")
    named = data[start:offset]
    size, offset = _number(data, offset, _BYTES)
    if size != len(data) - offset:
        raise NotSealed(f"ciphertext of {size:,} bytes where {len(data) - offset:,} follow")
    if size < TAG_BYTES:
        raise NotSealed("its ciphertext is shorter than its tag")
    return Sealed(epoch, nonce, links, before, named, data[:offset], memoryview(data)[offset:])


def check(cid: Cid, data: bytes) -> Sealed:
    """Return a foreign sealed block, found to be what its name says. Raises: BlockMismatch, NotSealed."""
    if not cid.matches(data):
        raise BlockMismatch(cid, "what was received")
    sealed = read(data)
    if cid.codec != (DAG_CBOR if sealed.links or sealed.before else RAW):
        raise NotSealed("named as if it had links" if cid.codec == DAG_CBOR else "named as if it had no links")
    return sealed


def walk(get: Callable[[Cid], bytes], roots: Iterable[Cid], seen: set[Cid] | None = None) -> Iterator[Cid]:
    """Yield all that the sealed blocks `roots` hold, themselves included, each once, depth first. No key is needed.

    A version holds its content, not the versions before it: whoever keeps those names them among the roots.
    Args: seen: what is passed over, with all it holds; what is yielded is added to it.
    Raises: NotSealed, what `get` raises. Cost: reads what has links; what has none is known by its name.
    """
    seen = set() if seen is None else seen
    pending = list(roots)[::-1]
    while pending:
        cid = pending.pop()
        if cid in seen:
            continue
        seen.add(cid)
        if cid.codec != RAW:
            pending += read(get(cid)).links[::-1]
        yield cid


def plain_size_bytes(size_bytes: int, epochs: Iterable[int]) -> int | None:
    """Return how long the plaintext of a sealed block without links is, which is `size_bytes` long.

    None where it depends on which of `epochs` it was sealed in, as their numbers differ in length.
    """
    fixed = {len(write_head(epoch, bytes(NONCE_BYTES), _NO_LINKS, 0)) - 1 for epoch in epochs}
    if len(fixed) != 1:
        return None
    rest = size_bytes - fixed.pop()
    for head in (1, 2, 3, 5):
        if rest - head >= TAG_BYTES and len(_head(_BYTES, rest - head)) == head:
            return rest - head - TAG_BYTES
    return None


def _head(major: int, number: int) -> bytes:
    """Return the shortest CBOR head."""
    if number < 24:
        return bytes((major + number,))
    for extra, size in ((24, 1), (25, 2), (26, 4)):
        if number < 1 << 8 * size:
            return bytes((major + extra,)) + number.to_bytes(size)
    return bytes((major + 27,)) + number.to_bytes(8)


def _number(data: bytes, offset: int, major: int) -> tuple[int, int]:
    """Return the number in the head at `offset`, of this type and in its shortest form, and the offset behind it."""
    first = data[offset] - major if offset < len(data) else -1
    if 0 <= first < 24:
        return first, offset + 1
    if not 24 <= first <= 27:
        raise NotSealed(f"another type or form at byte {offset:,}")
    size = 1 << first - 24
    stop = offset + 1 + size
    number = int.from_bytes(data[offset + 1 : stop])
    if stop > len(data) or number < (24 if size == 1 else 1 << 4 * size):
        raise NotSealed(f"a number at byte {offset:,} is cut off or not in its shortest form")
    return number, stop


def _links(data: bytes, offset: int) -> tuple[tuple[Cid, ...], int]:
    count, offset = _number(data, offset, _ARRAY)
    stop = offset + count * _LINK_BYTES
    if stop > len(data):
        raise NotSealed(f"{count:,} links at byte {offset:,} are cut off")
    places = range(offset, stop, _LINK_BYTES)
    if not _LINK_STARTS.issuperset(data[place : place + _START_BYTES] for place in places):
        raise NotSealed("a link is not to a sealed block")
    return tuple([Cid(data[place + 5 : place + _LINK_BYTES]) for place in places]), stop
