"""Bringing a MiMei from another node, message by message: what is common to what is opened here and what stays sealed.

What is here already is passed over, with all below it. A sweep meanwhile may reclaim it, as nothing refers to it yet:
then it is protected, and what of it is gone is asked for again.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext

from leither import limits
from leither.codec import CID_BYTES, RAW, Block, BlockMissing, Cid
from leither.crypto import MimeiId
from leither.errors import PeerError
from leither.service.engines import Engines
from leither.service.proof import Incomplete
from leither.service.sweeps import Swept
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Message, Standing
from leither.wire.sync_pull import Pull
from leither.wire.sync_walk import Sought


class HolderIncomplete(PeerError):
    """Another node does not have all of what it tells of."""

    code = "holder-incomplete"

    def __init__(self, lacking: Sequence[Cid]) -> None:
        self.lacking = lacking[0].text
        self.count = len(lacking)
        super().__init__(
            f"the other node lacks {self.count:,} blocks of what it tells of, {self.lacking} first; ask another holder"
        )


class HolderTooSlow(PeerError):
    """Another node gives so little at a time that it holds up others that have more."""

    code = "holder-too-slow"

    def __init__(self, received_bytes: int, seconds: int) -> None:
        self.received_bytes = received_bytes
        self.seconds = seconds
        super().__init__(
            f"the other node gave {received_bytes:,} bytes in {seconds:,} s, where {limits.SYNC_PACE_BYTES_S_MIN:,} a "
            "second are the least; what came is kept, and gone on with from the next one that has it"
        )


class Bringing(ABC):
    """Brings a MiMei from one node. Not thread-safe. Close it, or nothing is let go of.

    Who inherits it makes `pull` with `_has` and `_put`.
    """

    pull: Pull

    def __init__(self, engines: Engines, mimei: MimeiId) -> None:
        self._engines = engines
        self._mimei = mimei
        self._leases = ExitStack()
        self._lease = self._leases.enter_context(engines.root.blocks.lease())
        self._on_demand = False
        self._repairs = 0
        self._began_ms = engines.clock.now_ms()
        self._swept = engines.sweeps.begun()
        self._secured: set[Cid] = set()
        self._broken: set[Cid] = set()

    @property
    @abstractmethod
    def is_done(self) -> bool:
        """Whether all has come and is taken in."""

    @abstractmethod
    def _take_in(self, standing: Standing) -> None:
        """Take in what came, its blocks being durable; change the state within `_guard`.

        Raises: Incomplete, BlockMissing: more is to be asked for. Swept.
        """

    def begin(self) -> list[Message]:
        """Return what to send first."""
        return self.pull.begin()

    def receive(self, frame: Frame) -> list[Message]:
        """Take a frame from the other node; return what to send now.

        Raises: BadAnswer, NotTold, PullTooLarge, HolderIncomplete, HolderTooSlow, what taking it in raises.
        """
        sent = self.pull.receive(frame)
        self._check_pace()
        if self.pull.is_done and not sent and not self.is_done:
            return self._finish()
        return sent

    def close(self) -> None:
        """Let go of what came and was not taken in."""
        self._leases.close()

    def _check_pace(self) -> None:
        """Make sure that enough came for the time it took. Raises: HolderTooSlow."""
        seconds = (self._engines.clock.now_ms() - self._began_ms) // 1000
        received_bytes = self.pull.received_bytes + CID_BYTES * len(self.pull.versions)
        if seconds > limits.SYNC_PACE_S and received_bytes < seconds * limits.SYNC_PACE_BYTES_S_MIN:
            raise HolderTooSlow(received_bytes, seconds)

    def _finish(self) -> list[Message]:
        """Take in what came, or go on for what it turns out to lack."""
        assert self.pull.standing is not None
        if self.pull.lacking:
            raise HolderIncomplete(self.pull.lacking)
        self._lease.flush()
        try:
            with self._guard():
                pass  # or what is gone would be noticed block by block
            self._take_in(self.pull.standing)
        except Swept:
            gone = self._secure()
            return self.pull.seek_again(gone) if gone else self._finish()
        except Incomplete as error:
            lacking = error.cids
        except BlockMissing as error:
            lacking = (Cid.parse(error.cid),)
        else:
            return []
        self._repairs += 1
        sent = self.pull.seek(lacking) if self._repairs <= limits.SYNC_REPAIRS_MAX else []
        if not sent:
            raise HolderIncomplete(lacking)
        return sent

    def _guard(self) -> AbstractContextManager[None]:
        """Return what to change the state within: what was passed over because it was here must still be here."""
        if self.pull.passed.keys() <= self._secured:
            return nullcontext()
        return self._engines.sweeps.held_off(self._swept)

    def _has(self, cid: Cid) -> bool:
        """Tell whether a block is here with all below it, as far as that is known."""
        root = self._engines.root
        return cid not in self._broken and (root.blocks.has if self._on_demand else root.file_blocks.is_whole)(cid)

    def _put(self, block: Block) -> None:
        """Store a block, below which all is here."""
        self._lease.put(block)
        self._broken.discard(block.cid)

    def _secure(self) -> list[Sought]:
        """Protect what was passed over, with all below it, from any further sweep; return what is not whole any more.

        Cost: reads all of it but raw leaves. Memory: 200 bytes for each block.
        """
        blocks = self._engines.root.blocks
        self._swept = self._engines.sweeps.begun()
        passed = dict(self.pull.passed)
        self._secured.update(passed)
        above: dict[Cid, list[Cid]] = {cid: [] for cid in passed}
        pending, gone = list(passed.values()), []
        while pending:
            sought = pending.pop()
            if not self._lease.hold(sought.cid):
                gone += [sought.cid] if sought.needed else []
            elif sought.cid.codec != RAW:
                for below in sought.follow(Block(sought.cid, blocks.get(sought.cid))):
                    if below.cid not in above:
                        pending.append(below)
                    above.setdefault(below.cid, []).append(sought.cid)
        self._broken.update(gone)
        while gone:
            found = [cid for cid in above[gone.pop()] if cid not in self._broken]
            self._broken.update(found)
            gone += found
        return [sought for cid, sought in passed.items() if cid in self._broken]
