"""Seeds as files of a folder, each readable by the node's own account alone."""

from collections.abc import Mapping
from pathlib import Path

from leither.crypto import KeyId, NotAnId, id_text, parse_id
from leither.crypto.seedfile import SEALED_BYTES, SEED_BYTES
from leither.store.keyfile import KeyFileDamaged, read_secret, remove_secret, write_secret


class SeedFiles:
    """The seeds in `folder`, which need not be there. What is no seed's file is left alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, user: KeyId, seed: bytes) -> None:
        """See the port. Cost: two fsyncs."""
        write_secret(self._folder / id_text(user), seed)

    def remove(self, user: KeyId) -> None:
        """See the port. Cost: an fsync."""
        remove_secret(self._folder / id_text(user))

    def all(self) -> Mapping[KeyId, bytes]:
        """See the port."""
        found: dict[KeyId, bytes] = {}
        for path in sorted(self._folder.glob("*")):
            try:
                user = KeyId(parse_id(path.name))
            except NotAnId:
                continue
            seed = read_secret(path, size_bytes_max=SEALED_BYTES)
            if seed is not None and len(seed) not in (SEED_BYTES, SEALED_BYTES):
                raise KeyFileDamaged(path, SEED_BYTES, path.stat().st_size)
            if seed is not None:
                found[user] = seed
        return found
