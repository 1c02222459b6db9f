"""One node among others: what it follows, what it tells, and what it makes of what it hears. Opens no streams.

`service.following` gives it those of the port `Network`; a simulation gives it others.
"""

from collections.abc import Callable, Iterator

from leither import limits
from leither.codec import BadDagCbor, BadDagPB, BlockMismatch, BlockMissing, BlockTooLarge, Cid
from leither.codec.record import BadSignature, NotARecord
from leither.codec.sealed import NotSealed
from leither.crypto import KeyId, MimeiId
from leither.crypto.peer_id import PeerId, peer_public_key
from leither.db.foreign import BadDatabaseEntry
from leither.db.head_agreement import WrongDerivedEntry
from leither.errors import LeitherError, PeerError
from leither.merkle import MapNotCanonical, NodeMalformed, SiblingMalformed
from leither.mimei.entry import BadEntry
from leither.mimei.head import Head
from leither.mimei.sealing import SealBroken
from leither.people import ChainBroken, ChainTooLong
from leither.people.revoked import BadRevoked
from leither.ports import Verdict
from leither.ports.network_errors import NetworkOff, PeerTooSlow, PeerUnreachable, ProtocolUnsupported, StreamBroken
from leither.service.bringing import HolderIncomplete, HolderTooSlow
from leither.service.controls import ControlUndone, is_or_follows
from leither.service.drafting import share_cur
from leither.service.engines import Engines
from leither.service.follow_rows import FollowRow, drop_follow, read_follow, read_follows
from leither.service.holding import MimeiNotFound, contents_below, heads, load
from leither.service.person_index import own_device
from leither.service.proof_of_records import Refused
from leither.service.sync_asker import Asker, Watchers
from leither.service.sync_session import SyncSession
from leither.service.sync_taking import Taking
from leither.wire.sync_follower import Effect, Event, Followed, Follower, Heard, Outcome, Unfollowed
from leither.wire.sync_frame import BadFrame, decode
from leither.wire.sync_messages import Hello, News, Shared
from leither.wire.sync_pace import Pace
from leither.wire.sync_pull import NotTold
from leither.wire.sync_walk import BadAnswer


class BadNews(PeerError):
    """A peer sent what is no news."""

    code = "bad-news"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node sent what is no news of a head: {reason}; it is refused")


_AWAY = (
    *(PeerUnreachable, PeerTooSlow, StreamBroken, ProtocolUnsupported, NetworkOff, HolderIncomplete, HolderTooSlow),
    BlockMissing,
)
"""It is nobody's fault: another holder, or another time, may do."""
_BAD = (
    *(BadAnswer, BadFrame, Refused, ControlUndone, BadSignature, NotARecord, BlockMismatch, BlockTooLarge),
    *(
        BadDagPB,
        BadDagCbor,
        MapNotCanonical,
        NodeMalformed,
        SiblingMalformed,
        NotSealed,
        SealBroken,
        BadEntry,
        BadDatabaseEntry,
    ),
    *(WrongDerivedEntry, BadRevoked, ChainBroken, ChainTooLong),
)
"""What came does not prove itself."""


def outcome_of(error: LeitherError) -> Outcome:
    """Return what a pull that failed comes to for the peer from which it came."""
    if isinstance(error, _AWAY):
        return Outcome.AWAY
    if isinstance(error, NotTold):
        return Outcome.DENIED
    return Outcome.BAD if isinstance(error, _BAD) else Outcome.HELD_UP


