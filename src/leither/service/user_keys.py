"""The seeds of users: admitted when the node starts, put under passphrases of their own, replaced by new ones.

A seed is kept by the id of its key, so a new one stands beside the old until the user's row names it. One that is under
a passphrase is opened once the user has given it, or their words; until then nobody signs for them.
"""

import threading

import msgspec

from leither.crypto import KeyId, id_text, key_id, open_seed, person_key, seal_seed, write_phrase
from leither.crypto.former_seed import open_former_seed, seal_former_seed
from leither.crypto.seedfile import NONCE_BYTES, SALT_BYTES, SEALED_BYTES
from leither.errors import Conflict
from leither.people import Successor
from leither.ports import Seeds, Transaction
from leither.service.engines import Engines
from leither.service.persons import Former, Person, UserNotFound
from leither.service.succession import needed_keys, succeed
from leither.service.user_rows import UserRow, all_users, put_user, read_user

_SEED_BYTES = 32


class SeedUnderPassphrase(Conflict):
    """The identity is under a passphrase, and its new form must be too."""

    code = "seed-under-passphrase"

    def __init__(self) -> None:
        super().__init__("your identity is under a passphrase, and the new key goes under the same; give it too")


class SeedLost(Conflict):
    """The seed of a user is not on this node."""

    code = "seed-lost"

    def __init__(self, user: KeyId) -> None:
        self.user = id_text(user)
        super().__init__(f"the seed of {self.user} is not on this node; sign in with your recovery words once")


class UserKeys:
    """The seeds of one node's users. Thread-safe."""

    def __init__(self, engines: Engines, seeds: Seeds) -> None:
        self._engines = engines
        self.seeds = seeds
        self._one_at_a_time = threading.Lock()
        """Held while a passphrase is tried, which takes 64 MiB, and while a seed is replaced."""

    def admit_all(self) -> None:
        """Take in everybody who is a user and whose seed is here and open. To be called once, before anybody asks.

        Raises: KeyFileDamaged, KeyFileExposed.
        """
        with self._engines.state.read() as view:
            here = dict(all_users(view))
        seeds = self.seeds.all()
        for user, row in here.items():
            seed = seeds.get(key_id(row.key))
            if seed is None:
                self._engines.persons.note_seedless(user)
            elif len(seed) == SEALED_BYTES:
                self._engines.persons.note_locked(user)
            else:
                self.admit(user, row, seed)

    def admit(self, user: KeyId, row: UserRow, seed: bytes) -> Person:
        """Let the node sign for a user from now on."""
        former = []
        for record, sealed in zip(row.former, row.former_seeds, strict=True):
            successor = Successor.decode(record)
            former.append(Former(open_former_seed(sealed, seed, key_id(successor.by)), successor))
        person = self._engines.persons.admit(seed, user=user, former=tuple(former))
        self._engines.forget_people()
        succeed(self._engines, user)
        return person

    def unlock(self, user: KeyId, passphrase: str) -> None:
        """Open a user's seed. Nothing happens if it is open. Raises: UserNotFound, SeedLost, WrongPassphrase."""
        with self._one_at_a_time:
            row = self._row(user)
            self.admit(user, row, self._opened(user, row, passphrase))

    def set_passphrase(self, user: KeyId, passphrase: str | None) -> None:
        """Keep a user's seed under a passphrase, in place of the one before; or in clear.

        Raises: UserNotFound, UserLocked, StoreFull.
        """
        with self._one_at_a_time:
            person = self._engines.persons.of_user(user)
            self.seeds.put(person.key.id, self._form(person.seed, passphrase))

    def rotate(self, user: KeyId, passphrase: str | None) -> tuple[Person, str]:
        """Let a new key take the place of a user's; return them, and their new recovery words.

        Raises: UserNotFound, UserLocked, SeedUnderPassphrase, WrongPassphrase, StoreFull.
        """
        engines = self._engines
        with self._one_at_a_time:
            person, row = engines.persons.of_user(user), self._row(user)
            stored = self.seeds.all().get(person.key.id, b"")
            if len(stored) == SEALED_BYTES:
                if passphrase is None:
                    raise SeedUnderPassphrase
                open_seed(stored, passphrase)
            seed = engines.random.token(_SEED_BYTES)
            new = person_key(seed)
            record = Successor.make(person.key, new, at=engines.clock.now_ms())
            former = (*person.former, Former(person.seed, record))
            self.seeds.put(new.id, self._form(seed, passphrase if len(stored) == SEALED_BYTES else None))
            row = self._keep(user, seed, former)
            self.admit(user, row, seed)
            needed = needed_keys(engines, user)
            kept = tuple(Former(one.seed if one.key in needed else None, one.successor) for one in former)
            row = self._keep(user, seed, kept)
            self.seeds.remove(person.key.id)
            return self.admit(user, row, seed), write_phrase(seed)

    def is_locked(self, user: KeyId) -> bool:
        """Tell whether a user's seed is kept under a passphrase."""
        return len(self.seeds.all().get(key_id(self._row(user).key), b"")) == SEALED_BYTES

    def _row(self, user: KeyId) -> UserRow:
        with self._engines.state.read() as view:
            row = read_user(view, user)
        if row is None:
            raise UserNotFound(id_text(user))
        return row

    def _opened(self, user: KeyId, row: UserRow, passphrase: str) -> bytes:
        stored = self.seeds.all().get(key_id(row.key))
        if stored is None:
            raise SeedLost(user)
        return open_seed(stored, passphrase) if len(stored) == SEALED_BYTES else stored

    def _form(self, seed: bytes, passphrase: str | None) -> bytes:
        if passphrase is None:
            return seed
        random = self._engines.random
        return seal_seed(seed, passphrase, salt=random.token(SALT_BYTES), nonce=random.token(NONCE_BYTES))

    def _keep(self, user: KeyId, seed: bytes, former: tuple[Former, ...]) -> UserRow:
        def change(transaction: Transaction) -> UserRow:
            row = read_user(transaction, user)
            if row is None:
                raise UserNotFound(id_text(user))
            row = with_former(msgspec.structs.replace(row, key=person_key(seed).public), seed, former)
            put_user(transaction, user, row)
            return row

        return self._engines.state.write(change)


def with_former(row: UserRow, seed: bytes, former: tuple[Former, ...]) -> UserRow:
    """Return the row of a user whose present seed and former keys these are."""
    return msgspec.structs.replace(
        row,
        former=tuple(one.successor.encode() for one in former),
        former_seeds=tuple(b"" if one.seed is None else seal_former_seed(one.seed, seed) for one in former),
    )
