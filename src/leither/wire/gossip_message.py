"""What peers of gossipsub tell each other: who hears what, messages, and who has which of them.

    message RPC { repeated SubOpts subscriptions = 1; repeated Message publish = 2; ControlMessage control = 3; }
    message SubOpts { bool subscribe = 1; string topicid = 2; }
    message Message { bytes from = 1; bytes data = 2; bytes seqno = 3; string topic = 4; bytes signature = 5;
        bytes key = 6; }
    message ControlMessage { repeated IHave ihave = 1; repeated IWant iwant = 2; repeated Graft graft = 3;
        repeated Prune prune = 4; }

Source: libp2p specs, pubsub/README.md and gossipsub/gossipsub-v1.1.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes
from leither.limits import GOSSIP_IDS_MAX, GOSSIP_ITEMS_MAX, TOPIC_BYTES_MAX, TOPIC_MESSAGE_BYTES_MAX
from leither.wire.peer_key import PeerKey, key_in, parse_peer_key
from leither.wire.protobuf import BadProtobuf, Value, bytes_field, fields, number_field

PROTOCOLS = ("/meshsub/1.1.0", "/meshsub/1.0.0")
_SIGNED = b"libp2p-pubsub:"
_SEQUENCE_BYTES_MAX = 32
_ID_BYTES_MAX = 128


@dataclass(frozen=True, slots=True)
class Post:
    """A signed message on a topic. key: the author's, where their id doesn't hold it."""

    author: PeerId
    data: bytes
    sequence: bytes
    topic: str
    signature: bytes = b""
    key: PeerKey | None = None

    @property
    def id(self) -> bytes:
        """What names it: its author and their number for it."""
        return peer_id_bytes(self.author) + self.sequence

    @property
    def _unsigned(self) -> bytes:
        return (
            bytes_field(1, peer_id_bytes(self.author))
            + bytes_field(2, self.data)
            + bytes_field(3, self.sequence)
            + bytes_field(4, self.topic.encode())
        )

    def encode(self) -> bytes:
        """Return the message."""
        key = b"" if self.key is None else bytes_field(6, self.key.encoded)
        return self._unsigned + bytes_field(5, self.signature) + key

    def is_authentic(self) -> bool:
        """Tell whether its author signed it. Cost: a signature check."""
        key = key_in(self.author) or self.key
        return key is not None and key.peer_id == self.author and key.verify(_SIGNED + self._unsigned, self.signature)

    @classmethod
    def sign(cls, key: HostKey, topic: str, data: bytes, sequence: bytes) -> "Post":
        """Return a message of our own."""
        plain = cls(key.peer_id, data, sequence, topic)
        return cls(key.peer_id, data, sequence, topic, key.sign(_SIGNED + plain._unsigned))


@dataclass(slots=True)
class Rpc:
    """One message between two peers of gossipsub."""

    subscriptions: list[tuple[str, bool]] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    have: dict[str, list[bytes]] = field(default_factory=dict)
    want: list[bytes] = field(default_factory=list)
    graft: list[str] = field(default_factory=list)
    prune: list[tuple[str, int]] = field(default_factory=list)
    """Topics, and seconds for which not to graft again."""

    def __bool__(self) -> bool:
        return any((self.subscriptions, self.posts, self.have, self.want, self.graft, self.prune))

    def encode(self) -> bytes:
        """Return the message."""
        parts = [
            bytes_field(1, number_field(1, subscribed) + bytes_field(2, topic.encode()))
            for topic, subscribed in self.subscriptions
        ]
        parts += [bytes_field(2, post.encode()) for post in self.posts]
        control = [
            bytes_field(1, bytes_field(1, topic.encode()) + b"".join(bytes_field(2, each) for each in ids))
            for topic, ids in self.have.items()
        ]
        if self.want:
            control.append(bytes_field(2, b"".join(bytes_field(1, each) for each in self.want)))
        control += [bytes_field(3, bytes_field(1, topic.encode())) for topic in self.graft]
        control += [
            bytes_field(4, bytes_field(1, topic.encode()) + number_field(3, backoff_s))
            for topic, backoff_s in self.prune
        ]
        if control:
            parts.append(bytes_field(3, b"".join(control)))
        return b"".join(parts)


def parse_rpc(data: bytes) -> Rpc:
    """Return the message in `data`; what exceeds a bound is left out. Raises: BadProtobuf."""
    rpc = Rpc()
    for number, value in fields(memoryview(data)):
        if not isinstance(value, memoryview):
            continue
        if number == 1 and len(rpc.subscriptions) < GOSSIP_ITEMS_MAX:
            found = dict(fields(value))
            rpc.subscriptions.append((_topic(found.get(2)), bool(found.get(1, 0))))
        elif number == 2 and len(rpc.posts) < GOSSIP_ITEMS_MAX:
            rpc.posts.append(_post(value))
        elif number == 3:
            _control(rpc, value)
    return rpc


def _control(rpc: Rpc, data: memoryview) -> None:
    for count, (number, value) in enumerate(fields(data)):
        if count >= GOSSIP_ITEMS_MAX:
            return
        if not isinstance(value, memoryview):
            continue
        if number == 1:
            topic = _topic(next((each for inner, each in fields(value) if inner == 1), None))
            rpc.have.setdefault(topic, []).extend(_ids(value, 2))
        elif number == 2:
            rpc.want += _ids(value, 1)
        elif number == 3:
            rpc.graft.append(_topic(dict(fields(value)).get(1)))
        elif number == 4:
            found = dict(fields(value))
            backoff = found.get(3, 0)
            rpc.prune.append((_topic(found.get(1)), backoff if isinstance(backoff, int) else 0))


def _ids(data: memoryview, wanted: int) -> Iterator[bytes]:
    count = 0
    for number, value in fields(data):
        if number == wanted and isinstance(value, memoryview) and len(value) <= _ID_BYTES_MAX:
            count += 1
            if count > GOSSIP_IDS_MAX:
                return
            yield bytes(value)


def _topic(value: Value | None) -> str:
    if not isinstance(value, memoryview) or len(value) > TOPIC_BYTES_MAX:
        raise BadProtobuf(f"a topic that is absent or longer than {TOPIC_BYTES_MAX} bytes")
    try:
        return bytes(value).decode()
    except UnicodeDecodeError:
        raise BadProtobuf("a topic that is no text") from None


def _post(data: memoryview) -> Post:
    found = {number: value for number, value in fields(data) if isinstance(value, memoryview)}
    empty = memoryview(b"")
    body, sequence = found.get(2, empty), found.get(3, empty)
    if len(body) > TOPIC_MESSAGE_BYTES_MAX or len(sequence) > _SEQUENCE_BYTES_MAX:
        raise BadProtobuf(f"a message of {len(body):,} bytes on a topic; at most {TOPIC_MESSAGE_BYTES_MAX:,} are taken")
    try:
        author = parse_peer_id(bytes(found.get(1, empty)))
    except NotAPeerId:
        raise BadProtobuf("a message on a topic without an author") from None
    key = parse_peer_key(found[6]) if 6 in found else None
    return Post(author, bytes(body), bytes(sequence), _topic(found.get(4)), bytes(found.get(5, empty)), key)
