"""A private MiMei's blocks as services see them: contents sealed, and beside them the records that stand in the clear.

Control, heads and key rings are for everyone who keeps the MiMei; genesis, versions and all they hold are sealed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from leither.codec import DAG_CBOR, Block, BlockMissing, Cid
from leither.codec.sealed import check
from leither.crypto import MimeiId, id_text
from leither.errors import Conflict
from leither.merkle import Nodes
from leither.mimei.contents import Contents
from leither.mimei.lost import lost_files
from leither.mimei.sealing import SealBroken, reopen
from leither.ports import Blocks, BlockStats, Checked, Fault, Lease, Reclaimed
from leither.service.sealed_blocks import SealedBlocks
from leither.service.sealed_lease import SealedLease


class PrivateUnsupported(Conflict):
    """What was asked for is not done with private MiMei yet."""

    code = "private-unsupported"

    def __init__(self, mimei: MimeiId, what: str) -> None:
        self.id = id_text(mimei)
        self.what = what
        super().__init__(
            f"{self.id} is private, and {what} is not possible with a private MiMei yet; nothing was changed; "
            "copy its files into another MiMei, if others may keep them in the clear"
        )


class PrivateBlocks:
    """The blocks of one private MiMei, by their plaintext CIDs. What was never sealed is looked for in the clear."""

    def __init__(self, clear: Blocks, sealed: SealedBlocks) -> None:
        self._clear = clear
        self.sealed = sealed

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. Raises: BlockMissing, BlockMismatch, NotSealed, EpochKeyMissing, SealBroken."""
        try:
            return self.sealed.get(cid)
        except BlockMissing:
            return self._clear.get(cid)

    def has(self, cid: Cid) -> bool:
        """Tell whether the block is stored, sealed or in the clear."""
        return self.sealed.has(cid) or self._clear.has(cid)

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length. Raises: BlockMissing."""
        try:
            return self.sealed.size_bytes(cid)
        except BlockMissing:
            return self._clear.size_bytes(cid)

    def lease(self) -> AbstractContextManager[Lease]:
        """Open a lease that seals what is put; `clear` gives the one below it."""
        return self.sealed.lease()

    def cids(self) -> Iterator[Cid]:
        """Iterate over what the store below holds."""
        return self._clear.cids()

    def sweep(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool = False) -> Reclaimed:
        """Sweep the store below."""
        return self._clear.sweep(mark, thorough=thorough)

    def verify(self) -> Iterator[Fault | Checked]:
        """Read everything in the store below."""
        return self._clear.verify()

    def stats(self) -> BlockStats:
        """Return counts and sizes of the store below."""
        return self._clear.stats()

    def close(self) -> None:
        """Leave the store below to who opened it."""

    def open(self, form: Cid) -> Block:
        """Return the record whose sealed form came from elsewhere, and which nothing names by its plaintext CID.

        Raises: BlockMissing, BlockMismatch, NotSealed, EpochKeyMissing, SealBroken.
        """
        keys, found = self.sealed.keys, check(form, self._clear.get(form))
        data = keys.of(found.epoch).open(found.nonce, found.head, found.ciphertext)
        if data is None:
            raise SealBroken(form, f"it does not open under the key of epoch {found.epoch}")
        block = Block.of(DAG_CBOR, data)
        reopen(keys, block.cid, found)
        return block

    def note(self, form: Cid) -> Cid:
        """Take in one sealed record from elsewhere, not what it holds; return its plaintext CID. Raises: as `open`."""
        cid = self.open(form).cid
        self.sealed.table.adopt(((cid, form),))
        return cid

    def prune(self) -> int:
        """Forget the sealed forms that a sweep has taken; return how many."""
        return self.sealed.table.prune(self._clear.has)


def clear(lease: Lease) -> Lease:
    """Return the lease for records that everyone may read, whatever `lease` does with contents."""
    return lease.clear if isinstance(lease, SealedLease) else lease


def lease_over(blocks: Blocks, base: Cid | None) -> AbstractContextManager[Lease]:
    """Open a lease for a version that stands on `base`, if on any."""
    if isinstance(blocks, PrivateBlocks) and base is not None:
        return blocks.sealed.lease(over=((base, blocks.sealed.form(base)),))
    return blocks.lease()


def lease_joining(lease: Lease, blocks: Blocks, tips: Sequence[Cid], epoch: int | None) -> Lease:
    """Return the lease for a merge of `tips`, by writer number, as a part of the work of `lease`.

    In a private MiMei it keeps sealed forms of the tips, and seals what is new under the key of `epoch`.
    Raises: EpochKeyMissing, BlockMissing.
    """
    if not isinstance(lease, SealedLease) or not isinstance(blocks, PrivateBlocks):
        return lease
    sealed = blocks.sealed
    return lease.joining(sealed.keys, [(cid, sealed.form(cid)) for cid in tips], epoch or 0)


def put_version(lease: Lease, version: Contents, nodes: Nodes) -> None:
    """Store a version: sealed, over its parents' sealed forms, where it is a private MiMei's. `nodes` read its maps."""
    if isinstance(lease, SealedLease):
        lease.put_version(version, lost_files(nodes, version.siblings))
    else:
        lease.put(version.block)


def sealed_form(blocks: Blocks, cid: Cid) -> Cid | None:
    """Return the CID under which a block of a private MiMei is stored, None of a public one. Raises: BlockMissing."""
    return blocks.sealed.form(cid) if isinstance(blocks, PrivateBlocks) else None


def sealed_forms(blocks: Blocks, cid: Cid) -> tuple[Cid, ...]:
    """Return all CIDs under which a block of a private MiMei is known here to be stored, none of a public one's."""
    return blocks.sealed.table.forms(cid) if isinstance(blocks, PrivateBlocks) else ()


def key_epoch(blocks: Blocks) -> int | None:
    """Return the epoch under whose key is sealed now, None for a public MiMei."""
    return blocks.sealed.keys.current.epoch if isinstance(blocks, PrivateBlocks) else None
