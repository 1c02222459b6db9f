"""What this node holds for the DHT: values, and who provides what. Both in memory and bounded."""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from leither.limits import PROVIDERS_MAX
from leither.ports.network import Values
from leither.wire.kad_message import Contact


class RoutedValues:
    """Valid values by key; a better one takes the place of the one before."""

    def __init__(self, spaces: Mapping[str, Values], *, values_max: int) -> None:
        self._spaces = spaces
        self._values: OrderedDict[bytes, bytes] = OrderedDict()
        self._values_max = values_max

    def space(self, key: bytes) -> Values | None:
        """Return what knows which values are valid under a key `/namespace/…`, if anything does."""
        parts = key.split(b"/", 2)
        return self._spaces.get(parts[1].decode("ascii", "replace")) if len(parts) == 3 and not parts[0] else None

    def get(self, key: bytes) -> bytes | None:
        """Return the value under a key, unless it is no longer valid."""
        value, space = self._values.get(key), self.space(key)
        return value if value is not None and space is not None and space.is_valid(key, value) else None

    def put(self, key: bytes, value: bytes) -> bool:
        """Take a value, unless it is not valid or older than the one held; tell whether it was taken."""
        space = self.space(key)
        if space is None or not space.is_valid(key, value):
            return False
        held = self.get(key)
        if held is not None and held != value and space.best(key, [held, value]) == 0:
            return False
        self._values[key] = value
        self._values.move_to_end(key)
        while len(self._values) > self._values_max:
            self._values.popitem(last=False)
        return True


class Providers:
    """Who said that they have what a multihash names."""

    def __init__(self, now: Callable[[], float], *, lifetime_s: float, records_max: int) -> None:
        self._now = now
        self._lifetime_s = lifetime_s
        self._records_max = records_max
        self._records: OrderedDict[tuple[bytes, str], tuple[Contact, float]] = OrderedDict()
        self._by_key: dict[bytes, dict[str, None]] = {}

    def add(self, key: bytes, contact: Contact) -> None:
        """Remember a provider for a while. Of one key, and in all, the oldest give way."""
        peers = self._by_key.setdefault(key, {})
        if contact.peer not in peers and len(peers) >= PROVIDERS_MAX:
            self._drop(key, next(iter(peers)))
        self._by_key.setdefault(key, {})[contact.peer] = None
        self._records[key, contact.peer] = (contact, self._now() + self._lifetime_s)
        self._records.move_to_end((key, contact.peer))
        while len(self._records) > self._records_max:
            self._drop(*next(iter(self._records)))

    def of(self, key: bytes) -> list[Contact]:
        """Return the providers of a key that still count."""
        now, found = self._now(), list[Contact]()
        for peer in list(self._by_key.get(key, ())):
            contact, until = self._records[key, peer]
            if until < now:
                self._drop(key, peer)
            else:
                found.append(contact)
        return found

    def _drop(self, key: bytes, peer: str) -> None:
        del self._records[key, peer]
        peers = self._by_key[key]
        del peers[peer]
        if not peers:
            del self._by_key[key]
