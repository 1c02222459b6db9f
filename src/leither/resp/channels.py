"""Channels of one MiMei: who listens, and telling them. Only the event loop's thread touches them."""

from collections.abc import Iterator
from typing import Protocol

from leither.db.glob import Glob, PatternTooHard
from leither.resp.reply import Push


class Listener(Protocol):
    """A connection that takes messages."""

    def push(self, message: Push) -> None:
        """Send a message, or drop the connection that does not read."""


class Channels:
    """Subscriptions to channels and to patterns of channel names."""

    def __init__(self) -> None:
        self.by_name: dict[bytes, dict[Listener, None]] = {}
        self.by_pattern: dict[bytes, dict[Listener, None]] = {}

    def __bool__(self) -> bool:
        return bool(self.by_name or self.by_pattern)

    def add(self, listener: Listener, name: bytes, *, pattern: bool) -> None:
        """Let `listener` hear the channel, or those whose name matches."""
        (self.by_pattern if pattern else self.by_name).setdefault(name, {})[listener] = None

    def remove(self, listener: Listener, name: bytes, *, pattern: bool) -> None:
        """Let `listener` hear it no longer."""
        table = self.by_pattern if pattern else self.by_name
        listeners = table.get(name, {})
        listeners.pop(listener, None)
        if not listeners:
            table.pop(name, None)

    def names(self, pattern: bytes | None) -> list[bytes]:
        """Return the channels somebody hears, those that match `pattern` if there is one."""
        return [name for name in self.by_name if pattern is None or _matches(pattern, name)]

    def publish(self, name: bytes, message: bytes) -> int:
        """Tell everyone who listens, and return how many did."""
        told = 0
        for listener in list(self.by_name.get(name, ())):
            listener.push(Push((b"message", name, message)))
            told += 1
        for pattern, listener in list(self._matching(name)):
            listener.push(Push((b"pmessage", pattern, name, message)))
            told += 1
        return told

    def _matching(self, name: bytes) -> Iterator[tuple[bytes, Listener]]:
        for pattern, listeners in self.by_pattern.items():
            if _matches(pattern, name):
                for listener in listeners:
                    yield pattern, listener


def _matches(pattern: bytes, name: bytes) -> bool:
    try:
        return Glob(pattern).matches(name)
    except PatternTooHard:
        # Only who subscribed to it goes without; a publisher can't help it.
        return False
