"""Following over the port `Network`: the streams, messages and threads of one node's `SyncNode`."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress

from leither import limits
from leither.codec import Block
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.mimei.rendezvous import rendezvous
from leither.ports import Reach, TopicMessage, Verdict
from leither.ports.network import Network, PeerEvent, Stream
from leither.ports.network_errors import StreamBroken
from leither.service.arrival import Arrived
from leither.service.demand_rows import note_told
from leither.service.engines import Engines
from leither.service.events import Event as Change
from leither.service.follow_rows import FollowRow, put_follow
from leither.service.head_topics import HeadTopics
from leither.service.publishing_keys import multihash
from leither.service.pulling import bring, read_frame, write_frames
from leither.service.sync_node import SyncNode, outcome_of
from leither.service.sync_taking import Taking
from leither.wire.sync_follower import Blame, Effect, Heard, Met, Outcome, Pull, Pulled, Seek, Tick
from leither.wire.sync_frame import BadFrame
from leither.wire.sync_messages import NEWS, SYNC, Hello
from leither.wire.sync_walk import BadAnswer

LOGGER = logging.getLogger("leither.following")


class Following:
    """What one node follows and tells, over a network. Thread-safe. Use it as a context, or call `close`."""

    def __init__(
        self,
        engines: Engines,
        network: Network,
        *,
        greeted: Callable[[bytes, Hello], object] = lambda key, hello: None,
    ) -> None:
        """Take greeted: is given the key of a node that asks, and what proved for whom it does."""
        self._engines = engines
        self._network = network
        self._node = SyncNode(engines, greeted=greeted)
        self._turn = threading.Condition(threading.RLock())
        self._changed: dict[MimeiId, None] = {}
        self._touched: dict[MimeiId, None] = {}
        self._effects: deque[Effect] = deque()
        self._last: dict[tuple[MimeiId, PeerId], LeitherError | Arrived] = {}
        self._streams: set[Stream] = set()
        self._closed = False
        self._open = ExitStack()
        self._pulls = ThreadPoolExecutor(limits.FOLLOW_PULLS_MAX, thread_name_prefix="leither-pull")
        self._shares = ThreadPoolExecutor(1, thread_name_prefix="leither-share")
        self._topics = HeadTopics(engines, network, self._judge)
        self._retopic: dict[MimeiId, None] = {}
        self._thread = threading.Thread(target=self._run, name="leither-following", daemon=True)

    def start(self) -> None:
        """Go on with what was followed, and answer others from now on."""
        self._open.callback(self._network.serve(SYNC, self._serve))
        self._open.callback(self._network.receive(NEWS, self._hear, size_bytes_max=limits.SYNC_NEWS_BYTES_MAX))
        self._open.callback(self._network.watch(self._meet))
        self._open.enter_context(self._engines.events.watching(self._note))
        with self._turn:
            self._effects += self._node.begin()
            self._retopic |= dict.fromkeys(self._node.follower.followed())
        self._thread.start()

    def close(self) -> None:
        """End what goes on, and return when it has ended. Idempotent."""
        self._open.close()
        with self._turn:
            self._closed = True
            streams = list(self._streams)
            self._turn.notify_all()
        for stream in streams:
            stream.reset()
        if self._thread.ident is not None:
            self._thread.join()
        self._topics.close()
        self._pulls.shutdown()
        self._shares.shutdown()

    def follow(self, mimei: MimeiId, row: FollowRow) -> FollowRow:
        """Follow a MiMei, or from more nodes; return the row as it is now. Raises: TooManyFollowed."""
        kept = put_follow(self._engines.state, mimei, row)
        with self._turn:
            self._retopic[mimei] = None
        self._do(lambda: self._node.followed(mimei, kept))
        return kept

    def unfollow(self, mimei: MimeiId) -> bool:
        """Follow a MiMei no more; tell whether it was followed."""
        with self._turn:
            was_followed, effects = self._node.unfollow(mimei)
            self._last = {key: last for key, last in self._last.items() if key[0] != mimei}
            self._effects += effects
            self._retopic[mimei] = None
            self._turn.notify_all()
        return was_followed

    def pull(self, mimei: MimeiId, peer: PeerId) -> Arrived:
        """Bring a MiMei up to date from a peer now. Raises: what `Network.open` does, what `Taking.receive` does."""
        with closing(self._taking(mimei, peer)) as taking, self._stream(peer) as stream:
            bring(stream, taking)
            assert taking.pull.standing is not None
            assert taking.arrived is not None
            note_told(self._engines, mimei, [(peer, taking.pull.standing)])
            return taking.arrived

    def last(self, mimei: MimeiId) -> dict[PeerId, LeitherError | Arrived]:
        """Return what the last pull from each node came to that was asked since the start."""
        with self._turn:
            return {peer: last for (one, peer), last in self._last.items() if one == mimei}

    def wait(self, mimei: MimeiId, *, timeout_s: float) -> bool:
        """Wait until one of its nodes has told how a MiMei stands, or all have failed; tell whether it came to that."""

        def told() -> bool:
            last, sources = self.last(mimei), self._node.follower.sources(mimei)
            return any(isinstance(one, Arrived) for one in last.values()) or len(last) >= len(sources)

        with self._turn:
            return self._turn.wait_for(told, timeout_s)

    @contextmanager
    def _stream(self, peer: PeerId) -> Iterator[Stream]:
        """Open a stream that `close` breaks off."""
        with closing(self._network.open(peer, [SYNC])) as stream:
            with self._turn:
                self._streams.add(stream)
                closed = self._closed
            try:
                if closed:
                    raise StreamBroken(peer, "this node goes away")
                yield stream
            finally:
                with self._turn:
                    self._streams.discard(stream)

    def _taking(self, mimei: MimeiId, peer: PeerId) -> Taking:
        with self._turn:
            return self._node.taking(mimei, peer)

    def _do(self, work: Callable[[], Sequence[Effect]]) -> None:
        """Let the schedule come to something, and have that done."""
        with self._turn:
            self._effects += work()
            self._turn.notify_all()

    def _note(self, change: Change) -> None:
        if change.what == "delete":
            self.unfollow(change.id)
            return
        if change.what == "change" and not self._node.heeds(change.id):
            return  # nobody follows it live, or it will be shared anyway
        with self._turn:
            if change.what != "change":
                self._changed[change.id] = self._retopic[change.id] = None
            self._touched[change.id] = None
            self._turn.notify_all()

    def _watched(self, mimei: MimeiId) -> None:
        """Share what is there when somebody begins to follow live."""
        with self._turn:
            self._touched[mimei] = None
            self._turn.notify_all()

    def _meet(self, event: PeerEvent) -> None:
        if event.came:
            self._do(lambda: self._node.receive(Met(event.peer)))
        else:
            self._node.watchers.remove(event.peer)

    def _hear(self, peer: PeerId, data: bytes) -> None:
        self._do(lambda: self._node.hear(peer, data))

    def _judge(self, mimei: MimeiId, message: TopicMessage) -> Verdict:
        with self._turn:
            verdict, effects = self._node.judge(mimei, message.sender, message.data)
            self._effects += effects
            self._turn.notify_all()
        return verdict

    def _run(self) -> None:
        """Do what is due, and wait for more."""
        while True:
            with self._turn:
                if self._closed:
                    return
                effects, news = self._due()
                shares = self._node.due()
                retopic, self._retopic = self._retopic, {}
                if not effects and not news and not shares and not retopic:
                    self._turn.wait(self._pause_s())
                    continue
            for mimei in retopic:
                with suppress(LeitherError):  # whoever is away asks when it is back
                    self._topics.hear(mimei, followed=self._node.follower.follows(mimei))
                    self._topics.tell(mimei)
            for mimei in shares:
                self._shares.submit(self._share, mimei)
            for effect in effects:
                self._begin(effect)
            for peer, data in news:
                with suppress(LeitherError):  # whoever is away asks when it is back
                    self._network.send(peer, [NEWS], data)

    def _due(self) -> tuple[list[Effect], list[tuple[PeerId, bytes]]]:
        effects = [*self._effects, *self._node.receive(Tick())]
        touched, self._touched = self._touched, {}
        for mimei in touched:
            if self._node.changed(mimei):
                self._changed[mimei] = None
        changed, self._changed = self._changed, {}
        self._effects.clear()
        return effects, [news for mimei in changed for news in self._node.news(mimei)]

    def _pause_s(self) -> float | None:
        wake_ms = self._node.wake_ms()
        return None if wake_ms is None else max(wake_ms - self._engines.clock.now_ms(), 0) / 1000

    def _begin(self, effect: Effect) -> None:
        match effect:
            case Pull():
                self._pulls.submit(self._pull, effect)
            case Seek(mimei):
                self._pulls.submit(self._seek, mimei)
            case Blame(peer, points):
                self._network.blame(peer, points, "it told what does not prove itself")

    def _pull(self, pull: Pull) -> None:
        try:
            last: LeitherError | Arrived = self.pull(pull.mimei, pull.peer)
        except LeitherError as error:
            last = error
            LOGGER.info("a pull failed: %s", error)
        if isinstance(last, Arrived):
            outcome = Outcome.UNCHANGED if last.state == "unchanged" else Outcome.CHANGED
        else:
            outcome = outcome_of(last)
        with self._turn:
            self._last[pull.mimei, pull.peer] = last
        self._do(lambda: self._node.receive(Pulled(pull.mimei, pull.peer, outcome)))

    def _seek(self, mimei: MimeiId) -> None:
        """Find others that say in the DHT that they hold a public MiMei, and connect with them."""
        if self._network.reach is Reach.OFF and not self._network.peers():
            return  # there is nobody to ask, and a network that rests need not begin for that
        try:
            found = self._network.find_providers(multihash(rendezvous(mimei)), timeout_s=limits.RESOLVE_S)
        except LeitherError as error:
            LOGGER.info("nobody else was found for what is followed: %s", error)
            return
        for known in found:
            with suppress(LeitherError):  # whoever is away, or beyond what may be dialled, is no help now
                peer = self._network.connect(known, timeout_s=limits.RESOLVE_STEP_S)
                self._do(lambda peer=peer: self._node.receive(Heard(mimei, peer)))  # type: ignore[misc]

    def _share(self, mimei: MimeiId) -> None:
        try:
            self._node.share(mimei)
        except LeitherError as error:
            LOGGER.info("a working copy was not shared: %s", error)
        with self._turn:
            self._node.shared(mimei)
            self._changed[mimei] = None
            self._turn.notify_all()

    def _serve(self, stream: Stream) -> None:
        """Answer one peer. Whoever asks what is no question is thought less of."""
        session = self._node.session(
            stream.peer, lambda event: self._do(lambda: self._node.receive(event)), self._watched
        )
        while (body := stream.read_message(size_bytes_max=limits.SYNC_FRAME_BYTES_MAX)) is not None:
            try:
                question = read_frame(body)
                if isinstance(question, Block):
                    raise BadAnswer("a block where a question should come")
                write_frames(stream, session.receive(question))
            except (BadFrame, BadAnswer):
                self._network.blame(stream.peer, limits.FOLLOW_BAD_POINTS, "it asked what is no question")
                raise
