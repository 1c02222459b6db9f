"""Messages of Bitswap 1.2: what one peer wants, has, and sends. Source: specs.ipfs.tech/bitswap-protocol.

    message Message {
      message Wantlist {
        enum WantType { Block = 0; Have = 1; }
        message Entry {
          bytes block = 1;  int32 priority = 2;  bool cancel = 3;  WantType wantType = 4;  bool sendDontHave = 5;
        }
        repeated Entry entries = 1;  bool full = 2;
      }
      message Block { bytes prefix = 1;  bytes data = 2; }
      enum BlockPresenceType { Have = 0; DontHave = 1; }
      message BlockPresence { bytes cid = 1;  BlockPresenceType type = 2; }
      Wantlist wantlist = 1;  repeated bytes blocks = 2;  repeated Block payload = 3;
      repeated BlockPresence blockPresences = 4;  int32 pendingBytes = 5;
    }

A block is asked for, and answered, by a CID in the very form that the asker wrote: a version 0 CID and its version 1
name the same block, and the peer that wrote one does not know the other. So a `Name` is those bytes.
"""

from dataclasses import dataclass
from typing import NewType

from leither import limits
from leither.codec import CID_BYTES, DAG_PB, Cid, NotACid, varint
from leither.codec.cid import CODECS
from leither.codec.foreign import AnyCid, parse_binary
from leither.wire.protobuf import BadProtobuf, Value, bytes_field, bytes_head, fields, number_field

PROTOCOL = "/ipfs/bitswap/1.2.0"
PROTOCOLS = (PROTOCOL, "/ipfs/bitswap/1.1.0", "/ipfs/bitswap/1.0.0")
"""What is read, the newest first. The first two are written alike: who speaks the second passes over presences."""

Name = NewType("Name", bytes)
"""A CID as a peer wrote it."""

_HAVE = 1
_DONT_HAVE = 1
_V0_HEAD = b"\x12\x20"
_V0_BYTES = 34
_V0_PREFIX = b"\0\x70\x12\x20"
_PREFIX_BYTES = 4
_CODEC_OF_PREFIX = {bytes((1, codec, 0x12, 0x20)): codec for codec in CODECS} | {_V0_PREFIX: DAG_PB}
_FIELD_BYTES_MAX = 16
"""What a field of a message adds to the bytes in it, at the most."""


@dataclass(frozen=True, slots=True)
class Want:
    """A block that a peer wants, or wants no more. `only_have`: it asks whether the block is there."""

    name: Name
    priority: int = 1
    cancel: bool = False
    only_have: bool = False
    send_dont_have: bool = False


@dataclass(frozen=True, slots=True)
class Payload:
    """A block that a peer sends: the first bytes of its CID, up to the digest, and its data, not yet checked."""

    prefix: bytes
    data: bytes

    def cid(self) -> Cid | None:
        """Return the CID that the data has; None where its codec or hash is not one of ours. Cost: one SHA-256."""
        codec = _CODEC_OF_PREFIX.get(self.prefix)
        return None if codec is None else Cid.of(codec, self.data)


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `full`: the wants are all that the peer wants, and what it wanted before no longer counts."""

    wants: tuple[Want, ...] = ()
    full: bool = False
    payload: tuple[Payload, ...] = ()
    haves: tuple[Name, ...] = ()
    dont_haves: tuple[Name, ...] = ()
    pending_bytes: int = 0


def name_of(cid: Cid) -> Name:
    """Return the name by which this node asks for a block: its CID of version 1."""
    return Name(bytes(cid))


def names_of(cid: Cid) -> tuple[Name, ...]:
    """Return the names by which others may ask for a block."""
    v0 = (Name(_V0_HEAD + cid.digest),) if cid.codec == DAG_PB else ()
    return (name_of(cid), *v0)


def parse_name(name: Name) -> AnyCid | None:
    """Return the CID that is named; None where it is none."""
    if len(name) == CID_BYTES and name[:_PREFIX_BYTES] in _CODEC_OF_PREFIX:
        return Cid(name)
    try:
        return parse_binary(name)
    except (NotACid, varint.BadVarint):
        return None


def payload_for(name: Name, data: bytes) -> Payload:
    """Return the block of one of our CIDs as the peer that asked for `name` will know it."""
    is_v0 = len(name) == _V0_BYTES and name[:2] == _V0_HEAD
    return Payload(_V0_PREFIX if is_v0 else name[:_PREFIX_BYTES], data)


def payload_bytes(size_bytes: int) -> int:
    """Return how many bytes of a message a block of this size takes, at the most."""
    return size_bytes + _PREFIX_BYTES + 2 * _FIELD_BYTES_MAX


def encode(message: Message) -> bytes:
    """Return the message's bytes. Cost: one copy of all blocks."""
    entries = b"".join(bytes_field(1, _entry(want)) for want in message.wants)
    parts = []
    if entries or message.full:
        parts.append(bytes_field(1, entries + number_field(2, message.full)))
    for block in message.payload:
        head = bytes_field(1, block.prefix) + bytes_head(2, len(block.data))
        parts += (bytes_head(3, len(head) + len(block.data)), head, block.data)
    parts += (bytes_field(4, bytes_field(1, name)) for name in message.haves)
    parts += (bytes_field(4, bytes_field(1, name) + number_field(2, _DONT_HAVE)) for name in message.dont_haves)
    parts.append(number_field(5, message.pending_bytes))
    return b"".join(parts)


