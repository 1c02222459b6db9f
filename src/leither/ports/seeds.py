"""The port to where the seeds of a node's users are kept, apart from everything that is exported or listed."""

from collections.abc import Mapping
from typing import Protocol

from leither.crypto import KeyId


class Seeds(Protocol):
    """Seeds, by the ids of the persons they make: of 32 bytes, or encrypted under a passphrase (`crypto.seedfile`)."""

    def put(self, user: KeyId, seed: bytes) -> None:
        """Keep a seed durably. Raises: StoreFull, StoreBroken."""

    def remove(self, user: KeyId) -> None:
        """Forget a seed for good. Nothing happens if there is none. Raises: StoreBroken."""

    def all(self) -> Mapping[KeyId, bytes]:
        """Return every seed. Raises: KeyFileDamaged, KeyFileExposed."""
