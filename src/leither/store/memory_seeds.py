"""Seeds in memory, for tests."""

from collections.abc import Mapping

from leither.crypto import KeyId


class MemorySeeds:
    """Seeds that go with the process."""

    def __init__(self) -> None:
        self._seeds: dict[KeyId, bytes] = {}

    def put(self, user: KeyId, seed: bytes) -> None:
        """See the port."""
        self._seeds[user] = seed

    def remove(self, user: KeyId) -> None:
        """See the port."""
        self._seeds.pop(user, None)

    def all(self) -> Mapping[KeyId, bytes]:
        """See the port."""
        return dict(self._seeds)
