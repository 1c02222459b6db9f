"""Blocks of one private MiMei by their plaintext CIDs, over a store that holds them sealed only.

Reads as `Blocks` do, and leases as they do: what stands above, ordered maps and trees of files, sees no difference.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from leither.codec import RAW, BlockMissing, Cid
from leither.codec.sealed import plain_size_bytes, read
from leither.crypto import MimeiId
from leither.mimei.sealing import EpochKeys, Pair, children_of, pair_blocks, prove_blocks, reopen
from leither.ports import Blocks, State
from leither.service.sealed_forms import SealedForms
from leither.service.sealed_lease import SealedLease
from leither.service.sealed_rows import SealedRows
from leither.service.sealed_table import SealedTable


class SealedBlocks:
    """Seals on put, opens on get. Thread-safe, and cheap to make."""

    def __init__(self, blocks: Blocks, state: State, mimei: MimeiId, keys: EpochKeys) -> None:
        self._blocks = blocks
        self._state = state
        self._forms = SealedForms(SealedTable(state, mimei))
        self.keys = keys

    @property
    def table(self) -> SealedTable:
        """The sealed forms that are known here."""
        return self._forms.table

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. The store checks the sealed ones, and what they hold was proved when it came.

        Raises: BlockMissing, BlockMismatch, NotSealed, EpochKeyMissing, SealBroken.
        Cost: a look-up, a read of the store and one decryption.
        """
        for named, form in self._forms.candidates(cid):
            try:
                sealed = read(self._blocks.get(form))
            except BlockMissing:
                continue  # reclaimed with the versions that held this form; there may be another
            data = reopen(self.keys, named, sealed)
            if sealed.links and not sealed.before:
                self._forms.meet(zip(children_of(named, data), sealed.links, strict=False))
            return data
        raise BlockMissing(cid)

    def has(self, cid: Cid) -> bool:
        """Tell whether a sealed form of the block is stored."""
        return any(self._blocks.has(form) for _, form in self._forms.candidates(cid))

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length; of one that links to nothing without reading it. Raises: BlockMissing."""
        form = self.form(cid)
        size = plain_size_bytes(self._blocks.size_bytes(form), self.keys.ends) if form.codec == RAW else None
        return len(self.get(cid)) if size is None else size

    def form(self, cid: Cid) -> Cid:
        """Return the CID under which the block is stored. Raises: BlockMissing."""
        for _, form in self._forms.candidates(cid):
            if self._blocks.has(form):
                return form
        raise BlockMissing(cid)

    @contextmanager
    def lease(self, *, over: Sequence[Pair] = (), epoch: int | None = None) -> Iterator[SealedLease]:
        """Open a lease. Leaving it without an error makes durable what was put, the table's rows included.

        Args: over: the version that a backup stands on, or the tips that a merge joins, by writer number, each with its
            sealed form. epoch: what to seal under: for a merge its tips' highest; the newest key there is unless given.
        Raises: EpochKeyMissing.
        """
        chosen = self.keys.current.epoch if epoch is None else self.keys.of(epoch).epoch
        rows = SealedRows(self._state, self._forms)
        with self._blocks.lease() as inner:
            try:
                lease = SealedLease(inner, rows, self._forms, keys=self.keys, epoch=chosen, over=over, pairs=self.pairs)
                yield lease
                lease.flush()
                rows.settle()
            finally:
                rows.close()

    def pairs(self, versions: Sequence[Pair]) -> Iterator[Pair]:
        """Yield the blocks of sealed versions, each with its sealed form (`mimei.sealing.pair_blocks`)."""
        return pair_blocks(self._blocks.get, self.keys, versions)

    def adopt(self, versions: Sequence[Pair]) -> int:
        """Prove versions that others sealed, whose blocks are stored, and note their sealed forms; return how many.

        Raises: BlockMissing, BlockMismatch, NotSealed, EpochKeyMissing, SealBroken; what was proved until then stays
            noted, but not the version it failed in.
        Cost: reads what is new. Memory: 200 bytes for each new block.
        """
        return self.table.adopt(prove_blocks(self._blocks.get, self.keys, versions, self._is_noted))

    def _is_noted(self, pair: Pair) -> bool:
        return pair[1] in self.table.forms(pair[0])
