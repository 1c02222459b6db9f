"""All commands by name."""

from importlib import import_module
from types import MappingProxyType
from typing import Final

from leither.db.command import CARRIED_OUT, Command

_MODULES: Final = ("counter", "expiry", "hash", "key", "object_info", "scan", "string")
for _name in _MODULES:
    import_module(f"leither.db.{_name}")

COMMANDS: Final[MappingProxyType[str, Command]] = MappingProxyType(CARRIED_OUT)
"""Every command of a database, by its name in lower case. Importing a module declares its commands."""
