"""Where blocks and state are kept: memory, pack files, LMDB. The object-store adapter is `leither.store.s3`."""

from leither.store.disk import Disk, StoreBroken, StoreFull
from leither.store.frame import PackVersionUnknown
from leither.store.layers import TooManyReaders
from leither.store.lmdb_file import StateDamaged
from leither.store.lmdb_state import LmdbState
from leither.store.lock import StoreClosed, StoreInUse
from leither.store.memory_blocks import MemoryBlocks
from leither.store.memory_state import MemoryState
from leither.store.pack_blocks import PackBlocks
from leither.store.pack_open import Damage
from leither.store.state_bounds import StateKeyEmpty, StateKeyTooLong, StateValueTooLong

__all__ = [
    "Damage",
    "Disk",
    "LmdbState",
    "MemoryBlocks",
    "MemoryState",
    "PackBlocks",
    "PackVersionUnknown",
    "StateDamaged",
    "StateKeyEmpty",
    "StateKeyTooLong",
    "StateValueTooLong",
    "StoreBroken",
    "StoreClosed",
    "StoreFull",
    "StoreInUse",
    "TooManyReaders",
]
