"""The people whose seeds this node holds, its owner and its users: only with a seed is signed for its person."""

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from leither.crypto import KeyId, KeyPair, MimeiId, map_salt, name_key, person_key, topic_salt
from leither.errors import NotFound
from leither.people import Principal
from leither.people.successor import Successor


class UserNotFound(NotFound):
    """No user of that id is on this node."""

    code = "user-not-found"

    def __init__(self, user: str) -> None:
        self.user = user[:100]
        super().__init__(f"no user {self.user!r} is on this node; `leither user list` shows who is")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose seed is here. `user`: their id among the users, None for the node's owner."""

    seed: bytes = field(repr=False)
    key: KeyPair
    user: KeyId | None

    def map_salt(self, mimei: MimeiId) -> bytes:
        """Return the salt of a MiMei that this person authors."""
        return map_salt(self.seed, mimei)

    def name_key(self, mimei: MimeiId) -> KeyPair:
        """Return the key pair of the IPNS name of a MiMei that this person authors."""
        return name_key(self.seed, mimei)

    def topic_salt(self, topic: bytes) -> bytes:
        """Return the salt of the private MiMei of a topic, which is its genesis without one, encoded."""
        return topic_salt(self.seed, topic)


@dataclass(frozen=True, slots=True)
class Former:
    """A seed that the owner had before, and what both keys signed when the next one took its place."""

    seed: bytes = field(repr=False)
    successor: Successor


class Persons:
    """The people of one node. Thread-safe."""

    def __init__(self, owner_seed: bytes, *, former: tuple[Former, ...] = ()) -> None:
        key = person_key(owner_seed)
        self.owner = Person(owner_seed, key, None)
        self.former = tuple(Person(one.seed, person_key(one.seed), None) for one in former)
        """The owner under the keys that theirs took the place of, the first one first; these go on signing for what
        was made with them."""
        self._by_key = {person.key.public: person for person in (*self.former, self.owner)}
        self._by_user: dict[KeyId | None, Person] = {None: self.owner}
        self._unsigned: set[KeyId] = set()
        self._guard = threading.Lock()

    def admit(self, seed: bytes) -> Person:
        """Take in a user by their seed; one who is there already stays as they are."""
        key = person_key(seed)
        with self._guard:
            known = self._by_key.get(key.public)
            if known is None:
                known = self._by_key[key.public] = self._by_user[key.id] = Person(seed, key, key.id)
            return known

    def dismiss(self, user: KeyId) -> None:
        """Forget a user's seed. Nothing happens if they are not here."""
        with self._guard:
            self._unsigned.discard(user)
            gone = self._by_user.pop(user, None)
            if gone is not None:
                del self._by_key[gone.key.public]

    def of_key(self, public: bytes) -> Person | None:
        """Return the person whose whole key this is, or None if their seed is not here."""
        return self._by_key.get(public)

    def of_user(self, user: KeyId | None) -> Person:
        """Return a user, or the owner for None. Raises: UserNotFound."""
        found = self._by_user.get(user)
        if found is None:
            assert user is not None
            raise UserNotFound(user.hex())
        return found

    def later_keys(self, public: bytes) -> tuple[bytes, ...]:
        """Return the keys that took the place of a key of the owner's."""
        keys = [person.key.public for person in (*self.former, self.owner)]
        return tuple(keys[keys.index(public) + 1 :]) if public in keys else ()

    @property
    def has_users(self) -> bool:
        """Whether anybody but the owner is here, with a seed or without."""
        return len(self._by_user) > 1 or bool(self._unsigned)

    def note_seedless(self, user: KeyId) -> None:
        """Take note of a user whose seed is lost: what is theirs stays theirs, and nobody signs for them."""
        with self._guard:
            self._unsigned.add(user)

    def keys_of(self, principal: Principal) -> tuple[bytes, ...]:
        """Return the whole keys of who asks: those that were shown, or that of a resident, whose seed is here."""
        if principal.keys or not principal.is_resident:
            return principal.keys
        found = self._by_user.get(principal.user)
        return (found.key.public,) if found is not None else ()

    def users(self) -> Iterable[Person]:
        """Return the users, without the owner."""
        return [person for person in list(self._by_user.values()) if person.user is not None]
