"""Finding a MiMei that is not here, and bringing it here: by its id alone, from whoever holds it.

- Several holders are asked, and the newest answer counts. None takes this node back behind what it has seen before,
  whether it held the MiMei then or not.
- What holders say is proved before anything is fetched, and all of it again when it is taken in.
- Only who the owner lets may cause traffic: residents, and guests if a setting says so. For them a MiMei of which they
  may read nothing is looked for like one that is absent.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from leither import limits
from leither.crypto import KeyId, MimeiId, epoch_secret, id_text
from leither.crypto.peer_id import PeerId
from leither.errors import CorruptionError, InputError, LeitherError, LimitError, NotFound, PeerError
from leither.mimei.rendezvous import private_rendezvous, rendezvous
from leither.mimei.sight import Sight, behind
from leither.people import Principal
from leither.ports import Network, PeerEvent, Reach
from leither.ports.network_errors import NetworkOff
from leither.service.arrival import Arrived, NotYours
from leither.service.catalog import Catalog
from leither.service.demand_rows import note_told
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound
from leither.service.publishing_keys import multihash
from leither.service.pulling import bring
from leither.service.resolving_lookup import Answer, Holder, HolderChanged, Lookup, blame
from leither.service.resolving_quota import LookupQuota
from leither.service.resolving_seen import Seen
from leither.service.resolving_talk import SYNC_PROTOCOL, Told
from leither.service.sync_taking import Taking
from leither.wire.sync_messages import Hello


class NotOnNetwork(NotFound):
    """Nobody who was asked holds the MiMei, or tells."""

    code = "not-on-network"

    def __init__(self, mimei: MimeiId, asked: int) -> None:
        self.id = id_text(mimei)
        self.asked = asked
        super().__init__(
            f"no MiMei {self.id} on this node that you may read, and none of the peers asked ({asked}) gave it; check "
            "the id, and that a node which has it is on and connected: `leither peers` shows who is"
        )


class OnlyOlder(PeerError):
    """What holders have is older than what this node has seen."""

    code = "only-older"

    def __init__(self, mimei: MimeiId, holders: int, reason: str) -> None:
        self.id = id_text(mimei)
        self.holders = holders
        self.reason = reason
        super().__init__(
            f"{self.id} was found (holders: {holders}), but only as it was before: {reason}; nothing was taken; "
            "try again when a node that is up to date is on"
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of it. peer: from whom it came, None if it was up to date a moment ago. holders: how many there are."""

    arrived: Arrived
    peer: PeerId | None
    holders: int


