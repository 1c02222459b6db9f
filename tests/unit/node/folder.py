"""Settings of a node in a folder of its own, as tests make them."""

from pathlib import Path

from leither.config import Settings, load


def settings(home: Path, **options: object) -> Settings:
    return load({"home": home, "port": 0, "redis_port": 0, **options}, environ={})
