"""Walking down from blocks that are wanted to what lies below them and is not here.

A block is stored after all that lies below it. So what is here is complete, and is passed over with all below it: of
two versions of a map only the nodes in which they differ are asked for, and a walk that broke off is gone on with.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field

from leither import limits
from leither.codec import RAW, BadDagCbor, BadDagPB, Block, Cid
from leither.codec.record import NotARecord
from leither.codec.sealed import NotSealed, read
from leither.errors import PeerError
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.key_ring import KeyRing
from leither.mimei.sealing import children_of


class BadAnswer(PeerError):
    """Another node answered what was not asked."""

    code = "bad-sync-answer"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node broke off from the protocol: {reason}; nothing of it was kept")


Follow = Callable[[Block], Iterable["Sought"]]


@dataclass(frozen=True, slots=True)
class Sought:
    """A block that is wanted, and what it leads to once it is here. `needed`: what names it is not whole without it."""

    cid: Cid
    follow: Follow = field(repr=False, compare=False)
    needed: bool = True


def plain(block: Block) -> Iterator[Sought]:
    """Yield what a block links to."""
    return (Sought(cid, plain) for cid in children_of(block.cid, block.data))


def sealed(block: Block) -> Iterator[Sought]:
    """Yield what a sealed block holds: of a version not those before it. No key is needed."""
    return (Sought(cid, sealed) for cid in read(block.data).links)


def lean(block: Block) -> Iterator[Sought]:
    """Yield what a block links to, but for raw leaves: the bytes of files, which come when they are read."""
    return (Sought(cid, lean) for cid in children_of(block.cid, block.data) if cid.codec != RAW)


def of_version(block: Block) -> Iterator[Sought]:
    """Yield what a version or a draft holds, not those it stands on."""
    return (Sought(root, plain) for root in _held_by(block))


def of_version_lean(block: Block) -> Iterator[Sought]:
    """Yield what a version or a draft holds, but for the bytes of files."""
    return (Sought(root, lean) for root in _held_by(block) if root.codec != RAW)


def _held_by(block: Block) -> Iterator[Cid]:
    version = Contents.decode(block.data)
    return (root for root in (version.side, version.content, version.siblings) if root is not None)


def of_control(block: Block) -> Iterator[Sought]:
    """Yield what a control revokes, its key ring, and the one before it, which need not be held everywhere."""
    control = Control.decode(block.data)
    if control.revoked is not None:
        yield Sought(control.revoked, plain)
    if control.ring is not None:
        yield Sought(control.ring, of_ring)
    yield from of_former_control(block)


def of_former_control(block: Block) -> Iterator[Sought]:
    """Yield the control before one: what it named beside that counts no more, and may be kept nowhere."""
    prev = Control.decode(block.data).prev
    if prev is not None:
        yield Sought(prev, of_former_control, needed=False)


def of_ring(block: Block) -> Iterator[Sought]:
    """Yield the key ring of the epoch before."""
    before = KeyRing.decode(block.data).before
    if before is not None:
        yield Sought(before, of_ring)


def of_head(*, listed: Container[Cid], is_sealed: bool) -> Follow:
    """Return what yields the tip of a head that none of the `listed` versions is.

    Its version was deleted, and with it all that it held; the record still says what had been seen.
    """

    def follow(block: Block) -> Iterator[Sought]:
        head = Head.decode(block.data)
        tip = head.sealed if is_sealed else head.tip
        if tip is not None and tip not in listed:
            yield Sought(tip, of_record, needed=False)

    return follow


def of_record(block: Block) -> Iterator[Sought]:
    """Yield nothing: what a genesis or an old tip names is no part of it."""
    return iter(())


class _Place:
    """A block that is on its way, or here and waiting for what lies below it."""

    __slots__ = ("above", "block", "sought", "waiting")

    def __init__(self, sought: Sought, above: "_Place | None") -> None:
        self.sought = sought
        self.above = [above] if above is not None else []
        self.block: Block | None = None
        self.waiting = 0


class Walk:
    """Remembers a bounded number of places that were not looked at yet. `lacking`: what the other doesn't have."""

    def __init__(self, *, has: Callable[[Cid], bool], put: Callable[[Block], None]) -> None:
        """Take has: whether a block is stored with all below it. put: what stores one."""
        self._has = has
        self._put = put
        self._pending: list[tuple[Sought, _Place | None]] = []
        self._unopened: list[_Place] = []
        self._places: dict[Cid, _Place] = {}
        self._records: dict[Cid, Block] = {}
        self.lacking: list[Cid] = []

    def supply(self, record: Block) -> None:
        """Take a block that came before it was asked for."""
        self._records[record.cid] = record

    def add(self, roots: Iterable[Sought]) -> None:
        """Walk down from these as well, the last one first."""
        self._pending += [(root, None) for root in roots]

    def next_batch(self) -> list[Cid]:
        """Return what to ask for next; nothing where all that is wanted is here, on its way, or lacking."""
        batch: list[Cid] = []
        while len(batch) < limits.SYNC_WANTED_MAX:
            if not self._pending:
                if not self._unopened:
                    break
                self._open(self._unopened.pop(), put_off=False)
                continue
            sought, above = self._pending.pop()
            known = self._places.get(sought.cid)
            if known is not None:
                known.above += [above] if above is not None else []
            elif (record := self._records.pop(sought.cid, None)) is not None:
                self._arrive(self._place(sought, above), record)
            elif self._has(sought.cid):
                self._close(above)
            else:
                self._place(sought, above)
                batch.append(sought.cid)
        return batch

    def receive(self, block: Block) -> None:
        """Take a block that was asked for. Raises: BadAnswer, what `put` raises."""
        self._arrive(self._places[block.cid], block)

    def lack(self, cid: Cid) -> None:
        """Note that the other does not have a block that was asked for."""
        place = self._places.pop(cid)
        if place.sought.needed:
            self.lacking.append(cid)
            return
        for above in place.above:
            self._close(above)

    def put_off(self, cids: Iterable[Cid]) -> None:
        """Ask again for what was asked for and not looked at."""
        for cid in cids:
            place = self._places.pop(cid)
            self._pending += [(place.sought, above) for above in place.above] or [(place.sought, None)]

    def _place(self, sought: Sought, above: _Place | None) -> _Place:
        self._places[sought.cid] = place = _Place(sought, above)
        return place

    def _arrive(self, place: _Place, block: Block) -> None:
        place.block = block
        if block.cid.codec == RAW:
            self._store(place)
        else:
            self._open(place, put_off=True)

    def _open(self, place: _Place, *, put_off: bool) -> None:
        """Look into a block that came; `put_off` that where there is much to look at already. Raises: BadAnswer."""
        assert place.block is not None
        if put_off and len(self._pending) >= limits.SYNC_PENDING_MAX:
            self._unopened.append(place)
            return
        try:
            found = list(place.sought.follow(place.block))
        except (BadDagPB, BadDagCbor, NotSealed, NotARecord) as error:
            raise BadAnswer(str(error)) from None
        if not found:
            self._store(place)
            return
        place.waiting = len(found)
        self._pending += [(sought, place) for sought in reversed(found)]

    def _store(self, place: _Place) -> None:
        """Store a block below which nothing is lacking, and those above it for which it was the last."""
        pending = [place]
        while pending:
            whole = pending.pop()
            assert whole.block is not None
            del self._places[whole.block.cid]
            self._put(whole.block)
            for above in whole.above:
                above.waiting -= 1
                if not above.waiting:
                    pending.append(above)

    def _close(self, place: _Place | None) -> None:
        """Count one thing less to wait for."""
        if place is not None:
            place.waiting -= 1
            if not place.waiting:
                self._store(place)
