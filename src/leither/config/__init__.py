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
from leither.config.values import LAN, REACHES, TLS_WAYS

__all__ = [
    "LAN",
    "PREFIX",
    "REACHES",
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
