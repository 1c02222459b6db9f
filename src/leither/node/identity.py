"""Whose node this is: made on the first start, read on every later one, replaced only in so many words.

The seed's file holds the seed, or the seed under a passphrase. `former/` holds, by the id of each key that the person
had before, what both keys signed when the next one took its place; and its seed, while something private is under it.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from leither.crypto import id_text, key_id, open_seed, person_key, seal_seed
from leither.crypto.seedfile import NONCE_BYTES, SALT_BYTES, SEALED_BYTES
from leither.errors import Conflict, CorruptionError, DeniedError
from leither.limits import RECORD_BYTES_MAX
from leither.node.home import Home
from leither.people.successor import Successor
from leither.ports import Clock, Random
from leither.service.engines import Identity
from leither.service.persons import Former
from leither.store.keyfile import KeyFileDamaged, read_secret, remove_secret, write_secret

SEED_BYTES = 32
Unlock = Callable[[], str]
"""Asks for the passphrase of an identity."""


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


class IdentityLocked(DeniedError):
    """The identity is under a passphrase, and nobody gave it."""

    code = "identity-locked"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(
            f"{path} is encrypted, and its passphrase was not given; set LEITHER_PASSPHRASE, or run this in a terminal"
        )


class Succession(CorruptionError):
    """What is kept of former keys does not lead to the present one."""

    code = "succession-broken"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"{path} does not say what it should of a former key; put it back from a copy, or remove it")


def read_identity(home: Home, random: Random, unlock: Unlock | None = None) -> Identity:
    """Return the identity of `home`, which must be held; make one on the first start.

    Raises: IdentityMissing, IdentityLocked, WrongPassphrase, NotASeed, KeyFileDamaged, KeyFileExposed, Succession,
        StoreFull.
    """
    unlock = cache(unlock) if unlock is not None else None
    seeds = []
    for path in (home.seed_file, home.key_file):
        seed = read_seed(path, unlock)
        if seed is None:
            # Keys are written before the stores are made, so stores without keys have lost them.
            if home.state.exists():
                raise IdentityMissing(str(path))
            seed = random.token(SEED_BYTES)
            write_secret(path, seed)
        seeds.append(seed)
    seed, node_seed = seeds
    return Identity.of(seed, node_seed, former=tuple(_former(home, seed, unlock)))


def read_seed(path: Path, unlock: Unlock | None) -> bytes | None:
    """Return the seed in a file, opened with the passphrase where it is under one; None without the file.

    Raises: IdentityLocked, WrongPassphrase, NotASeed, KeyFileDamaged, KeyFileExposed.
    """
    found = read_secret(path, size_bytes_max=SEALED_BYTES)
    if found is None or len(found) == SEED_BYTES:
        return found
    if len(found) != SEALED_BYTES:
        raise KeyFileDamaged(path, SEED_BYTES, path.stat().st_size)
    if unlock is None:
        raise IdentityLocked(path)
    return open_seed(found, unlock())


def is_locked(home: Home) -> bool:
    """Tell whether the identity of `home` is under a passphrase. Raises: KeyFileExposed."""
    found = read_secret(home.seed_file, size_bytes_max=SEALED_BYTES)
    return found is not None and len(found) == SEALED_BYTES


def former_ids(home: Home) -> list[str]:
    """Return the ids of the keys that the person's took the place of."""
    return sorted(path.stem for path in home.former.glob("*.successor"))


def _former(home: Home, seed: bytes, unlock: Unlock | None) -> list[Former]:
    """Return each former key that leads to the one of `seed`, the first one first."""
    records: dict[bytes, tuple[Path, Successor]] = {}
    for path in sorted(home.former.glob("*.successor")):
        data = read_secret(path, size_bytes_max=RECORD_BYTES_MAX)
        assert data is not None
        record = Successor.decode(data).check()
        records[record.new] = (path, record)
    chain: list[Former] = []
    key = person_key(seed).public
    while key in records:
        path, record = records.pop(key)
        earlier = read_seed(path.with_suffix(".seed"), unlock)
        if earlier is not None and person_key(earlier).public != record.by:
            raise Succession(path)
        chain.append(Former(earlier, record))
        key = record.by
    return chain[::-1]


