"""What every use case works with: the ports, the node's identity, and decoded records kept at hand."""

import threading
from collections import defaultdict
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from leither.codec import Cid
from leither.crypto import EpochKey, KeyId, KeyPair, MimeiId, epoch_secret, person_key
from leither.merkle import NodeCache
from leither.mimei.control import Control
from leither.mimei.facts import facts_of
from leither.mimei.genesis import Genesis
from leither.mimei.record import Record
from leither.mimei.sealing import EpochKeyMissing, EpochKeys
from leither.people import Facts
from leither.people.revoked import Revoked
from leither.people.verdicts import Verdicts
from leither.ports import NOTHING_DENIED, Blocks, Clock, Denied, Lease, Random, State
from leither.service import decoy
from leither.service.events import Event, Events
from leither.service.granted import Granted
from leither.service.maps import OrderedMap
from leither.service.persons import Former, Persons
from leither.service.private import PrivateBlocks
from leither.service.sealed_blocks import SealedBlocks

R = TypeVar("R", bound=Record)
_RECORDS_CACHED = 4096
_PRIVATE_OPEN_MAX = 64
_PRIVATE_RECORDS_CACHED = 256
"""Of each private MiMei that is open, apart from the others."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose node this is: the person's seed and key, and the node's own key, which writes for the person.

    former: what they had before it, the first one first.
    """

    seed: bytes = field(repr=False)
    person: KeyPair
    node: KeyPair
    former: tuple[Former, ...] = ()

    @classmethod
    def of(cls, seed: bytes, node_seed: bytes, *, former: tuple[Former, ...] = ()) -> "Identity":
        """Return the identity of a person's seed on the node with this key seed (32 bytes each)."""
        return cls(seed, person_key(seed), KeyPair(node_seed), former)


class Engines:
    """Ports, identity and caches, shared by all services of one node. Thread-safe."""

    def __init__(
        self,
        *,
        blocks: Blocks,
        state: State,
        clock: Clock,
        random: Random,
        identity: Identity,
        denied: Denied = NOTHING_DENIED,
    ) -> None:
        self.root = self
        """The same for all MiMei of the node; this differs from it only within a private MiMei."""
        self.blocks = blocks
        self.state = state
        self.clock = clock
        self.random = random
        self.identity = identity
        self.denied = denied
        self.persons = Persons(identity.seed, former=identity.former)
        self.granted = Granted(state)
        self.verdicts = Verdicts()
        self.events = Events(self._hear)
        self._nodes = NodeCache()
        self._locks: defaultdict[bytes, threading.RLock] = defaultdict(threading.RLock)
        self._locks_guard = threading.Lock()
        self.facts = lru_cache(maxsize=_RECORDS_CACHED)(self._facts)
        """What decides who may do what, by the CIDs of a genesis and a control and the user it belongs to."""
        self._read_record = lru_cache(maxsize=_RECORDS_CACHED)(self._read_record_uncached)
        self.private = lru_cache(maxsize=_PRIVATE_OPEN_MAX)(self._private)
        """What works within a private MiMei, by its id and its author's key. Raises: EpochKeyMissing."""

    def _private(self, mimei: MimeiId, author: bytes) -> "Engines":
        person = self.persons.of_key(author)
        if person is None:
            raise EpochKeyMissing(0)
        keys = EpochKeys((EpochKey(epoch_secret(person.seed, mimei, 0), 0),))
        within = copy(self)
        within.blocks = PrivateBlocks(self.blocks, SealedBlocks(self.blocks, self.state, mimei, keys))
        within.facts = lru_cache(maxsize=_PRIVATE_RECORDS_CACHED)(within._facts)
        within._read_record = lru_cache(maxsize=_PRIVATE_RECORDS_CACHED)(within._read_record_uncached)
        return within

    def _hear(self, event: Event) -> None:
        if event.what != "change":
            self.granted.forget()

    def lock(self, mimei: MimeiId) -> threading.RLock:
        """Return the lock of one MiMei's history: backup, merge, restore and control changes hold it."""
        with self._locks_guard:
            return self._locks[mimei]

    def map(self, root: Cid, salt: bytes, lease: Lease | None = None) -> OrderedMap:
        """Return the ordered map at `root`; with a lease, one that can write."""
        return OrderedMap.open(root, salt, self.blocks, self._nodes, lease)

    def empty_map(self, salt: bytes, lease: Lease) -> OrderedMap:
        """Return an ordered map with nothing in it, stored through `lease`."""
        return OrderedMap.empty(salt, self.blocks, self._nodes, lease)

    def record(self, kind: type[R], cid: Cid) -> R:
        """Return the record of `kind` stored at `cid`. Raises: BlockMissing, BlockMismatch, NotARecord."""
        found = self._read_record(kind, cid)
        assert isinstance(found, kind)
        return found

    def _read_record_uncached(self, kind: type[Record], cid: Cid) -> Record:
        return kind.decode(decoy.RECORDS.get(cid) or self.blocks.get(cid))

    def _facts(self, genesis: Cid, control: Cid, user: KeyId | None) -> Facts:
        topic, standing = self.record(Genesis, genesis), self.record(Control, control)
        revoked = Revoked(standing.revoked, self.blocks.get, self._nodes)
        author = self.persons.of_key(topic.author)
        own = author is not None and author.user == user
        later = self.persons.later_keys(topic.author)
        return replace(facts_of(topic, standing, revoked=revoked, successors=later, own=own), user=user)
