"""Who is given what, and when: the wants of all peers, answered in turns. A pure state machine.

`receive` takes what happened and when, and returns what to do. What is here, and who may have it, is looked up outside:
`LookUp` asks, `Found` answers.

- Peers take turns, a message each; the one that was given least of late comes first, so a long list makes nobody wait.
- At most limits.BITSWAP_SENDING_BYTES_MAX bytes are on their way at once, to a peer one message.
- A want that can't be answered stays, as the protocol has it, until it is cancelled; when blocks arrive, or become
  visible, it is looked up again.
- A peer that wants more than it may is told that the rest is not here, if it asked to be told, and pays for it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from leither import limits
from leither.wire.bitswap_message import Name, Want, payload_bytes

_GIVEN_HALF_LIFE_S = 10.0
"""How long it takes until what a peer was given counts half."""
_PRESENCE_BYTES = 48
"""What a presence takes in a message."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A peer's wants came. `full`: what it wanted before no longer counts."""

    peer: str
    wants: tuple[Want, ...]
    full: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked up for a peer: the size in bytes of each block that it may have, None for all others."""

    peer: str
    sizes: dict[Name, int | None]


@dataclass(frozen=True, slots=True)
class Arrived:
    """These blocks, by any of their names, are here now; `everything`: what is visible to whom may have changed."""

    names: tuple[Name, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The message for a peer is written."""

    peer: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A peer is gone, or its message could not be written. What it wanted is forgotten."""

    peer: str


Event = Asked | Found | Arrived | Sent | Gone


@dataclass(frozen=True, slots=True)
class LookUp:
    """Find out which of these a peer may have, and how large they are."""

    peer: str
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """Send one message to a peer: these blocks, and which it may have and which it may not."""

    peer: str
    blocks: tuple[Name, ...]
    haves: tuple[Name, ...]
    dont_haves: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Blame:
    """Think less of a peer."""

    peer: str
    why: str


Effect = LookUp | Send | Blame


@dataclass(slots=True, eq=False)
class _Peer:
    """What one peer wants. In `due`: blocks found, with their sizes. `sending`: bytes of the message on its way."""

    name: str
    wants: dict[Name, Want] = field(default_factory=dict)
    due: OrderedDict[Name, int] = field(default_factory=OrderedDict)
    haves: dict[Name, None] = field(default_factory=dict)
    dont_haves: dict[Name, None] = field(default_factory=dict)
    sending: int | None = None
    looked_up: float = 0.0
    looked_up_s: float = 0.0
    given: float = 0.0
    given_s: float = 0.0

    @property
    def is_due(self) -> bool:
        """Whether there is something to send, and nothing on its way."""
        return self.sending is None and bool(self.due or self.haves or self.dont_haves)

    def given_by(self, now_s: float) -> float:
        """Return what it was given of late, in bytes."""
        return float(self.given * 0.5 ** ((now_s - self.given_s) / _GIVEN_HALF_LIFE_S))

    def may_look_up(self, count: int, now_s: float) -> int:
        """Return how many of `count` lookups it may have now, and note them."""
        rate = limits.BITSWAP_LOOKUPS_MAX / limits.BITSWAP_LOOKUPS_S
        self.looked_up = max(0.0, self.looked_up - (now_s - self.looked_up_s) * rate)
        self.looked_up_s = now_s
        allowed = min(count, int(limits.BITSWAP_LOOKUPS_MAX - self.looked_up))
        self.looked_up += allowed
        return allowed

    def forget(self, name: Name) -> None:
        """Note that it wants a block no more."""
        self.wants.pop(name, None)
        self.due.pop(name, None)


class BitswapServer:
    """The wants of all peers. Not thread-safe. Memory: BITSWAP_PEERS_MAX x BITSWAP_WANTS_MAX wants at the most."""

    def __init__(self) -> None:
        self._peers: OrderedDict[str, _Peer] = OrderedDict()
        self._wanted_by: dict[Name, set[str]] = {}
        self._sending_bytes = 0

    def wants_of(self, peer: str) -> tuple[Name, ...]:
        """Return what a peer wants and has not got."""
        found = self._peers.get(peer)
        return tuple(found.wants) if found else ()

    def receive(self, event: Event, now_s: float) -> list[Effect]:
        """Return what to do, in order, now that `event` has happened. Cost: O(names in it + peers)."""
        effects: list[Effect] = []
        match event:
            case Asked():
                effects += self._ask(event, now_s)
            case Found(name, sizes):
                self._find(name, sizes)
            case Arrived(names, everything):
                effects += self._arrive(names, everything=everything)
            case Sent(name):
                self._sent(name)
            case Gone(name):
                self._sent(name)
                self._forget(name)
        effects += self._send(now_s)
        return effects

    def _ask(self, event: Asked, now_s: float) -> list[Effect]:
        peer = self._peer(event.peer)
        if event.full:
            for name in peer.wants.keys() - {want.name for want in event.wants}:
                self._cancel(peer, name)
        new: list[Name] = []
        refused: list[Want] = []
        for want in event.wants:
            if want.cancel:
                self._cancel(peer, want.name)
            elif want.name not in peer.wants and len(peer.wants) >= limits.BITSWAP_WANTS_MAX:
                refused.append(want)
            else:
                before = peer.wants.get(want.name)
                # Asking whether a block is here doesn't undo that it is wanted.
                stays = before is not None and want.only_have and not before.only_have
                peer.wants[want.name] = replace(want, only_have=False) if stays else want
                self._wanted_by.setdefault(want.name, set()).add(peer.name)
                new.append(want.name)
        new.sort(key=lambda name: -peer.wants[name].priority if name in peer.wants else 0)
        allowed = peer.may_look_up(len(new), now_s)
        refused += [peer.wants[name] for name in new[allowed:] if name in peer.wants]
        for want in refused:
            self._cancel(peer, want.name)
            if want.send_dont_have:
                _note(peer.dont_haves, want.name)
        effects: list[Effect] = []
        if refused:
            effects.append(Blame(peer.name, f"it wants {len(refused):,} blocks more than it may at once"))
        if new[:allowed]:
            effects.append(LookUp(peer.name, tuple(new[:allowed])))
        return effects

    def _find(self, name: str, sizes: dict[Name, int | None]) -> None:
        peer = self._peers.get(name)
        if peer is None:
            return
        for wanted, size_bytes in sizes.items():
            want = peer.wants.get(wanted)
            if want is None:
                continue
            if size_bytes is None:
                if want.send_dont_have:
                    _note(peer.dont_haves, wanted)
                    # It is told once, and waits from then on.
                    peer.wants[wanted] = replace(want, send_dont_have=False)
            elif want.only_have and size_bytes > limits.BITSWAP_INSTEAD_OF_HAVE_BYTES:
                _note(peer.haves, wanted)
                self._cancel(peer, wanted)
            else:
                peer.due[wanted] = size_bytes

    def _arrive(self, names: Iterable[Name], *, everything: bool) -> list[Effect]:
        if everything:
            waiting = {
                peer.name: [name for name in peer.wants if name not in peer.due] for peer in self._peers.values()
            }
        else:
            waiting = {}
            for name in names:
                for peer in self._wanted_by.get(name, ()):
                    if name not in self._peers[peer].due:
                        waiting.setdefault(peer, []).append(name)
        return [LookUp(peer, tuple(found)) for peer, found in waiting.items() if found]

    def _send(self, now_s: float) -> list[Effect]:
        """Give peers their turns, as far as bytes may be on their way."""
        effects: list[Effect] = []
        due = sorted((peer for peer in self._peers.values() if peer.is_due), key=lambda peer: peer.given_by(now_s))
        for peer in due:
            if peer.due and self._sending_bytes >= limits.BITSWAP_SENDING_BYTES_MAX:
                continue
            effects.append(self._envelope(peer, now_s))
        return effects

    def _envelope(self, peer: _Peer, now_s: float) -> Send:
        blocks: list[Name] = []
        size_bytes = 0
        while peer.due:
            name, block_bytes = next(iter(peer.due.items()))
            if blocks and size_bytes + block_bytes > limits.BITSWAP_ENVELOPE_BYTES:
                break
            self._cancel(peer, name)
            blocks.append(name)
            size_bytes += payload_bytes(block_bytes)
        haves, dont_haves = tuple(peer.haves), tuple(peer.dont_haves)
        peer.haves.clear()
        peer.dont_haves.clear()
        peer.given = peer.given_by(now_s) + size_bytes + _PRESENCE_BYTES * (len(haves) + len(dont_haves))
        peer.given_s = now_s
        peer.sending = size_bytes
        self._sending_bytes += size_bytes
        return Send(peer.name, tuple(blocks), haves, dont_haves)

    def _sent(self, name: str) -> None:
        peer = self._peers.get(name)
        if peer is not None and peer.sending is not None:
            self._sending_bytes -= peer.sending
            peer.sending = None

    def _peer(self, name: str) -> _Peer:
        """Return a peer, known or new, as the one heard last."""
        peer = self._peers.get(name)
        if peer is None:
            idle = (known.name for known in self._peers.values() if known.sending is None)
            if len(self._peers) >= limits.BITSWAP_PEERS_MAX and (oldest := next(idle, None)) is not None:
                self._forget(oldest)
            peer = self._peers[name] = _Peer(name)
        self._peers.move_to_end(name)
        return peer

    def _cancel(self, peer: _Peer, name: Name) -> None:
        peer.forget(name)
        wanting = self._wanted_by.get(name)
        if wanting is not None:
            wanting.discard(peer.name)
            if not wanting:
                del self._wanted_by[name]

    def _forget(self, name: str) -> None:
        peer = self._peers.pop(name, None)
        if peer is not None:
            for wanted in list(peer.wants):
                self._cancel(peer, wanted)


def _note(names: dict[Name, None], name: Name) -> None:
    """Add a name to those that are to be told, unless the peer leaves too many unread."""
    if len(names) < limits.BITSWAP_WANTS_MAX:
        names[name] = None