def _entry(want: Want) -> bytes:
    return b"".join(
        (
            bytes_field(1, want.name),
            number_field(2, want.priority % (1 << 64)),
            number_field(3, want.cancel),
            number_field(4, _HAVE if want.only_have else 0),
            number_field(5, want.send_dont_have),
        )
    )


def decode(data: bytes) -> Message:
    """Return the message in `data`, with lists of at most limits.BITSWAP_ENTRIES_MAX. Fields not known are passed over.

    Raises: BadProtobuf. Cost: O(bytes), one copy of the blocks; none is hashed.
    """
    if len(data) > limits.BITSWAP_MESSAGE_BYTES_MAX:
        raise BadProtobuf(f"{len(data):,} bytes, over the limit of {limits.BITSWAP_MESSAGE_BYTES_MAX:,}")
    wants: list[Want] = []
    payload: list[Payload] = []
    presences: tuple[list[Name], list[Name]] = ([], [])
    full, pending = False, 0
    for count, (number, value) in enumerate(fields(memoryview(data))):
        if count >= limits.BITSWAP_ENTRIES_MAX:
            raise BadProtobuf(f"more than {limits.BITSWAP_ENTRIES_MAX:,} blocks and presences")
        match number:
            case 1:
                listed, full = _decode_wantlist(_within(value))
                wants += listed
                if len(wants) > limits.BITSWAP_ENTRIES_MAX:
                    raise BadProtobuf(f"more than {limits.BITSWAP_ENTRIES_MAX:,} wants")
            case 2:
                # Bitswap 1.0: the block alone, whose CID is of version 0.
                payload.append(Payload(_V0_PREFIX, _block(_within(value))))
            case 3:
                payload.append(_decode_payload(_within(value)))
            case 4:
                name, lacks = _decode_presence(_within(value))
                presences[lacks].append(name)
            case 5:
                pending = _number(value)
    return Message(tuple(wants), full, tuple(payload), tuple(presences[False]), tuple(presences[True]), pending)


def _decode_wantlist(message: memoryview) -> tuple[list[Want], bool]:
    wants: list[Want] = []
    full = False
    for number, value in fields(message):
        if number == 1:
            wants.append(_decode_entry(_within(value)))
            if len(wants) > limits.BITSWAP_ENTRIES_MAX:
                raise BadProtobuf(f"more than {limits.BITSWAP_ENTRIES_MAX:,} wants")
        elif number == 2:
            full = bool(_number(value))
    return wants, full


def _decode_entry(message: memoryview) -> Want:
    name: Name | None = None
    numbers = [0, 0, 0, 0, 0, 0]
    for number, value in fields(message):
        if number == 1:
            name = _name(value)
        elif number <= 5:
            numbers[number] = _number(value)
    if name is None:
        raise BadProtobuf("a want without a CID")
    priority = numbers[2] & 0xFFFFFFFF
    return Want(
        name,
        priority - (1 << 32) if priority >> 31 else priority,
        bool(numbers[3]),
        numbers[4] == _HAVE,
        bool(numbers[5]),
    )


def _decode_payload(message: memoryview) -> Payload:
    prefix = data = b""
    for number, value in fields(message):
        if number == 1:
            within = _within(value)
            if len(within) > limits.BITSWAP_CID_BYTES_MAX:
                raise BadProtobuf(f"a prefix of {len(within):,} bytes")
            prefix = bytes(within)
        elif number == 2:
            data = _block(_within(value))
    return Payload(prefix, data)


def _decode_presence(message: memoryview) -> tuple[Name, bool]:
    name: Name | None = None
    lacks = False
    for number, value in fields(message):
        if number == 1:
            name = _name(value)
        elif number == 2:
            lacks = _number(value) == _DONT_HAVE
    if name is None:
        raise BadProtobuf("a presence without a CID")
    return name, lacks


def _block(data: memoryview) -> bytes:
    if len(data) > limits.BLOCK_BYTES_MAX:
        raise BadProtobuf(f"a block of {len(data):,} bytes, over the limit of {limits.BLOCK_BYTES_MAX:,}")
    return bytes(data)


def _name(value: Value) -> Name:
    within = _within(value)
    if not 0 < len(within) <= limits.BITSWAP_CID_BYTES_MAX:
        raise BadProtobuf(f"a CID of {len(within):,} bytes")
    return Name(bytes(within))


def _within(value: Value) -> memoryview:
    if isinstance(value, int):
        raise BadProtobuf("a number where bytes are expected")
    return value


def _number(value: Value) -> int:
    if not isinstance(value, int):
        raise BadProtobuf("bytes where a number is expected")
    return value
