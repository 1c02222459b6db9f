"""Whose node this is: made on the first start, read on every later one, replaced only in so many words."""

from leither.crypto import id_text, person_key
from leither.errors import Conflict, CorruptionError
from leither.node.home import Home
from leither.ports import Random
from leither.service.engines import Identity
from leither.store.keyfile import read_key, write_secret

SEED_BYTES = 32


class IdentityMissing(CorruptionError):
    """The folder holds data, and the keys to it are gone."""

    code = "identity-missing"

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is missing, although this home folder holds data; put it back from a copy, or import an export "
            "that holds the identity into an empty home folder"
        )


class IdentityPresent(Conflict):
    """The home folder belongs to somebody already."""

    code = "identity-present"

    def __init__(self, person: str) -> None:
        self.person = person
        super().__init__(
            f"this home folder already has the identity {person}; with another one it could read, but not change, "
            "what it made so far. Import into an empty home folder (LEITHER_HOME), or leave the export's identity out "
            "with --data-only, or, if you mean it, say --replace-identity: the present seed is then kept in identity/ "
            "under another name"
        )


def read_identity(home: Home, random: Random) -> Identity:
    """Return the identity of `home`, which must be held; make one on the first start.

    Raises: IdentityMissing, KeyFileDamaged, KeyFileExposed, StoreFull.
    """
    seeds = []
    for path in (home.seed_file, home.key_file):
        seed = read_key(path, size_bytes=SEED_BYTES)
        if seed is None:
            # Keys are written before the stores are made, so stores without keys have lost them.
            if home.state.exists():
                raise IdentityMissing(str(path))
            seed = random.token(SEED_BYTES)
            write_secret(path, seed)
        seeds.append(seed)
    return Identity.of(*seeds)


def adopt_seed(home: Home, seed: bytes, random: Random, *, replace: bool) -> None:
    """Make `seed` the person of `home`, which must be held by nobody, with a new key for the node.

    Two nodes never share a node key: each signs a chain of its own. The same seed again changes nothing.

    Raises: HomeInUse. IdentityPresent: unless `replace`, when the folder has another identity; the old seed and key
        are kept beside the new ones.
    """
    with home.held():
        present = read_key(home.seed_file, size_bytes=SEED_BYTES)
        if present == seed and home.key_file.exists():
            return
        if present is not None:
            person = id_text(person_key(present).id)
            if not replace:
                raise IdentityPresent(person)
            for path in (home.seed_file, home.key_file):
                old = read_key(path, size_bytes=SEED_BYTES)
                if old is not None:
                    write_secret(path.with_name(f"{path.name}.{person}"), old)
        write_secret(home.key_file, random.token(SEED_BYTES))
        write_secret(home.seed_file, seed)
