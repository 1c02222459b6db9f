"""Blocks of a private MiMei: sealed, opened, and paired with their sealed forms by whoever has the keys.

A plaintext node names its children by plaintext CID only. Its sealed form lists their sealed forms in the same order,
so a reader who walks from a version knows the sealed form of everything it meets. Rules: spec/format/sealed-block.md.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from leither.codec import DAG_CBOR, EMPTY_RAW, RAW, Block, Cid
from leither.codec.links import links
from leither.codec.sealed import TAG_BYTES, Sealed, check, name_links, read, sealed_block, write_head
from leither.crypto import EpochKey, epoch_secret
from leither.errors import CorruptionError, DeniedError
from leither.merkle import Nodes
from leither.merkle.node import NodeMalformed, decode, encode
from leither.mimei.contents import Contents
from leither.mimei.lost import lost_files

Pair = tuple[Cid, Cid]
"""The CID of a plaintext block, and of a sealed form of it."""
_LINK = re.compile(rb"[\xd8\x00]\x2a(?:[\x40-\x57]|\x58.|\x59..|\x5a.{4}|\x5b.{8})\x00", re.DOTALL)
"""What every link contains: tag 42, short or written longer than need be, over bytes that begin with 0."""
_INNER_NODE = b"\x84"
NOT_SEALED_HERE = EMPTY_RAW
"""Stands for a parent without a sealed form under this MiMei's keys: a fork's origin. No sealed block is empty."""


class SealBroken(CorruptionError):
    """A sealed block doesn't open, or is not the sealed form of what it should be."""

    code = "seal-broken"

    def __init__(self, cid: Cid, reason: str) -> None:
        self.cid = cid.text
        self.reason = reason
        super().__init__(f"the sealed form of block {cid} is refused: {reason}; fetch it from another holder")


class EpochKeyMissing(DeniedError):
    """A block is sealed under a key that this reader was not given."""

    code = "epoch-key-missing"

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        super().__init__(
            f"sealed under key epoch {epoch}, whose key is not here: it is for others, or was written since you were "
            "left out; ask its author to share it with you, and to send you a new export"
        )


class EpochKeys:
    """The keys of a MiMei that a reader has, by epoch. `current` is what is sealed under now."""

    __slots__ = ("_derive", "_keys", "current", "ends")

    def __init__(self, keys: Iterable[EpochKey], *, derive: Callable[[int], EpochKey] | None = None) -> None:
        """Take one key or more, the newest of which is the current one. `derive` makes every other one."""
        self._keys = {key.epoch: key for key in keys}
        self._derive = derive
        self.current = self._keys[max(self._keys)]
        self.ends = (min(self._keys), self.current.epoch) if derive is None else (0, self.current.epoch + 1)
        """The first and the last epoch in which what is here was sealed."""

    @classmethod
    def of_author(cls, seed: bytes, mimei: bytes, epoch: int) -> "EpochKeys":
        """Return the keys of who has the author's seed: all there are, and what is sealed now under that of `epoch`.

        Another node of theirs may be ahead, so the keys of later epochs are made when they are asked for.
        """

        def derive(number: int) -> EpochKey:
            return EpochKey(epoch_secret(seed, mimei, number), number)

        return cls((derive(epoch),), derive=derive)

    @property
    def epochs(self) -> frozenset[int]:
        """The epochs whose keys are at hand."""
        return frozenset(self._keys)

    def of(self, epoch: int) -> EpochKey:
        """Return the key of that epoch. Raises: EpochKeyMissing."""
        found = self._keys.get(epoch)
        if found is None:
            if self._derive is None:
                raise EpochKeyMissing(epoch)
            found = self._derive(epoch)
            if epoch <= self.ends[1]:
                self._keys[epoch] = found
        return found


def seal(key: EpochKey, block: Block, children: Sequence[Cid], before: Sequence[Cid] = ()) -> Block:
    """Return the sealed form of `block`, whose children's sealed forms are `children`: the same one each time.

    Raises: BlockTooLarge: no room for the links and 64 bytes. Cost: one encryption, one SHA-256.
    """
    named = name_links(children, before)
    nonce = key.nonce(named + block.cid)
    head = write_head(key.epoch, nonce, named, len(block.data) + TAG_BYTES)
    return sealed_block(head, named, key.seal(nonce, head, block.data))


def unseal(keys: EpochKeys, cid: Cid, sealed: Sealed) -> bytes:
    """Return the bytes of the block `cid`. Raises: EpochKeyMissing, SealBroken. Cost: one decryption, one SHA-256."""
    data = reopen(keys, cid, sealed)
    if not cid.matches(data):
        raise SealBroken(cid, "another block is sealed in it")
    return data


def reopen(keys: EpochKeys, cid: Cid, sealed: Sealed) -> bytes:
    """Return the bytes of a block that was sealed here or has passed `unseal`, without hashing it again.

    The sealed bytes were checked against their own CID, and that this CID stands for `cid` is known.
    Raises: EpochKeyMissing, SealBroken. Cost: one decryption.
    """
    key = keys.of(sealed.epoch)
    data = key.open(sealed.nonce, sealed.head, sealed.ciphertext)
    if data is None:
        raise SealBroken(cid, f"it does not open under the key of epoch {sealed.epoch}")
    if key.nonce(sealed.named + cid) != sealed.nonce:
        # Else one block had many sealed forms under one key, and devices would not come to the same.
        raise SealBroken(cid, "its nonce does not follow from what is sealed")
    return data