class Resolving:
    """Finds MiMei for those who ask this node. Thread-safe; `fetch` waits for the network."""

    def __init__(
        self,
        engines: Engines,
        network: Network,
        *,
        hello: Callable[[KeyId | None], Hello] | None = None,
        for_guests: bool = False,
        on_demand: bool = False,
    ) -> None:
        """Take hello: makes what says that this node acts for a user, or the owner.

        for_guests: whether guests may cause look-ups. on_demand: whether the files of what comes are to come when they
        are read.
        """
        self._engines = engines
        self._who_asks = hello
        self._network = network
        self._for_guests = for_guests
        self._on_demand = on_demand
        self._quota = LookupQuota(engines.clock)
        self._seen = Seen(engines.state)
        self._fresh: dict[MimeiId, int] = {}
        self._running: dict[tuple[MimeiId, bytes], Future[Fetched]] = {}
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(
            limits.RESOLVES_MAX * limits.RESOLVE_ASKED_MAX // 2, thread_name_prefix="leither-resolving"
        )
        self._stop = network.watch(self._meet)

    def close(self) -> None:
        """Let go of the threads. Look-ups under way end when their time is over."""
        self._stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def may_look(self, principal: Principal) -> bool:
        """Tell whether somebody may cause a look-up."""
        return principal.is_resident or self._for_guests

    def fetch(self, mimei: MimeiId, principal: Principal, *, again: bool = False) -> Fetched:
        """Find a MiMei and bring it here, or up to date. Who asks while it is looked for gets the same answer.

        Args: again: look for it although it was found nowhere a moment ago.
        Raises: NetworkOff, NotOnNetwork, OnlyOlder, HolderChanged, TooManyLookups; what `arrive` raises; PeerErrors of
            the holder that was asked last.
        """
        principal = principal if self.may_look(principal) else _refuse(mimei)
        self._require_network()
        if not again and self._quota.is_absent(mimei):
            raise NotOnNetwork(mimei, 0)
        whose = (mimei, _whose(principal))
        with self._guard:
            running = self._running.get(whose)
            if running is None:
                mine = self._running[whose] = Future[Fetched]()
        if running is not None:
            return running.result()
        try:
            with self._quota.lookup(is_guest=not principal.is_resident):
                mine.set_result(self._fetch(mimei, principal))
        except BaseException as error:
            mine.set_exception(error)
        finally:
            with self._guard:
                del self._running[whose]
        return mine.result()

    def look(self, mimei: MimeiId, principal: Principal) -> list[Answer]:
        """Return what holders tell of a MiMei now, which is proved; nothing is brought, or taken note of.

        Raises: NetworkOff, TooManyLookups.
        """
        self._require_network()
        with self._quota.lookup(is_guest=not principal.is_resident):
            return self._lookup(mimei, principal).run()

    def _require_network(self) -> None:
        """Make sure that there is somebody to ask, connected or chosen. Raises: NetworkOff."""
        network = self._network
        if network.reach is Reach.OFF and not network.peers() and not network.kept():
            raise NetworkOff

    def _meet(self, event: PeerEvent) -> None:
        if event.came:
            self._quota.forget_absent()

    def _fetch(self, mimei: MimeiId, principal: Principal) -> Fetched:
        now_ms = self._engines.clock.now_ms()
        with self._guard:
            is_fresh = self._fresh.get(mimei, 0) > now_ms
        if is_fresh:
            return Fetched(Arrived(mimei, "unchanged", 0), None, 0)
        for left in reversed(range(limits.RESOLVE_TRIES_MAX)):
            try:
                fetched = self._find_and_take(mimei, principal)
                break
            except HolderChanged:
                if not left:
                    raise
        with self._guard:
            self._fresh = {one: until_ms for one, until_ms in self._fresh.items() if until_ms > now_ms}
            self._fresh[mimei] = now_ms + limits.RESOLVED_S * 1000
        return fetched

    def _find_and_take(self, mimei: MimeiId, principal: Principal) -> Fetched:
        known = self._seen.get(mimei)
        lookup = self._lookup(mimei, principal)
        answers = lookup.run()
        if not answers:
            self._quota.note_absent(mimei)
            raise NotOnNetwork(mimei, lookup.asked)
        standing = self._not_behind(mimei, known, answers)
        try:
            fetched = self._take_first(mimei, principal, standing)
        except NotYours:
            # It is here, for somebody else. Who may read it there is served; nobody else learns that it is.
            if not self._reads(mimei, principal):
                raise NotOnNetwork(mimei, lookup.asked) from None
            return Fetched(Arrived(mimei, "unchanged", 0), None, 0)
        for answer in standing[1:]:
            # A writer may stand further elsewhere; what can't be had now comes another time.
            if answer.told.sight.has_more_than(standing[0].told.sight):
                self._take_quietly(mimei, principal, answer)
        return fetched

    def _lookup(self, mimei: MimeiId, principal: Principal) -> Lookup:
        return Lookup(
            self._network,
            self._pool,
            mimei,
            keys=self._keys(mimei, principal),
            hello=self._hello(principal),
            known=self._seen.get(mimei),
        )

    def _reads(self, mimei: MimeiId, principal: Principal) -> bool:
        try:
            Catalog(self._engines).readable(mimei, principal)
        except MimeiNotFound:
            return False
        return True

    def _not_behind(self, mimei: MimeiId, known: Sight | None, answers: Sequence[Answer]) -> list[Answer]:
        """Return the answers that are not older than what was seen, the newest first. Raises: OnlyOlder."""
        found, reason = [], ""
        for answer in answers:
            told = answer.told
            why = behind(known, told.sight, told.control, follows=told.follows) if known is not None else None
            if why is None:
                found.append(answer)
            else:
                reason = why
        if not found:
            raise OnlyOlder(mimei, sum(len(answer.holders) for answer in answers), reason)
        return sorted(
            found,
            key=lambda answer: (answer.told.sight.rank, not answer.told.standing.partial, len(answer.holders)),
            reverse=True,
        )

    def _take_first(self, mimei: MimeiId, principal: Principal, answers: Sequence[Answer]) -> Fetched:
        """Take it from the first holder that gives all of it, of the newest answer that somebody gives."""
        last: LeitherError | None = None
        for answer in answers:
            for holder in answer.holders:
                try:
                    arrived = self._take(mimei, principal, holder, answer.told)
                except (PeerError, CorruptionError) as error:
                    blame(self._network, holder.peer, error)
                    last = error
                    continue
                self._note(mimei, answer.told)
                told = [(one.peer, each.told.standing) for each in answers for one in each.holders]
                note_told(self._engines, mimei, told)
                return Fetched(arrived, holder.peer, sum(len(each.holders) for each in answers))
        assert last is not None
        raise last

    def _take_quietly(self, mimei: MimeiId, principal: Principal, answer: Answer) -> None:
        for holder in answer.holders:
            try:
                self._take(mimei, principal, holder, answer.told)
            except (PeerError, CorruptionError, InputError, LimitError) as error:
                blame(self._network, holder.peer, error)
                continue
            self._note(mimei, answer.told)
            return

    def _take(self, mimei: MimeiId, principal: Principal, holder: Holder, told: Told) -> Arrived:
        bytes_max = limits.SYNC_PULL_BYTES_MAX if principal.is_resident else limits.GUEST_FETCH_BYTES_MAX
        taking = Taking(
            self._engines,
            mimei,
            hello=holder.hello,
            user=principal.user,
            bytes_max=bytes_max,
            on_demand=self._on_demand,
        )

        def check() -> None:
            given = taking.pull.standing
            if given is not None and not told.is_told_by(given):
                raise HolderChanged(holder.peer)

        with closing(taking):
            stream = self._network.open(holder.peer, [SYNC_PROTOCOL], timeout_s=limits.RESOLVE_STEP_S)
            try:
                bring(stream, taking, check)
                stream.close()
            finally:
                stream.reset()
        assert taking.arrived is not None
        return taking.arrived

    def _note(self, mimei: MimeiId, told: Told) -> None:
        known = self._seen.get(mimei)
        sight = known.joined(told.sight, told.control) if known is not None else told.sight
        self._seen.put(mimei, sight, now_ms=self._engines.clock.now_ms())

    def _keys(self, mimei: MimeiId, principal: Principal) -> list[bytes]:
        """Return under which keys holders may be found: as of a public MiMei, and as of a private one of who asks."""
        keys = [multihash(rendezvous(mimei))]
        if principal.is_resident:
            seed = self._engines.persons.of_user(principal.user).seed
            keys.append(multihash(private_rendezvous(epoch_secret(seed, mimei, 0), mimei)))
        return keys

    def _hello(self, principal: Principal) -> Hello | None:
        """Return who asks, which peers are told that the owner chose. To others everybody is a guest."""
        return self._who_asks(principal.user) if principal.is_resident and self._who_asks is not None else None


def _refuse(mimei: MimeiId) -> Principal:
    raise MimeiNotFound(mimei)


def _whose(principal: Principal) -> bytes:
    """Return what tells apart whose request it is, since it decides who is told, and to whom it belongs then."""
    return b"resident" + (principal.user or b"") if principal.is_resident else b"guest"
