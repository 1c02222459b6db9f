"""What every use case works with: the ports, the node's identity, and decoded records kept at hand."""

import threading
from collections import defaultdict
from copy import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from leither import limits
from leither.codec import Cid
from leither.crypto import KeyId, KeyPair, MimeiId, person_key
from leither.merkle import NodeCache
from leither.mimei.control import Control
from leither.mimei.facts import facts_of
from leither.mimei.genesis import Genesis
from leither.mimei.record import Record
from leither.mimei.sealing import EpochKeys
from leither.people import Facts
from leither.people.revoked import Revoked
from leither.people.verdicts import Verdicts
from leither.ports import NOTHING_DENIED, Blocks, Clock, Denied, Lease, Random, State
from leither.service import decoy
from leither.service.audit import Audit
from leither.service.events import Event, Events
from leither.service.file_blocks import FileBlocks
from leither.service.granted import Granted
from leither.service.maps import OrderedMap
from leither.service.persons import Former, Persons
from leither.service.private import PrivateBlocks
from leither.service.rings import Naming, open_for, rings_of
from leither.service.sealed_blocks import SealedBlocks
from leither.service.sweeps import Sweeps

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
        cache_bytes: int = limits.CACHE_BYTES,
    ) -> None:
        self.cache_bytes = cache_bytes
        """How much of files that are on demand may be here."""
        self.root = self
        """The same for all MiMei of the node; this differs from it only within a private MiMei."""
        self.blocks = blocks
        self.file_blocks = FileBlocks(blocks)
        self.state = state
        self.clock = clock
        self.random = random
        self.identity = identity
        self.denied = denied
        self.persons = Persons(identity.seed, former=identity.former)
        self.granted = Granted(state)
        self.verdicts = Verdicts()
        self.audit = Audit(state, clock, self.granted)
        self.events = Events(self._hear)
        self.sweeps = Sweeps()
        self._nodes = NodeCache()
        self._locks: defaultdict[bytes, threading.RLock] = defaultdict(threading.RLock)
        self._locks_guard = threading.Lock()
        self.facts = lru_cache(maxsize=_RECORDS_CACHED)(self._facts)
        """What decides who may do what, by the CIDs of a genesis and a control and the user it belongs to."""
        self._read_record = lru_cache(maxsize=_RECORDS_CACHED)(self._read_record_uncached)
        self._with_seed = lru_cache(maxsize=_PRIVATE_OPEN_MAX)(self._open_with_seed)
        self._with_rings = lru_cache(maxsize=_PRIVATE_OPEN_MAX)(self._open_with_rings)

    def private(self, mimei: MimeiId, control: Control, user: KeyId | None) -> "Engines":
        """Return what works within a private MiMei that belongs to a user, or to the owner.

        The seed that its author had at first opens it, if that is here, else the key rings that its control names and
        the seeds of `user`.
        Raises: EpochKeyMissing, RingRefused, NotARecord, BadSignature, BlockMissing.
        """
        if self._seed_of(control.author) is not None:
            return self._with_seed(mimei, control.author, control.key_epoch or 0)
        return self._with_rings(mimei, Naming.of(control), user)

    def forget_people(self) -> None:
        """Find anew whose is what, and who opens it: somebody's seed came, or went."""
        self.facts.cache_clear()
        self._with_seed.cache_clear()
        self._with_rings.cache_clear()

    def _open_with_seed(self, mimei: MimeiId, author: bytes, epoch: int) -> "Engines":
        seed = self._seed_of(author)
        assert seed is not None
        return self._within(mimei, EpochKeys.of_author(seed, mimei, epoch))

    def _seed_of(self, author: bytes) -> bytes | None:
        person = self.persons.of_key(author)
        return person.seed_of(author) if person is not None else None

    def _open_with_rings(self, mimei: MimeiId, named: Naming, user: KeyId | None) -> "Engines":
        rings = rings_of(self.blocks.get, mimei, named)
        return self._within(mimei, open_for(rings, self.persons.seeds_of(user), named.epoch))

    def _within(self, mimei: MimeiId, keys: EpochKeys) -> "Engines":
        within = copy(self)
        within.blocks = PrivateBlocks(self.blocks, SealedBlocks(self.blocks, self.state, mimei, keys))
        within.file_blocks = FileBlocks(within.blocks)
        within.facts = lru_cache(maxsize=_PRIVATE_RECORDS_CACHED)(within._facts)
        within._read_record = lru_cache(maxsize=_PRIVATE_RECORDS_CACHED)(within._read_record_uncached)
        return within

    def _hear(self, event: Event) -> None:
        if event.what not in ("change", "ended"):
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
        own = author is not None and author.user == user and standing.by in author.keys
        return replace(facts_of(topic, standing, revoked=revoked, own=own), user=user)
