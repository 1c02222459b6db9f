"""Bringing a MiMei up to date from another node: what came is proved and taken in as an archive's contents are."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.crypto import ID_BYTES, KeyId, MimeiId
from leither.errors import PeerError
from leither.mimei.draft import Draft
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.service.aftermath import settle_arrived
from leither.service.archive_in import open_private
from leither.service.arrival import Arrived, ClonedWriter, arrive
from leither.service.controls import is_or_follows
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, contents_below, drafts, heads, load
from leither.service.proof import Came, Incomplete
from leither.service.versions import is_held
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Hello, Message, Standing
from leither.wire.sync_pull import Pull
from leither.wire.sync_walk import BadAnswer


class HolderIncomplete(PeerError):
    """Another node does not have all of what it tells of."""

    code = "holder-incomplete"

    def __init__(self, lacking: Sequence[Cid]) -> None:
        self.lacking = lacking[0].text
        self.count = len(lacking)
        super().__init__(
            f"the other node lacks {self.count:,} blocks of what it tells of, {self.lacking} first; ask another holder"
        )


class Taking:
    """Takes a MiMei from one node, message by message. Not thread-safe. Close it, or nothing is let go of.

    `arrived` is what came of it, once all has come.
    """

    def __init__(
        self,
        engines: Engines,
        mimei: MimeiId,
        *,
        hello: Hello | None = None,
        user: KeyId | None = None,
        bytes_max: int = limits.SYNC_PULL_BYTES_MAX,
        live: bool = False,
        on_demand: bool = False,
    ) -> None:
        """Take hello: who asks. user: to whom it is to belong if it is new here, None for the owner.

        live: drafts are wanted as well. on_demand: its files are to come when they are read, if it is new here.
        """
        self._engines = engines
        self._mimei = mimei
        self._user = user
        self._leases = ExitStack()
        self._lease = self._leases.enter_context(engines.root.blocks.lease())
        self._repairs = 0
        self._held = self._load()
        with engines.state.read() as view:
            known = heads(engines, view, mimei)
            self._drafts = drafts(engines, view, mimei)
            self._on_demand = on_demand if self._held is None else read_demand(view, mimei) is not None
        self._heads = {number: head for number, head, _ in known}
        blocks = engines.root.blocks
        self.pull = Pull(
            mimei,
            has=blocks.has if self._on_demand else engines.root.file_blocks.is_whole,
            put=self._lease.put,
            control=self._held.control.cid if self._held is not None else None,
            heads=[cid for _, _, cid in known],
            drafts=[draft.cid for draft in self._drafts.values()] if live else None,
            hello=hello,
            bytes_max=bytes_max,
            on_demand=self._on_demand,
        )
        self.arrived: Arrived | None = None

    @property
    def is_done(self) -> bool:
        """Whether all has come and is taken in."""
        return self.arrived is not None

    def begin(self) -> list[Message]:
        """Return what to send first."""
        return self.pull.begin()

    def receive(self, frame: Frame) -> list[Message]:
        """Take a frame from the other node; return what to send now.

        Raises: BadAnswer, NotTold, PullTooLarge, HolderIncomplete, what `arrive` raises.
        """
        sent = self.pull.receive(frame)
        if self.pull.is_done and not sent and self.arrived is None:
            return self._finish()
        return sent

    def close(self) -> None:
        """Let go of what came and was not taken in."""
        self._leases.close()

    def _load(self) -> Mimei | None:
        with self._engines.state.read() as view:
            try:
                return load(self._engines, view, self._mimei)
            except MimeiNotFound:
                return None

    def _finish(self) -> list[Message]:
        """Take in what came, or go on for what it turns out to lack."""
        if self.pull.lacking:
            raise HolderIncomplete(self.pull.lacking)
        self._lease.flush()
        try:
            self.arrived = self._arrive()
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

    def _arrive(self) -> Arrived:
        standing = self.pull.standing
        assert standing is not None
        heads, drafts = list(self._newer(standing.heads)), tuple(self._newer_drafts(standing))
        came = heads or drafts or self.pull.versions
        if not came and self._held is not None and self._is_known(standing.control):
            return Arrived(self._mimei, "unchanged", 0)
        (arrived,) = arrive(self._engines, self._lease, [self._came(standing, heads, drafts)], user=self._user)
        settle_arrived(self._engines, [arrived.id])
        return arrived

    def _is_known(self, control: Cid) -> bool:
        """Tell whether this is a control that stands here, or stood."""
        held = self._held
        return held is not None and is_or_follows(self._engines, held.control, control)

    def _newer(self, found: Sequence[Cid]) -> Iterator[Cid]:
        """Yield the heads that are not known to be behind, so that a node that lags says nothing wrong."""
        for cid in found:
            head = self._engines.record(Head, cid)
            writer = self._held.control.writer(head.by) if self._held is not None else None
            if writer is None or self._held is None:
                yield cid
                continue
            cut, known = self._held.control.cut_of(writer.number), self._heads.get(writer.number)
            is_behind = known is not None and (head.seq < known.seq or cid == known.cid)
            if not is_behind and (cut is None or head.seq <= cut.seq):
                yield cid

    def _newer_drafts(self, standing: Standing) -> Iterator[Cid]:
        """Yield the drafts of which not all was seen here before. Raises: BadAnswer, ClonedWriter."""
        if standing.drafts and standing.sealed:
            raise BadAnswer("it shares drafts of what is private")
        below = contents_below(self._held) if self._held is not None else None
        seen = below.seen_map if below is not None else {}
        for cid in standing.drafts:
            draft = self._engines.record(Draft, cid)
            writer = self._held.control.writer(draft.by or b"") if self._held is not None else None
            seq = draft.seen_map.get(writer.number, 0) if writer is not None else 0
            if writer is None or seq > seen.get(writer.number, 0):
                yield cid
                continue
            known = self._drafts.get(writer.number)
            if known is not None and known.cid != cid and known.seen_map[writer.number] == seq:
                raise ClonedWriter(self._mimei, writer.number, writer.key, seq)

    def _came(self, standing: Standing, heads: Sequence[Cid], drafts: tuple[Cid, ...]) -> Came:
        control = standing.control
        if self._held is not None and self._is_known(control):
            control = self._held.control.cid
        listed = {each.version: each.numbered for each in self.pull.versions}
        if standing.sealed:
            came = open_private(
                self._engines,
                self._mimei,
                self._user,
                genesis=standing.genesis,
                control=control,
                heads=heads,
                forms=listed,
            )
        else:
            came = Came(
                standing.genesis,
                control,
                heads,
                listed,
                released=standing.released,
                on_demand=self._on_demand,
            )
        if came.genesis.digest[:ID_BYTES] != self._mimei:
            raise BadAnswer("it gives another MiMei than the one that was asked for")
        came = replace(came, drafts=drafts, below=self._held.below if self._held is not None else None)
        return replace(came, versions=self._held_below(came) | came.versions)

    def _held_below(self, came: Came) -> dict[Cid, bool]:
        """Return the versions held here on which those that came stand, and which heads name."""
        if self._held is None:
            return {}
        engines = came.within or self._engines
        found = [engines.record(Head, cid).tip for cid in came.heads]
        found += [parent for cid in came.versions for parent in engines.record(Version, cid).parents]
        found += [parent for cid in came.drafts for parent in engines.record(Draft, cid).parents]
        if self._held.base is not None:
            found.append(self._held.base)
        with self._engines.state.read() as view:
            return {cid: False for cid in found if is_held(self._engines, view, self._held, cid)}