def children_of(cid: Cid, data: bytes) -> list[Cid]:
    """Return what a plaintext block holds, in the order in which it names it, repeated ones each time.

    It is what `codec.links.links` returns. Nearly all blocks of a database are map nodes, so these are seen to first.
    Raises: BadDagPB, BadDagCbor. Cost: one decode; next to nothing for a leaf of a map.
    """
    if cid.codec == DAG_CBOR:
        if (b"\xd8\x2a" not in data and b"\x00\x2a" not in data) or _LINK.search(data) is None:
            return []
        if data[:1] == _INNER_NODE:
            try:
                node = decode(data)
            except NodeMalformed:
                return links(cid, data)
            if node.level and encode(node).data == data:
                return list(map(Cid, node.links))
    return links(cid, data)


def held_by_version(version: Contents) -> tuple[Cid, ...]:
    """Return what a version holds, in the order in which its bytes name it: side map, content, siblings map."""
    return (version.side, version.content, *((version.siblings,) if version.siblings else ()))


def pair_version(keys: EpochKeys, cid: Cid, sealed: Sealed) -> tuple[Contents, list[Pair], list[Pair]]:
    """Return an opened version or draft, what it holds, and the versions before it, each with its sealed form.

    Parents that were not sealed under this MiMei's keys are left out. What lost in merges, whose sealed forms may stand
    behind the others, is not paired here: only the siblings map says what it is.
    Raises: EpochKeyMissing, SealBroken, NotARecord.
    """
    version = Contents.decode(unseal(keys, cid, sealed))
    named = held_by_version(version)
    links = sealed.links if version.siblings is None else sealed.links[: len(named)]
    held = _paired(cid, named, links)
    before = _paired(cid, version.parents, sealed.before)
    return version, held, [pair for pair in before if pair[1] != NOT_SEALED_HERE]


def pair_children(keys: EpochKeys, cid: Cid, sealed: Sealed) -> list[Pair]:
    """Return the children of an opened block, each with its sealed form. Raises: EpochKeyMissing, SealBroken."""
    if sealed.before:
        raise SealBroken(cid, "it stands on versions, and is none")
    return _paired(cid, children_of(cid, unseal(keys, cid, sealed)), sealed.links)


def pair_blocks(get: Callable[[Cid], bytes], keys: EpochKeys, versions: Iterable[Pair]) -> Iterator[Pair]:
    """Yield (plaintext, sealed) of all that the versions are and hold, depth first; each sealed block once.

    Raises: NotSealed, EpochKeyMissing, SealBroken, what `get` raises.
    Cost: opens what has links; what has none is known from its parent alone.
    """
    seen: set[Cid] = set()
    for version in versions:
        pending = [version]
        while pending:
            pair = pending.pop()
            form = pair[1]
            if form in seen:
                continue
            seen.add(form)
            yield pair
            if pair is version or form.codec != RAW:
                pending += _held(get, keys, pair, read(get(form)), is_version=pair is version)[::-1]


def prove_blocks(
    get: Callable[[Cid], bytes], keys: EpochKeys, versions: Iterable[Pair], is_proved: Callable[[Pair], bool]
) -> Iterator[Pair]:
    """Open all that versions are and hold, but for what was proved before, and yield each pair once it is proved.

    What others sealed is proved once: hash, name, nonce, links, and that the plaintext is the one its parent names.
    Children come before parents, so a pair that was yielded has everything below it proved.
    Raises: BlockMismatch, NotSealed, EpochKeyMissing, SealBroken, what `get` raises.
    Cost: reads all that is new. Memory: 200 bytes for each new block.
    """
    met: dict[Cid, Cid] = {}
    for version in versions:
        pending = [(version, False)]
        while pending:
            pair, is_opened = pending.pop()
            cid, form = pair
            if is_opened:
                yield pair
                continue
            if met.get(form, cid) != cid:
                raise SealBroken(cid, "another block is sealed in it")
            if form in met or is_proved(pair):
                continue
            met[form] = cid
            held = _held(get, keys, pair, check(form, get(form)), is_version=pair is version)
            pending.append((pair, True))
            pending += [(child, False) for child in reversed(held)]


def _held(get: Callable[[Cid], bytes], keys: EpochKeys, pair: Pair, sealed: Sealed, *, is_version: bool) -> list[Pair]:
    if not is_version:
        return pair_children(keys, pair[0], sealed)
    _, held, _ = pair_version(keys, pair[0], sealed)
    rest = sealed.links[len(held) :]
    return held + _paired(pair[0], _lost(get, keys, held[-1]), rest) if rest else held


def _lost(get: Callable[[Cid], bytes], keys: EpochKeys, siblings: Pair) -> tuple[Cid, ...]:
    """Return what lost in merges, as the siblings map says it, which is opened for that."""
    opened: dict[Cid, bytes] = {}
    pending = [siblings]
    while pending:
        cid, form = pending.pop()
        sealed = check(form, get(form))
        opened[cid] = unseal(keys, cid, sealed)
        pending += _paired(cid, children_of(cid, opened[cid]), sealed.links)
    return lost_files(Nodes(opened.__getitem__, _refuse), siblings[0])


def _refuse(block: Block) -> None:
    raise AssertionError("nothing is written here")


def _paired(cid: Cid, plain: Sequence[Cid], sealed: Sequence[Cid]) -> list[Pair]:
    if len(plain) != len(sealed):
        raise SealBroken(cid, f"it lists {len(sealed)} sealed blocks for {len(plain)} links")
    return list(zip(plain, sealed, strict=True))
