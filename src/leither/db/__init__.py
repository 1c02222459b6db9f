"""The Redis data model over an ordered map, as commands without I/O, clock or dice of their own."""

from leither.db.command import Command
from leither.db.cursor import Cursors
from leither.db.declaration import Declaration
from leither.db.describing import Described, describe
from leither.db.dispatch import execute, find
from leither.db.foreign import BadDatabaseEntry, check_entry
from leither.db.key_position import keys_of
from leither.db.layout import DERIVED, FIRST, LAST, user_key
from leither.db.memory import MemorySpace
from leither.db.merging import derive_head, restamp, rewrite
from leither.db.object_info import memory_usage
from leither.db.refusal import CommandRefused, Refusal, UnknownCommand, WrongArity, WrongType
from leither.db.refused import REFUSED
from leither.db.reply import NIL_ARRAY, OK, Map, Members, NilArray, Pairs, Reply, Simple, Wait, format_double
from leither.db.space import Entries, Space
from leither.db.sweep import expired_keys, remove_expired, sweep_place
from leither.db.table import COMMANDS

__all__ = [
    "COMMANDS",
    "DERIVED",
    "FIRST",
    "LAST",
    "NIL_ARRAY",
    "OK",
    "REFUSED",
    "BadDatabaseEntry",
    "Command",
    "CommandRefused",
    "Cursors",
    "Declaration",
    "Described",
    "Entries",
    "Map",
    "Members",
    "MemorySpace",
    "NilArray",
    "Pairs",
    "Refusal",
    "Reply",
    "Simple",
    "Space",
    "UnknownCommand",
    "Wait",
    "WrongArity",
    "WrongType",
    "check_entry",
    "derive_head",
    "describe",
    "execute",
    "expired_keys",
    "find",
    "format_double",
    "keys_of",
    "memory_usage",
    "remove_expired",
    "restamp",
    "rewrite",
    "sweep_place",
    "user_key",
]
