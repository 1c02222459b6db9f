"""What a node does on its network beside being there: it says what it has, and finds what it hasn't."""

import threading
from contextlib import ExitStack
from typing import Self

from leither.config import Settings
from leither.crypto import KeyId
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.following import Following
from leither.service.person_index import own_device
from leither.service.publishing import Publishing
from leither.service.resolving import Resolving
from leither.wire.sync_messages import Hello


class NetworkServices:
    """The services over one network, from `start` to `close`."""

    def __init__(self, settings: Settings, engines: Engines, network: Network) -> None:
        self._stack = ExitStack()
        self.following = Following(engines, network)
        self.publishing = Publishing(engines, network)
        self.resolving = Resolving(
            engines, network, hello=lambda user: own_hello(engines, user), for_guests=settings.guest_lookups
        )

    def start(self) -> Self:
        """Answer others, and say what is here."""
        self._stack.callback(self.following.close)
        self.following.start()
        thread = threading.Thread(target=self.publishing.run, name="leither-publishing", daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self.publishing.close)
        self._stack.callback(self.resolving.close)
        return self

    def close(self) -> None:
        """End all of it. Idempotent."""
        self._stack.close()


def own_hello(engines: Engines, user: KeyId | None) -> Hello:
    """Return what tells other nodes that this one acts for a user, or the owner."""
    return Hello(devices=(own_device(engines, user).encode(),))
