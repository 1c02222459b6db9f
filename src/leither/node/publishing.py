"""The node as one that says what it has, and finds what it hasn't, as long as it has a network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from leither.config import Settings
from leither.crypto import KeyId
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.person_index import own_device
from leither.service.publishing import Publishing
from leither.service.resolving import Resolving
from leither.wire.sync_messages import Hello


def own_hello(engines: Engines, user: KeyId | None) -> Hello:
    """Return what says that this node acts for a user, or the owner."""
    return Hello(devices=(own_device(engines, user).encode(),))


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
    hello = partial(own_hello, engines)
    found = Resolving(engines, network, hello=hello, for_guests=settings.guest_lookups, on_demand=True)
    try:
        yield found
    finally:
        found.close()
