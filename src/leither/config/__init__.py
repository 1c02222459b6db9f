"""Settings: where they come from, and what they can be."""

from leither.config.settings import (
    PREFIX,
    SETTINGS,
    BadConfigFile,
    BadSetting,
    HostNotLoopback,
    Settings,
    UnknownSetting,
    edited,
    load,
)
from leither.config.values import LAN, TLS_WAYS

__all__ = [
    "LAN",
    "PREFIX",
    "SETTINGS",
    "TLS_WAYS",
    "BadConfigFile",
    "BadSetting",
    "HostNotLoopback",
    "Settings",
    "UnknownSetting",
    "edited",
    "load",
]
