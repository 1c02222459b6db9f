"""How this node is seen from outside, and whether it can be reached there: observed addresses, and AutoNAT.

Source: libp2p specs, autonat/autonat-v1.md, identify/README.md.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import StrEnum

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import DIAL_BACK_S, DIAL_S, OBSERVED_MAX, OBSERVERS_MIN, RELAY_MESSAGE_BYTES_MAX
from leither.net.connection import Connection
from leither.net.host import Host
from leither.net.reaching import is_dialled, may_dial
from leither.net.stream import MuxedStream
from leither.net.upgrade import secure
from leither.wire.autonat_message import (
    ANSWER,
    BAD_REQUEST,
    DIAL,
    DIAL_ERROR,
    DIAL_REFUSED,
    OK,
    PROTOCOL,
    DialBack,
    parse_dial_back,
)
from leither.wire.identify import Identity

ASKED_MAX = 3
"""Peers that are asked to dial back, in one round."""


class Seen(StrEnum):
    """Whether others can dial this node."""

    UNKNOWN = "unknown"
    PUBLIC = "public"
    PRIVATE = "private"


class Reachability:
    """What peers say of this node's addresses. `changed` is called when the answer does."""

    def __init__(self, host: Host, own: Callable[[], list[Multiaddr]], changed: Callable[[], None]) -> None:
        self.seen = Seen.UNKNOWN
        self._host = host
        self._own = own
        self._changed = changed
        self._observed: dict[Multiaddr, set[PeerId]] = {}
        self._confirmed: set[Multiaddr] = set()
        self._asked_at: dict[PeerId, float] = {}
        host.serve(PROTOCOL, self._answer)

    def heard(self, connection: Connection, identity: Identity) -> None:
        """Take note of where a peer sees this node."""
        address = identity.observed
        if address is None or connection.relayed or address.ip is None or not is_dialled(address):
            return
        if not connection.inbound and not connection.reused_port:
            return  # a port that the system chose for one connection says nothing of where we are reached
        known = self._observed.setdefault(address, set())
        if len(known) < OBSERVED_MAX:
            known.add(connection.peer)
        while len(self._observed) > OBSERVED_MAX:
            self._observed.pop(min(self._observed, key=lambda each: len(self._observed[each])))

    def observed(self) -> list[Multiaddr]:
        """Return where peers see this node, beside what it knows itself: those that most have seen first."""
        own = set(self._own())
        found = [each for each in self._observed if each not in own and may_dial(each, self._host.reach)]
        return sorted(found, key=lambda each: -len(self._observed[each]))

    def addresses(self) -> list[Multiaddr]:
        """Return the observed addresses that are worth telling: seen by several peers, or dialled back."""
        return [
            each for each in self.observed() if each in self._confirmed or len(self._observed[each]) >= OBSERVERS_MIN
        ]

    async def ask(self, peers: Iterable[PeerId]) -> Seen:
        """Ask peers that speak AutoNAT to dial back; return what follows from their answers."""
        candidates = [each for each in (*self._own(), *self.observed()) if not each.relayed]
        answers = await asyncio.gather(*(self._ask(peer, candidates) for peer in list(peers)[:ASKED_MAX]))
        told = [each for each in answers if each is not None]
        if any(each.status == OK for each in told):
            self._confirmed.update(address for each in told if each.status == OK for address in each.addresses)
            seen = Seen.PUBLIC
        elif any(each.status == DIAL_ERROR for each in told):
            seen = Seen.PRIVATE
        else:
            return self.seen
        if seen is not self.seen:
            self.seen = seen
            self._changed()
        return seen

    async def _ask(self, peer: PeerId, candidates: list[Multiaddr]) -> DialBack | None:
        with suppress(LeitherError, TimeoutError):
            async with asyncio.timeout(2 * DIAL_S):
                stream = await self._host.open(peer, [PROTOCOL])
                await stream.write_message(DialBack(DIAL, self._host.peer_id, tuple(candidates)).encode())
                message = await stream.read_message(RELAY_MESSAGE_BYTES_MAX)
                stream.close()
                return None if message is None else parse_dial_back(message)
        return None

    async def _answer(self, stream: MuxedStream) -> None:
        message = await stream.read_message(RELAY_MESSAGE_BYTES_MAX)
        if message is not None:
            await stream.write_message((await self._dial_back(stream, parse_dial_back(message))).encode())

    async def _dial_back(self, stream: MuxedStream, request: DialBack) -> DialBack:
        """Dial who asks where they are seen, and nowhere else, so that nobody can have strangers dialled."""
        now = asyncio.get_running_loop().time()
        last = self._asked_at.get(stream.peer)
        seen = stream.connection.address.ip
        if request.kind != DIAL:
            return DialBack(ANSWER, status=BAD_REQUEST)
        if stream.connection.relayed or seen is None or (last is not None and now - last < DIAL_BACK_S):
            return DialBack(ANSWER, status=DIAL_REFUSED)
        self._asked_at = {peer: at for peer, at in self._asked_at.items() if now - at < DIAL_BACK_S}
        self._asked_at[stream.peer] = now
        usable = [each for each in request.addresses if each.ip == seen and is_dialled(each)]
        if not usable:
            return DialBack(ANSWER, status=DIAL_REFUSED)
        for address in dict.fromkeys(each.without_peer() for each in usable[:ASKED_MAX]):
            with suppress(LeitherError, OSError, TimeoutError):
                async with asyncio.timeout(DIAL_S / 2):
                    pipe = await self._host.dial_pipe(address)
                    try:
                        await secure(pipe, self._host.key, self._host.token, initiator=True, expected=stream.peer)
                    finally:
                        pipe.abort()
                return DialBack(ANSWER, addresses=(address,))
        return DialBack(ANSWER, status=DIAL_ERROR)
