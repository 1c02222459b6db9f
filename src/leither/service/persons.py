"""The people whose seeds this node holds, its owner and its users: only with a seed is signed for its person."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from leither.crypto import KeyId, KeyPair, MimeiId, id_text, map_salt, name_key, person_key, topic_salt
from leither.errors import DeniedError, NotFound
from leither.people import Principal
from leither.people.successor import Successor


class UserNotFound(NotFound):
    """No user of that id is on this node."""

    code = "user-not-found"

    def __init__(self, user: str) -> None:
        self.user = user[:100]
        super().__init__(f"no user {self.user!r} is on this node; `leither user list` shows who is")


class UserLocked(DeniedError):
    """The seed of a user is under their passphrase, which nobody gave since the node started."""

    code = "user-locked"

    def __init__(self, user: KeyId) -> None:
        self.user = id_text(user)
        super().__init__(
            f"the identity of {self.user} is under a passphrase that was not given since this node started; "
            "`leither user unlock` takes it, and so does signing in with the recovery words"
        )


@dataclass(frozen=True, slots=True)
class Former:
    """A key that a person had before, by what it and the next one signed when that took its place.

    seed: what it was derived from, kept only while something private is under it.
    """

    seed: bytes | None = field(repr=False)
    successor: Successor

    @property
    def key(self) -> bytes:
        """The whole key."""
        return self.successor.by


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose seed is here. `user`: their id among the users, None for the node's owner.

    former: the keys that theirs took the place of, the first one first.
    """

    seed: bytes = field(repr=False)
    key: KeyPair
    user: KeyId | None
    former: tuple[Former, ...] = ()

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Their whole keys, the present one first, then those before it, the newest first."""
        return (self.key.public, *(former.key for former in reversed(self.former)))

    def succession(self, public: bytes) -> tuple[bytes, ...]:
        """Return the records that lead from one of their keys to the present one, the first one first."""
        later = self.keys.index(public)
        return tuple(former.successor.encode() for former in self.former[len(self.former) - later :])

    def seed_of(self, public: bytes) -> bytes | None:
        """Return the seed of one of their keys, or None if it is not kept."""
        if public == self.key.public:
            return self.seed
        return next((former.seed for former in self.former if former.key == public), None)

    def map_salt(self, mimei: MimeiId) -> bytes:
        """Return the salt of a MiMei that this person authors."""
        return map_salt(self.seed, mimei)

    def name_key(self, mimei: MimeiId) -> KeyPair:
        """Return the key pair of the IPNS name of a MiMei that this person authors."""
        return name_key(self.seed, mimei)

    def topic_salt(self, topic: bytes) -> bytes:
        """Return the salt of the private MiMei of a topic, which is its genesis without one, encoded."""
        return topic_salt(self.seed, topic)


class Persons:
    """The people of one node. Thread-safe."""

    def __init__(self, owner_seed: bytes, *, former: tuple[Former, ...] = ()) -> None:
        self.owner = Person(owner_seed, person_key(owner_seed), None, former)
        self._by_key = dict.fromkeys(self.owner.keys, self.owner)
        self._by_user: dict[KeyId | None, Person] = {None: self.owner}
        self._unsigned: set[KeyId] = set()
        self._locked: set[KeyId] = set()
        self._guard = threading.Lock()

    def admit(self, seed: bytes, *, user: KeyId | None = None, former: tuple[Former, ...] = ()) -> Person:
        """Take in a user by their seed, in place of one they had before. `user`: their id, by default that of the key.

        The owner stays who they are.
        """
        key = person_key(seed)
        person = Person(seed, key, user or key.id, former)
        with self._guard:
            if key.public in self.owner.keys:
                return self.owner
            self._forget(person.user)
            self._by_key |= dict.fromkeys(person.keys, person)
            self._by_user[person.user] = person
            return person

    def dismiss(self, user: KeyId) -> None:
        """Forget a user's seed. Nothing happens if they are not here."""
        with self._guard:
            self._forget(user)

    def _forget(self, user: KeyId | None) -> None:
        assert user is not None
        self._unsigned.discard(user)
        self._locked.discard(user)
        gone = self._by_user.pop(user, None)
        for key in gone.keys if gone is not None else ():
            del self._by_key[key]

    def of_key(self, public: bytes) -> Person | None:
        """Return the person whose whole key this is, or was before; None if their seed is not here."""
        return self._by_key.get(public)

    def of_present_key(self, public: bytes) -> Person | None:
        """Return the person who signs with this whole key now; None if their seed is not here."""
        found = self._by_key.get(public)
        return found if found is not None and found.key.public == public else None

    def of_user(self, user: KeyId | None) -> Person:
        """Return a user, or the owner for None. Raises: UserNotFound, UserLocked."""
        found = self._by_user.get(user)
        if found is None:
            assert user is not None
            raise UserLocked(user) if user in self._locked else UserNotFound(id_text(user))
        return found

    def seeds_of(self, user: KeyId | None) -> tuple[bytes, ...]:
        """Return the seeds that are kept of a user, or the owner, the present one first; none if they are not here."""
        found = self._by_user.get(user)
        if found is None:
            return ()
        return (found.seed, *(former.seed for former in reversed(found.former) if former.seed is not None))

    @property
    def has_users(self) -> bool:
        """Whether anybody but the owner is here, with a seed or without."""
        return len(self._by_user) > 1 or bool(self._unsigned or self._locked)

    def note_seedless(self, user: KeyId) -> None:
        """Take note of a user whose seed is lost: what is theirs stays theirs, and nobody signs for them."""
        with self._guard:
            self._unsigned.add(user)

    def note_locked(self, user: KeyId) -> None:
        """Take note of a user whose seed is under a passphrase: nobody signs for them until it was given."""
        with self._guard:
            self._locked.add(user)

    def keys_of(self, principal: Principal) -> tuple[bytes, ...]:
        """Return the whole keys of who asks: those that were shown, or those of a resident, whose seed is here."""
        if principal.keys or not principal.is_resident:
            return principal.keys
        found = self._by_user.get(principal.user)
        return found.keys if found is not None else ()

    def users(self) -> Iterable[Person]:
        """Return the users, without the owner."""
        return [person for person in list(self._by_user.values()) if person.user is not None]
