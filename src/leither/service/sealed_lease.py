"""Putting blocks of a private MiMei: each is sealed, over the sealed forms of what it links to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from leither.codec import Block, Cid
from leither.errors import InputError
from leither.mimei.contents import Contents
from leither.mimei.sealing import NOT_SEALED_HERE, EpochKeys, Pair, children_of, held_by_version, seal
from leither.ports import Lease, Transaction
from leither.service.sealed_forms import SealedForms
from leither.service.sealed_rows import SealedRows

T = TypeVar("T")


class ChildNotSealed(InputError):
    """A block was put before what it links to, or what it links to is of another MiMei."""

    code = "child-not-sealed"

    def __init__(self, cid: Cid) -> None:
        self.cid = cid.text
        super().__init__(f"block {cid} was never stored in this private MiMei; store it before what links to it")


class SealedLease:
    """Work on the blocks of a private MiMei. `clear` is the lease below, for what is stored as it is.

    `over` is the version a backup stands on, or the tips a merge joins, by writer number. A merge keeps, for a
    block that a tip has, the sealed form of the first such tip, so that all who merge them come to the same.
    """

    def __init__(
        self,
        inner: Lease,
        rows: SealedRows,
        forms: SealedForms,
        *,
        keys: EpochKeys,
        epoch: int,
        over: Sequence[Pair],
        pairs: Callable[[Sequence[Pair]], Iterator[Pair]],
    ) -> None:
        self.clear = inner
        self.made: dict[Cid, Cid] = {}
        self._rows = rows
        self._forms = forms
        self._key = keys.of(epoch)
        self._over = over
        self._pairs = pairs
        self._held: dict[Cid, Cid] | None = None
        # As long as there was but one key a block has one sealed form, whoever makes it: there is nothing to choose.
        self._is_first_epoch = keys.current.epoch == epoch == 0
        self._is_merge = len(over) > 1 and not self._is_first_epoch

    def joining(self, keys: EpochKeys, over: Sequence[Pair], epoch: int) -> "SealedLease":
        """Return a lease for a merge of versions, by writer number, as a part of the same work.

        Raises: EpochKeyMissing.
        """
        return SealedLease(self.clear, self._rows, self._forms, keys=keys, epoch=epoch, over=over, pairs=self._pairs)

    def put(self, block: Block) -> None:
        """Store `block` sealed, not yet durably. Raises: ChildNotSealed, BlockTooLarge, BadDagPB, BadDagCbor.

        Cost: a look-up for each link, one encryption, one SHA-256.
        """
        if block.cid in self.made:
            return
        kept = self._held_forms().get(block.cid) if self._is_merge else None
        if kept is None:
            self._seal(block, children_of(block.cid, block.data), ())
        else:
            self.made[block.cid] = kept
            self._rows.note(block.cid, kept)

    def put_many(self, blocks: Iterable[Block]) -> None:
        """Store several blocks sealed, not yet durably; what is linked to before what links to it."""
        for block in blocks:
            self.put(block)

    def hold(self, cid: Cid) -> bool:
        """Protect the sealed forms of a block that are stored; tell whether there is one."""
        forms = dict(self._forms.of_many((cid,))).get(cid, ())
        return any([self.clear.hold(form) for form in forms])

    def put_version(self, version: Contents, lost: Sequence[Cid] = ()) -> Cid:
        """Store a version sealed, not yet durably, and return the CID of its sealed form.

        Args: lost: what its siblings map names (`mimei.lost.lost_files`). Raises: ChildNotSealed.
        """
        known = dict(self._over)
        rest = self._forms.of_many(cid for cid in version.parents if cid not in known)
        known |= {cid: forms[-1] for cid, forms in rest.items() if forms}
        before = [known.get(cid, NOT_SEALED_HERE) for cid in version.parents]
        return self._seal(version.block, (*held_by_version(version), *lost), before)

    def flush(self) -> None:
        """Return once all that was put through this lease is durable. Raises: StoreFull."""
        self.clear.flush()
        self._rows.flush()

    def flush_into(self, change: Callable[[Transaction], T]) -> T:
        """Make durable all that was put, then commit `change` with the table's rows in one transaction.

        One commit less than `flush` and a change after it. Raises: StoreFull, what `change` raises.
        """
        self.clear.flush()
        return self._rows.flush_into(change)

    def _seal(self, block: Block, children: Sequence[Cid], before: Sequence[Cid]) -> Cid:
        sealed = seal(self._key, block, self._forms_of(children) if children else (), before)
        self.clear.put(sealed)
        self.made[block.cid] = sealed.cid
        self._rows.add(block.cid, sealed.cid)
        return sealed.cid

    def _forms_of(self, children: Sequence[Cid]) -> list[Cid]:
        """Return the sealed form of each child. Raises: ChildNotSealed."""
        found = {cid: form for cid in children if (form := self.made.get(cid)) is not None}
        rest = set(children) - found.keys()
        if rest and self._is_first_epoch:
            found |= self._forms.met(rest)
            rest -= found.keys()
        if rest:
            found |= {cid: self._choose(cid, forms) for cid, forms in self._forms.of_many(rest).items()}
        return [found[cid] for cid in children]

    def _choose(self, cid: Cid, forms: tuple[Cid, ...]) -> Cid:
        """Return the sealed form that what stands here already links to: only that one is sure to be kept."""
        if self._is_merge or len(forms) > 1:
            held = self._held_forms().get(cid)
            if held is not None:
                return held
        if not forms:
            raise ChildNotSealed(cid)
        return forms[-1]

    def _held_forms(self) -> dict[Cid, Cid]:
        """Return all that the versions below hold with its sealed form, the first one's first."""
        if self._held is None:
            self._held = {}
            for cid, form in self._pairs(self._over):
                self._held.setdefault(cid, form)
        return self._held
