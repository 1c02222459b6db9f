"""Keyspace notifications of one database. Source: the Redis documentation, Keyspace notifications."""

from leither.resp.channels import Channels

_LETTERS = b"KEg$lshzxetdmnA"
_ALL = b"g$lshzxetd"
_PREFIX = b"__%b@0__:%b"
Change = tuple[str, str, bytes]
"""A change of a key: Redis' class letter, the event's name, the key."""


class Notices:
    """Which events are told on the database's channels, and the telling. They are told to connections, not kept."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._wanted: frozenset[int] = frozenset()

    @property
    def on(self) -> bool:
        """Whether any event is told."""
        return bool(self._wanted)

    def set(self, letters: bytes) -> bool:
        """Choose the events by Redis' letters; tell whether all letters are known."""
        if set(letters) - set(_LETTERS):
            return False
        self._wanted = frozenset(letters.replace(b"A", _ALL))
        return True

    @property
    def text(self) -> bytes:
        """The letters, the shortest way, in Redis' order."""
        left = self._wanted
        found = b""
        if left.issuperset(_ALL):
            found, left = b"A", left - set(_ALL)
        return found + bytes(letter for letter in b"g$lshzxetdKEmn" if letter in left)

    def tell(self, changes: list[Change]) -> None:
        """Publish those of wanted classes."""
        wanted, channels = self._wanted, self._channels
        if not wanted or not channels:
            return
        for letter, name, key in changes:
            if ord(letter) not in wanted:
                continue
            event = name.encode()
            if 0x4B in wanted:
                channels.publish(_PREFIX % (b"keyspace", key), event)
            if 0x45 in wanted:
                channels.publish(_PREFIX % (b"keyevent", event), key)
