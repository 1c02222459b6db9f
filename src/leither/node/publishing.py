"""The node as one that says what it has, and finds what it hasn't, as long as it has a network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from leither.config import Settings
from leither.crypto import KeyId
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.person_index import own_device
from leither.service.publishing import Publishing
from leither.service.resolving import Resolving
from leither.wire.sync_messages import Hello


@contextmanager
def publishing(engines: Engines, network: Network) -> Iterator[Publishing]:
    """Announce what everybody may have while the context lasts."""
    found = Publishing(engines, network)
    thread = threading.Thread(target=found.run, name="leither-publishing", daemon=True)
    thread.start()
    try:
        yield found
    finally:
        found.close()
        thread.join()


@contextmanager
def resolving(settings: Settings, engines: Engines, network: Network) -> Iterator[Resolving]:
    """Find MiMei on other nodes while the context lasts."""

    def hello(user: KeyId | None) -> Hello:
        return Hello(devices=(own_device(engines, user).encode(),))

    found = Resolving(engines, network, hello=hello, for_guests=settings.guest_lookups)
    try:
        yield found
    finally:
        found.close()
