"""All commands by name."""

from importlib import import_module
from types import MappingProxyType
from typing import Final

from leither.db.command import CARRIED_OUT, Command

_MODULES: Final = (
    "bit",
    "bitfield",
    "counter",
    "expiry",
    "hash",
    "key",
    "lcs",
    "list",
    "list_move",
    "list_pop",
    "list_search",
    "object_info",
    "scan",
    "set",
    "set_algebra",
    "sort",
    "string",
    "zset",
    "zset_algebra",
    "zset_pop",
    "zset_range",
)
for _name in _MODULES:
    import_module(f"leither.db.{_name}")

COMMANDS: Final[MappingProxyType[str, Command]] = MappingProxyType(CARRIED_OUT)
"""Every command of a database, by its name in lower case. Importing a module declares its commands."""
