"""The sealed forms of a private MiMei's blocks as one piece of work sees them: the table, and what is newer than it."""

from collections.abc import Iterable, Iterator

from leither import limits
from leither.codec import Cid
from leither.codec.cid import CODECS
from leither.mimei.sealing import Pair
from leither.service.sealed_table import SealedTable


class SealedForms:
    """Looks up sealed forms by plaintext CID. Thread-safe."""

    __slots__ = ("_fresh", "_met", "table")

    def __init__(self, table: SealedTable) -> None:
        self.table = table
        self._fresh: dict[Cid, Cid] = {}
        self._met: dict[Cid, Cid] = {}

    def note(self, cid: Cid, form: Cid) -> None:
        """Show a block that was just put, whose row is not committed yet."""
        self._fresh[cid] = form

    def forget(self, made: Iterable[Pair]) -> None:
        """Let go of what was put: the table has its rows, or the work failed."""
        for cid, form in made:
            if self._fresh.get(cid) == form:
                self._fresh.pop(cid, None)

    def meet(self, children: Iterable[Pair]) -> None:
        """Remember the children of a block that was just opened: they are likely to be asked for next."""
        if len(self._met) >= limits.SEALED_FORMS_MET_MAX:
            self._met = {}
        self._met.update(children)

    def met(self, cids: Iterable[Cid]) -> dict[Cid, Cid]:
        """Return a sealed form of those blocks whose parent was opened lately. Only where a block has but one form."""
        met = self._met
        return {cid: form for cid in cids if (form := met.get(cid)) is not None}

    def of_many(self, cids: Iterable[Cid]) -> dict[Cid, tuple[Cid, ...]]:
        """Return the sealed forms of each block, oldest first; of one just put that form alone."""
        found: dict[Cid, tuple[Cid, ...]] = {}
        rest: set[Cid] = set()
        for cid in cids:
            form = self._fresh.get(cid)
            if form is None:
                rest.add(cid)
            else:
                found[cid] = (form,)
        return found | self.table.forms_of_many(rest) if rest else found

    def candidates(self, cid: Cid) -> Iterator[Pair]:
        """Yield where the block may be found: the CID it was put under, and a sealed form, the likeliest first.

        As a store of blocks does, it looks under the other codecs where there is nothing under its own.
        """
        met = self._met.get(cid)
        if met is not None:
            yield cid, met
        others = (Cid.from_digest(codec, cid.digest) for codec in CODECS if codec != cid.codec)
        for named in (cid, *others):
            fresh = self._fresh.get(named)
            forms = self.table.forms(named) if fresh is None else (fresh,)
            for form in reversed(forms):
                yield named, form
            if forms:
                return
