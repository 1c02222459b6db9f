"""Bringing a MiMei up to date from another node: what came is proved and taken in as an archive's contents are."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from leither import limits
from leither.codec import Cid
from leither.crypto import ID_BYTES, KeyId, MimeiId
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.service.aftermath import settle_arrived
from leither.service.archive_in import open_private
from leither.service.arrival import Arrived, arrive
from leither.service.bringing import Bringing
from leither.service.clones import ClonedWriter
from leither.service.controls import is_or_follows
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, contents_below, drafts, heads, load
from leither.service.private import PrivateBlocks, sealed_form
from leither.service.proof import Came
from leither.service.versions import is_held
from leither.wire.sync_messages import Hello, Standing
from leither.wire.sync_pull import Pull
from leither.wire.sync_walk import BadAnswer


class Taking(Bringing):
    """Takes a MiMei from one node. `arrived` is what came of it, once all has come."""

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
        super().__init__(engines, mimei)
        self._user = user
        self._held = self._load()
        with engines.state.read() as view:
            known = heads(engines, view, mimei)
            self._drafts = drafts(view, self._held) if self._held is not None else {}
            self._on_demand = on_demand if self._held is None else read_demand(view, mimei) is not None
        self._heads = {number: head for number, head, _ in known}
        self.pull = Pull(
            mimei,
            has=self._has,
            put=self._put,
            control=self._held.control.cid if self._held is not None else None,
            heads=[cid for _, _, cid in known],
            drafts=[self._name(draft.cid) for draft in self._drafts.values()] if live else None,
            hello=hello,
            bytes_max=bytes_max,
            on_demand=self._on_demand,
        )
        self.arrived: Arrived | None = None

    @property
    def is_done(self) -> bool:
        """Whether all has come and is taken in."""
        return self.arrived is not None

    def _load(self) -> Mimei | None:
        with self._engines.state.read() as view:
            try:
                return load(self._engines, view, self._mimei)
            except MimeiNotFound:
                return None

    def _take_in(self, standing: Standing) -> None:
        self.arrived = self._arrive(standing)

    def _arrive(self, standing: Standing) -> Arrived:
        heads, drafts = list(self._newer(standing.heads)), tuple(self._newer_drafts(standing))
        came = heads or drafts or self.pull.versions
        if not came and self._held is not None and self._is_known(standing.control):
            return Arrived(self._mimei, "unchanged", 0)
        (arrived,) = arrive(
            self._engines, self._lease, [self._came(standing, heads, drafts)], user=self._user, guard=self._guard
        )
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

    def _name(self, cid: Cid) -> Cid:
        """Return what a draft that is here goes by between nodes: its sealed form, if the MiMei is private."""
        return cid if self._held is None else sealed_form(self._held.engines.blocks, cid) or cid

    def _draft(self, standing: Standing, name: Cid) -> Draft:
        """Return a draft that came. Raises: NotARecord, what opening a sealed one does."""
        if not standing.sealed:
            return self._engines.record(Draft, name)
        assert self._held is not None
        control = self._held.control if self._is_known(standing.control) else None
        control = control or self._engines.record(Control, standing.control)
        blocks = self._engines.root.private(self._mimei, control, self._held.facts.user).blocks
        assert isinstance(blocks, PrivateBlocks)
        return Draft.decode(blocks.open(name).data)

    def _newer_drafts(self, standing: Standing) -> Iterator[Cid]:
        """Yield the drafts of which not all was seen here before. Raises: ClonedWriter, as `_draft`."""
        if self._held is None:
            yield from standing.drafts
            return
        below = contents_below(self._held)
        seen = below.seen_map if below is not None else {}
        for name in standing.drafts:
            draft = self._draft(standing, name)
            writer = self._held.control.writer(draft.by or b"")
            seq = draft.seen_map.get(writer.number, 0) if writer is not None else 0
            if writer is None or seq > seen.get(writer.number, 0):
                yield name
                continue
            known = self._drafts.get(writer.number)
            if known is not None and known.cid != draft.cid and known.seen_map[writer.number] == seq:
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
                drafts=drafts,
            )
        else:
            came = Came(
                standing.genesis,
                control,
                heads,
                listed,
                released=standing.released,
                on_demand=self._on_demand,
                drafts=drafts,
            )
        if came.genesis.digest[:ID_BYTES] != self._mimei:
            raise BadAnswer("it gives another MiMei than the one that was asked for")
        came = replace(came, below=self._held.below if self._held is not None else None)
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
