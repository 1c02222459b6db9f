"""Where blocks and state are kept: memory, pack files, LMDB. The object-store adapter is `leither.store.s3`."""

from leither.store.disk import Disk, StoreBroken, StoreFull
from leither.store.lmdb_file import StateDamaged
from leither.store.lmdb_state import LmdbState, TooManyReaders
from leither.store.lock import StoreClosed, StoreInUse
from leither.store.memory_state import MemoryState
from leither.store.state_bounds import StateKeyEmpty, StateKeyTooLong, StateValueTooLong

__all__ = [
    "Disk",
    "LmdbState",
    "MemoryState",
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
