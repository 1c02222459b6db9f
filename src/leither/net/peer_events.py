"""Telling listeners who came and who went, one call at a time, in a thread of its own."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from leither.crypto.peer_id import PeerId
from leither.ports.network import PeerEvent, PeerListener, Stop

LOGGER = logging.getLogger("leither.net.peers")


class PeerEvents:
    """Thread-safe. A listener hears first of all that are there."""

    def __init__(self) -> None:
        self._teller = ThreadPoolExecutor(1, "leither-net-events")
        self._here: dict[PeerId, None] = {}
        self._listeners: list[PeerListener] = []

    def tell(self, peer: PeerId, came: bool) -> None:
        """Tell that a peer came or went."""
        self._later(self._tell, PeerEvent(peer, came=came))

    def watch(self, listener: PeerListener) -> Stop:
        """Call `listener` for each event from now on."""
        self._later(self._add, listener)
        return lambda: self._later(self._remove, listener)

    def close(self) -> None:
        """Stop. Idempotent."""
        self._teller.shutdown(wait=False, cancel_futures=True)

    def _later(self, call: Callable[..., None], argument: object) -> None:
        try:
            self._teller.submit(call, argument)
        except RuntimeError:
            return  # the network is closed, and nobody is told any more

    def _tell(self, event: PeerEvent) -> None:
        if event.came:
            self._here[event.peer] = None
        else:
            self._here.pop(event.peer, None)
        for listener in list(self._listeners):
            _call(listener, event)

    def _add(self, listener: PeerListener) -> None:
        self._listeners.append(listener)
        for peer in list(self._here):
            _call(listener, PeerEvent(peer, came=True))

    def _remove(self, listener: PeerListener) -> None:
        if listener in self._listeners:
            self._listeners.remove(listener)


def _call(listener: PeerListener, event: PeerEvent) -> None:
    try:
        listener(event)
    except Exception:
        LOGGER.exception("a listener failed at %s", event)