def adopt_seed(
    home: Home,
    seed: bytes,
    random: Random,
    *,
    replace: bool,
    unlock: Unlock | None = None,
) -> None:
    """Make `seed` the person of `home`, which must be held by nobody, with a new key for the node.

    Two nodes never share a node key: each signs a chain of its own. The same seed again changes nothing.

    Raises: HomeInUse. IdentityPresent: unless `replace`, when the folder has another identity; the old seed and key
        are kept beside the new ones. What `read_seed` does.
    """
    with home.held():
        present = read_seed(home.seed_file, unlock)
        if present == seed and home.key_file.exists():
            return
        if present is not None:
            person = id_text(person_key(present).id)
            if not replace:
                raise IdentityPresent(person)
            for path in (home.seed_file, home.key_file):
                old = read_secret(path, size_bytes_max=SEALED_BYTES)
                if old is not None:
                    write_secret(path.with_name(f"{path.name}.{person}"), old)
        write_secret(home.key_file, random.token(SEED_BYTES))
        write_secret(home.seed_file, seed)


@contextmanager
def _opened(home: Home, unlock: Unlock | None) -> Iterator[bytes]:
    """Hold `home` and give its seed. Raises: HomeInUse, IdentityMissing, what `read_seed` does."""
    with home.held():
        seed = read_seed(home.seed_file, unlock)
        if seed is None:
            raise IdentityMissing(str(home.seed_file))
        yield seed


def set_passphrase(home: Home, random: Random, passphrase: str | None, unlock: Unlock | None) -> None:
    """Put the seeds of the person under a passphrase, in place of the one before; or under none.

    The present seed comes last: broken off before, some of the former ones are under the new passphrase already.
    Raises: HomeInUse, IdentityMissing, what `read_seed` does, StoreFull.
    """
    unlock = cache(unlock) if unlock is not None else None
    with _opened(home, unlock) as seed:
        for former in _former(home, seed, unlock):
            if former.seed is not None:
                write_secret(_former_seed_file(home, former), _sealed(former.seed, random, passphrase))
        write_secret(home.seed_file, _sealed(seed, random, passphrase))


def _sealed(seed: bytes, random: Random, passphrase: str | None) -> bytes:
    if passphrase is None:
        return seed
    return seal_seed(seed, passphrase, salt=random.token(SALT_BYTES), nonce=random.token(NONCE_BYTES))


def rotate(home: Home, random: Random, clock: Clock, unlock: Unlock | None) -> tuple[str, bytes]:
    """Let a new key take the place of the person's; return the id of the old one, and the new seed.

    The old seed is kept until the node is opened next, and beyond that only if something private is under it
    (`forget_former`). The new one goes under the same passphrase.
    Raises: HomeInUse, IdentityMissing, what `read_seed` does, StoreFull.
    """
    unlock = cache(unlock) if unlock is not None else None
    with _opened(home, unlock) as seed:
        passphrase = unlock() if is_locked(home) and unlock is not None else None
        old, new_seed = person_key(seed), random.token(SEED_BYTES)
        record = Successor.make(old, person_key(new_seed), at=clock.now_ms())
        _keep_former(home, random, Former(seed, record), passphrase)
        write_secret(home.seed_file, _sealed(new_seed, random, passphrase))
    return id_text(old.id), new_seed


def _keep_former(home: Home, random: Random, former: Former, passphrase: str | None) -> None:
    path = _former_seed_file(home, former)
    if former.seed is not None:
        write_secret(path, _sealed(former.seed, random, passphrase))
    write_secret(path.with_suffix(".successor"), former.successor.encode())


def _former_seed_file(home: Home, former: Former) -> Path:
    return home.former / f"{id_text(key_id(former.key))}.seed"


def forget_former(home: Home, former: Iterable[Former], *, needed: Container[bytes]) -> None:
    """Remove the seeds of the keys that a person had before, but those of `needed`. Raises: StoreBroken."""
    for one in former:
        if one.seed is not None and one.key not in needed:
            remove_secret(_former_seed_file(home, one))


def learn_former(home: Home, random: Random, found: Iterable[Former], unlock: Unlock | None) -> None:
    """Keep former keys that came from elsewhere, in `home`, which must be held.

    Raises: what `read_seed` does, StoreFull.
    """
    passphrase = unlock() if is_locked(home) and unlock is not None else None
    for former in found:
        _keep_former(home, random, former, passphrase)
