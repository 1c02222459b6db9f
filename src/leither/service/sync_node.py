"""One node among others: what it follows, what it tells, and what it makes of what it hears. Opens no streams.

`service.following` gives it those of the port `Network`; a simulation gives it others.
"""

from collections.abc import Callable, Iterator

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
from leither.ports.network_errors import NetworkOff, PeerTooSlow, PeerUnreachable, ProtocolUnsupported, StreamBroken
from leither.service.controls import ControlUndone, is_or_follows
from leither.service.engines import Engines
from leither.service.follow_rows import FollowRow, drop_follow, read_follow, read_follows
from leither.service.holding import MimeiNotFound, heads, load
from leither.service.person_index import own_device
from leither.service.proof_of_records import Refused
from leither.service.sync_asker import Watchers
from leither.service.sync_session import SyncSession
from leither.service.sync_taking import HolderIncomplete, HolderTooSlow, Taking
from leither.wire.sync_follower import Effect, Event, Followed, Follower, Heard, Outcome, Unfollowed
from leither.wire.sync_frame import BadFrame, decode
from leither.wire.sync_messages import Hello, News
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

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self.follower = Follower()
        self.watchers = Watchers(engines)
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

    def session(self, peer: PeerId, heard: Callable[[Heard], None]) -> SyncSession:
        """Return what answers a peer on one stream. `heard`: is given the event where who asks has news itself."""
        return SyncSession(
            self._engines,
            peer_public_key(peer) or b"",
            watch=lambda asker, mimei: self.watchers.add(peer, asker, mimei),
            heard=lambda mimei: heard(Heard(mimei, peer)),
        )

    def taking(self, mimei: MimeiId) -> Taking:
        """Return what asks a peer for a MiMei on one stream."""
        with self._engines.state.read() as view:
            row = read_follow(view, mimei)
        user = row.owner if row is not None else None
        return Taking(self._engines, mimei, hello=self._hello(user), user=user)

    def hear(self, peer: PeerId, data: bytes) -> list[Effect]:
        """Take news from a peer. Raises: BadNews."""
        try:
            frame = decode(data)
            if not isinstance(frame, News):
                raise BadNews("it is another frame")
            head = Head.decode(frame.head).check()
        except (BadFrame, BadSignature, NotARecord) as error:
            raise BadNews(str(error)) from None
        mimei = MimeiId(head.mimei)
        if not self.follower.follows(mimei) or self._knows(mimei, head, frame.control):
            return []
        return self.receive(Heard(mimei, peer))

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
