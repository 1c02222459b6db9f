"""Leither: a personal cloud whose data units keep their id, their versions and their owner."""

__version__ = "0.1.0"
