"""IPNS names of MiMei: the record that says what is released, signed where the author's seed is.

A record's sequence is the number of the release, and below it a few bits for corrections of one release: so two nodes
of one author agree without asking each other, and whichever has seen the newer release wins. A node never signs a lower
sequence than it has signed, whatever became of the MiMei in between.
"""

from collections.abc import Sequence

import msgspec

from leither import limits
from leither.codec import Cid
from leither.crypto import KeyPair, MimeiId, parse_peer_id, peer_public_key
from leither.crypto.peer_id import NotAPeerId
from leither.ports import Clock, Network, View
from leither.ports.network_errors import ValueNotFound
from leither.service import tables
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.holding import Mimei, heads
from leither.service.publishing_keys import name_of, released_root
from leither.wire.ipns import BadIpnsRecord, IpnsRecord, ipns_key, read_ipns, sign_ipns

NAMESPACE = "ipns"
_PREFIX = b"/ipns/"
_SEQUENCE_LAST = (1 << 64) - 1


class NameRow(msgspec.Struct, frozen=True, array_like=True):
    """What was last said under a name. value: a path. record: its bytes. until_ms: until when it is valid."""

    sequence: int
    value: bytes
    record: bytes
    until_ms: int


_DECODER = msgspec.msgpack.Decoder(NameRow)


class NameValues:
    """Which IPNS records the DHT may hold here, and which of several is the newest. See `ports.network.Values`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def is_valid(self, key: bytes, value: bytes) -> bool:
        """Tell whether `value` is a record that counts under `key`. Names of other keys than Ed25519 are not kept."""
        return self._read(key, value) is not None

    def best(self, key: bytes, values: Sequence[bytes]) -> int:
        """Return which of several valid records is the newest: the highest sequence, then the longest validity."""
        ranks = [record.rank if record is not None else (-1, -1) for record in (self._read(key, v) for v in values)]
        return ranks.index(max(ranks))

    def _read(self, key: bytes, value: bytes) -> IpnsRecord | None:
        try:
            public = peer_public_key(parse_peer_id(key.removeprefix(_PREFIX)))
            if public is None or ipns_key(public) != key:
                return None
            return read_ipns(public, value, now_ms=self._clock.now_ms())
        except (NotAPeerId, BadIpnsRecord):
            return None


class Names:
    """The names of the MiMei held here."""

    def __init__(self, engines: Engines, network: Network) -> None:
        self._engines = engines
        self._network = network

    def says(self, view: View, mimei: MimeiId) -> bytes | None:
        """Return what this node last said under the name of a MiMei."""
        row = _row(view, mimei)
        return row.value if row is not None else None

    def put(self, held: Mimei) -> int:
        """Say in the DHT what is released; return how many peers took it.

        Where the author's seed is not here, and where another node of the author's knows a newer release, what the
        name says already is put again, so that it doesn't get lost. Raises: NetworkOff.
        """
        engines = self._engines
        public, root = name_of(engines, held), released_root(held)
        assert public is not None
        assert root is not None
        found = self._found(public)
        author = engines.persons.of_key(held.control.by)
        record = found[1] if found is not None else None
        if author is not None:
            if held.control.ipns != public:
                Catalog(engines).change_control(held.id, ipns=public)
            record = self._signed(held, root, author.name_key(held.id), found)
        return self._network.put_value(ipns_key(public), record) if record is not None else 0

    def _found(self, public: bytes) -> tuple[IpnsRecord, bytes] | None:
        try:
            value = self._network.get_value(ipns_key(public))
            return read_ipns(public, value, now_ms=self._engines.clock.now_ms()), value
        except (ValueNotFound, BadIpnsRecord):
            return None

    def _signed(self, held: Mimei, root: Cid, key: KeyPair, found: tuple[IpnsRecord, bytes] | None) -> bytes:
        """Return the record to put: the one there is, if it still says what is released, else a new one."""
        engines, now_ms = self._engines, self._engines.clock.now_ms()
        with engines.state.read() as view:
            row, turn = _row(view, held.id), _turn(engines, view, held)
        value = b"/ipfs/" + root.text.encode("ascii")
        is_said = row is not None and row.value == value
        known = row.sequence if row is not None else -1
        if found is not None and found[0].sequence > known:
            elsewhere, data = found
            if elsewhere.value == value or is_said or elsewhere.sequence >> limits.NAME_BUMPS_BITS > turn:
                return data
            known = elsewhere.sequence
        if row is not None and is_said and row.until_ms - now_ms > limits.NAME_VALID_S * 500:
            return row.record
        first = turn << limits.NAME_BUMPS_BITS
        sequence = known if is_said else min(max(first, known + 1), _SEQUENCE_LAST)
        until_ms = now_ms + limits.NAME_VALID_S * 1000
        record = IpnsRecord(value, sequence, until_ms * 1_000_000, limits.NAME_TTL_S * 1_000_000_000)
        new = NameRow(sequence, value, sign_ipns(key, record), until_ms)
        engines.state.write(lambda view: view.put(tables.NAMES + held.id, msgspec.msgpack.encode(new)))
        return new.record


def _row(view: View, mimei: MimeiId) -> NameRow | None:
    stored = view.get(tables.NAMES + mimei)
    return _DECODER.decode(stored) if stored is not None else None


def _turn(engines: Engines, view: View, held: Mimei) -> int:
    """Return the number of the release that stands."""
    turns = [head.release.turn for _, head, _ in heads(engines, view, held.id) if head.release is not None]
    return min(max(turns, default=0), _SEQUENCE_LAST >> limits.NAME_BUMPS_BITS)