class SyncNode:
    """Not thread-safe but for `taking` and `session`, whose results work in threads of their own."""

    def __init__(
        self, engines: Engines, *, greeted: Callable[[bytes, Hello], object] = lambda key, hello: None
    ) -> None:
        """Take greeted: is given the key of a node, and what proved for whom it asks."""
        self._engines = engines
        self._greeted = greeted
        self.follower = Follower()
        self.watchers = Watchers(engines)
        self.pace = Pace()
        self._hellos: dict[KeyId | None, Hello] = {}

    def begin(self) -> list[Effect]:
        """Go on with all that was followed before."""
        with self._engines.state.read() as view:
            rows = list(read_follows(view))
        return [effect for mimei, row in rows for effect in self.followed(mimei, row)]

    def followed(self, mimei: MimeiId, row: FollowRow) -> list[Effect]:
        """Follow a MiMei as its row says."""
        return self.receive(Followed(mimei, row.peers, row.live))

    def unfollow(self, mimei: MimeiId) -> tuple[bool, list[Effect]]:
        """Follow a MiMei no more; return whether it was followed, and what is to be done."""
        return drop_follow(self._engines.state, mimei), self.receive(Unfollowed(mimei))

    def receive(self, event: Event) -> list[Effect]:
        """Give the schedule an event."""
        return self.follower.receive(event, self._engines.clock.now_ms())

    def session(
        self, peer: PeerId, heard: Callable[[Heard], None], watched: Callable[[MimeiId], object] = lambda mimei: None
    ) -> SyncSession:
        """Return what answers a peer on one stream. heard: is given the event where who asks has news itself.

        watched: is told what the peer follows live, whose changes are to be shared from now on.
        """
        key = peer_public_key(peer) or b""

        def watch(asker: Asker, mimei: MimeiId, live: bool) -> None:
            self.watchers.add(peer, asker, mimei, live=live)
            if live:
                watched(mimei)

        return SyncSession(
            self._engines,
            key,
            watch=watch,
            heard=lambda mimei: heard(Heard(mimei, peer)),
            greeted=lambda hello: self._greeted(key, hello),
        )

    def taking(self, mimei: MimeiId, peer: PeerId) -> Taking:
        """Return what asks a peer for a MiMei on one stream. Who was not named gives a bounded amount."""
        with self._engines.state.read() as view:
            row = read_follow(view, mimei)
        row = row or FollowRow(())
        return Taking(
            self._engines,
            mimei,
            hello=self._hello(row.owner),
            user=row.owner,
            bytes_max=limits.SYNC_PULL_BYTES_MAX if peer in row.sources else limits.SYNC_STRANGER_BYTES_MAX,
            live=row.live,
            on_demand=row.on_demand,
        )

    def hear(self, peer: PeerId, data: bytes) -> list[Effect]:
        """Take news from a peer. Raises: BadNews."""
        try:
            frame = decode(data)
            if isinstance(frame, Shared):
                return self._hear_of_draft(peer, frame)
            if not isinstance(frame, News):
                raise BadNews("it is another frame")
            head = Head.decode(frame.head).check()
        except (BadFrame, BadSignature, NotARecord) as error:
            raise BadNews(str(error)) from None
        mimei = MimeiId(head.mimei)
        if not self.follower.follows(mimei) or self._knows(mimei, head, frame.control):
            return []
        return self.receive(Heard(mimei, peer))

    def judge(self, mimei: MimeiId, peer: PeerId, data: bytes) -> tuple[Verdict, list[Effect]]:
        """Judge news of a MiMei that a peer passed on: return whether it goes on to others, and what is to be done.

        Only the newer head of a writer that is known goes on. What can't be told yet is asked for, and not passed on.
        """
        try:
            frame = decode(data)
            head = Head.decode(frame.head).check() if isinstance(frame, News) else None
        except (BadFrame, BadSignature, NotARecord, BlockMismatch, BlockTooLarge):
            return Verdict.REJECT, []
        if head is None or head.mimei != mimei:
            return Verdict.REJECT, []
        assert isinstance(frame, News)
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return Verdict.IGNORE, []
        if self._knows(mimei, head, frame.control):
            return Verdict.IGNORE, []
        writer = held.control.writer(head.by)
        if writer is None and is_or_follows(self._engines, held.control, frame.control):
            return Verdict.REJECT, []
        effects = self.receive(Heard(mimei, peer))
        counts = writer is not None and held.control.cut_of(writer.number) is None
        return Verdict.ACCEPT if counts else Verdict.IGNORE, effects

    def _hear_of_draft(self, peer: PeerId, shared: Shared) -> list[Effect]:
        mimei = MimeiId(shared.mimei)
        if not self.follower.follows(mimei) or self._has_seen(mimei, shared):
            return []
        return self.receive(Heard(mimei, peer))

    def _has_seen(self, mimei: MimeiId, shared: Shared) -> bool:
        """Tell whether `cur` stands on what includes a draft."""
        with self._engines.state.read() as view:
            try:
                below = contents_below(load(self._engines, view, mimei))
            except MimeiNotFound:
                return False
        return below is not None and below.seen_map.get(shared.writer, 0) >= shared.seq

    def heeds(self, mimei: MimeiId) -> bool:
        """Tell whether `changed` is to be told of a change of `cur`: of each write, so this costs two looks.

        May be asked from any thread. What waits to be shared already is shared with all that changed until then.
        """
        return self.watchers.are_live(mimei) and not self.pace.waits(mimei)

    def changed(self, mimei: MimeiId) -> bool:
        """Take note that `cur` of a MiMei changed; tell whether somebody wants to see it, so that `due` has it soon."""
        if not self.watchers.has_live(mimei):
            return False
        self.pace.note(mimei, self._engines.clock.now_ms())
        return True

    def due(self) -> list[MimeiId]:
        """Return the MiMei whose `cur` is to be shared now, each by `share`."""
        return self.pace.take(self._engines.clock.now_ms())

    def share(self, mimei: MimeiId) -> None:
        """Share `cur` of a MiMei. Thread-safe. Raises: as `share_cur`. Call `shared` afterwards, whatever it raised."""
        share_cur(self._engines, mimei)

    def shared(self, mimei: MimeiId) -> None:
        """Take note that `share` has ended."""
        self.pace.done(mimei, self._engines.clock.now_ms())

    def wake_ms(self) -> int | None:
        """Return when something is to be asked or shared next, None while only an event can lead to that."""
        return min(filter(None, (self.follower.wake_ms(), self.pace.wake_ms())), default=None)

    def news(self, mimei: MimeiId) -> Iterator[tuple[PeerId, bytes]]:
        """Yield what is to be sent to whom, now that a MiMei changed."""
        return self.watchers.news(mimei)

    def _hello(self, user: KeyId | None) -> Hello:
        """Return for whom this node asks when it brings what belongs to a user, or the owner."""
        if user not in self._hellos:
            self._hellos[user] = Hello(devices=(own_device(self._engines, user).encode(),))
        return self._hellos[user]

    def _knows(self, mimei: MimeiId, head: Head, control: Cid) -> bool:
        """Tell whether a head and a control are known here, or such as came after them."""
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return False
            known = heads(self._engines, view, mimei)
        writer = held.control.writer(head.by)
        if writer is None or not is_or_follows(self._engines, held.control, control):
            return False
        return any(number == writer.number and one.seq >= head.seq for number, one, _ in known)
