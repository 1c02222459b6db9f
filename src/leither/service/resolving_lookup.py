"""One look-up: who may hold a MiMei is asked, all at once, and what they tell is proved.

Peers that the owner chose and those that are connected are asked at the same time as the DHT; the look-up ends soon
after the first holder has answered, and in any case when its time is over, by breaking off what is still under way.
"""

import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field

from leither import limits
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.errors import CorruptionError, InputError, LeitherError, LimitError, PeerError
from leither.mimei.sight import Sight
from leither.ports import Known, Network, Stream
from leither.ports.network_errors import (
    AddressNotAllowed,
    NetworkOff,
    PeerTooSlow,
    PeerUnreachable,
    ProtocolUnsupported,
    StreamBroken,
)
from leither.service.resolving_talk import SYNC_PROTOCOL, Talk, Told
from leither.service.sync_taking import HolderIncomplete
from leither.wire.sync_messages import Hello, Standing
from leither.wire.sync_pull import NotTold


class HolderChanged(PeerError):
    """A holder gives another state than it told of."""

    code = "holder-changed"

    def __init__(self, peer: PeerId) -> None:
        self.peer = peer
        super().__init__(f"{peer} gives another state than it told of a moment before; try again")


_AWAY = (PeerUnreachable, PeerTooSlow, StreamBroken, ProtocolUnsupported, NetworkOff, AddressNotAllowed)
_FAULTLESS = (*_AWAY, NotTold, HolderIncomplete, HolderChanged)
"""It is nobody's fault: another holder, or another time, may do."""
_LIE_POINTS = 20


@dataclass(frozen=True, slots=True)
class Holder:
    """A peer that holds the MiMei. `hello`: what it is told of who asks."""

    peer: PeerId
    hello: Hello | None


@dataclass(slots=True)
class Answer:
    """What holders tell who all tell the same."""

    told: Told
    holders: list[Holder] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Spoken:
    holder: Holder
    talk: Talk
    standing: Standing


@dataclass(frozen=True, slots=True)
class _Providers:
    known: Sequence[Known]


_Found = _Spoken | _Providers | None


class Lookup:
    """Looks for one MiMei, once. `asked`: how many peers were asked."""

    def __init__(
        self,
        network: Network,
        pool: Executor,
        mimei: MimeiId,
        *,
        keys: Sequence[bytes],
        hello: Hello | None,
        known: Sight | None,
    ) -> None:
        """Take keys: under which holders are found. hello: who asks, for kept peers alone. known: how it last stood."""
        self._network = network
        self._pool = pool
        self._mimei = mimei
        self._keys = keys
        self._hello = hello
        self._known = known
        self._kept = {peer.id for peer in network.kept()}
        self._met: set[PeerId] = {network.peer_id}
        self._streams: list[Stream] | None = []
        self._guard = threading.Lock()
        self.asked = 0

    def run(self) -> list[Answer]:
        """Return what was proved, of each different answer once."""
        timer = threading.Timer(limits.RESOLVE_S, self._end)
        timer.daemon = True
        timer.start()
        try:
            spoken = self._collect()
            answers = self._prove(spoken)
            for one in spoken:
                one.talk.close()
            return answers
        finally:
            timer.cancel()
            self._end()

    def _collect(self) -> list[_Spoken]:
        pending: set[Future[_Found]] = {self._pool.submit(self._find, key) for key in self._keys}
        pending.update(self._ask_all(self._near()))
        spoken: list[_Spoken] = []
        while pending:
            done, pending = wait(
                pending, timeout=limits.RESOLVE_GRACE_S if spoken else None, return_when=FIRST_COMPLETED
            )
            if not done:
                break
            for future in done:
                match future.result():
                    case _Providers(known=known):
                        pending.update(self._ask_all(known))
                    case _Spoken() as one:
                        spoken.append(one)
        return spoken

    def _near(self) -> list[Known]:
        """Return who is asked without a search: those whom the owner chose, then those who are connected."""
        network = self._network
        here = sorted(network.peers(), key=lambda peer: (peer.rtt_s is None, peer.rtt_s or 0))
        return [*network.kept(), *(Known(peer.id, ()) for peer in here if SYNC_PROTOCOL in peer.protocols)]

    def _ask_all(self, peers: Iterable[Known]) -> list[Future[_Found]]:
        asked: list[Future[_Found]] = []
        for peer in peers:
            if peer.id not in self._met and self.asked < limits.RESOLVE_ASKED_MAX:
                self._met.add(peer.id)
                self.asked += 1
                asked.append(self._pool.submit(self._ask, peer))
        return asked

    def _find(self, key: bytes) -> _Found:
        try:
            return _Providers(self._network.find_providers(key, timeout_s=limits.RESOLVE_S))
        except (PeerError, NetworkOff):
            return _Providers(())

    def _ask(self, peer: Known) -> _Found:
        holder = Holder(peer.id, self._hello if peer.id in self._kept else None)
        try:
            if peer.addresses:
                self._network.connect(peer, timeout_s=limits.RESOLVE_STEP_S)
            stream = self._network.open(peer.id, [SYNC_PROTOCOL], timeout_s=limits.RESOLVE_STEP_S)
            self._mind(stream)
            talk = Talk(stream, self._mimei, hello=holder.hello)
            standing = talk.standing()
        except (PeerError, InputError, LimitError, CorruptionError) as error:
            blame(self._network, peer.id, error)
            return None
        return _Spoken(holder, talk, standing) if standing is not None else None

    def _prove(self, spoken: Sequence[_Spoken]) -> list[Answer]:
        """Prove each different answer once, those of peers that the owner chose first."""
        answers: dict[tuple[bytes, ...], Answer] = {}
        for one in sorted(spoken, key=lambda one: one.holder.peer not in self._kept):
            standing = one.standing
            same = (standing.genesis, standing.control, *sorted(standing.heads), bytes(standing.released))
            same += (bytes(standing.partial),)
            if same not in answers:
                if len(answers) == limits.RESOLVE_STANDINGS_MAX:
                    continue
                try:
                    answers[same] = Answer(one.talk.prove(standing, known=self._known))
                except (PeerError, InputError, LimitError, CorruptionError) as error:
                    blame(self._network, one.holder.peer, error)
                    continue
            answers[same].holders.append(one.holder)
        return list(answers.values())

    def _mind(self, stream: Stream) -> None:
        """Break a stream off when the look-up ends."""
        with self._guard:
            if self._streams is not None:
                self._streams.append(stream)
                return
        stream.reset()

    def _end(self) -> None:
        with self._guard:
            streams, self._streams = self._streams or [], None
        for stream in streams:
            stream.reset()


def blame(network: Network, peer: PeerId, error: LeitherError) -> None:
    """Think less of a peer that sent what it should not have."""
    if not isinstance(error, _FAULTLESS):
        network.blame(peer, _LIE_POINTS, error.code)
