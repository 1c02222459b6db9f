"""A peer's public key as it travels, and the id that follows from it.

    message PublicKey { required KeyType Type = 1; required bytes Data = 2; }

Source: libp2p specs, peer-ids/peer-ids.md.
"""

import hashlib
from dataclasses import dataclass

from leither.crypto.host_key import ED25519, KEY_KINDS, verify_host
from leither.crypto.peer_id import PeerId, parse_peer_id, peer_public_key
from leither.wire.protobuf import BadProtobuf, bytes_field, fields

_INLINE_BYTES_MAX = 42
_KEY_BYTES_MAX = 2048


@dataclass(frozen=True, slots=True)
class PeerKey:
    """A public key of a kind that libp2p numbers; `encoded` is the protobuf that its id is made of."""

    kind: int
    data: bytes

    @property
    def encoded(self) -> bytes:
        """The bytes that travel. The kind stands there even if it is 0, as ids are made of them."""
        return b"\x08" + bytes((self.kind,)) + bytes_field(2, self.data)

    @property
    def peer_id(self) -> PeerId:
        """Who has this key."""
        encoded = self.encoded
        if len(encoded) <= _INLINE_BYTES_MAX:
            return parse_peer_id(b"\0" + bytes((len(encoded),)) + encoded)
        return parse_peer_id(b"\x12\x20" + hashlib.sha256(encoded).digest())

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Tell whether this key signed `message`."""
        return verify_host(self.kind, self.data, message, signature)


def ed25519_key(public: bytes) -> PeerKey:
    """Return an Ed25519 key of 32 bytes as it travels."""
    return PeerKey(ED25519, public)


def key_in(peer: PeerId) -> PeerKey | None:
    """Return the key that a peer id holds, if it does."""
    public = peer_public_key(peer)
    return None if public is None else ed25519_key(public)


def parse_peer_key(data: bytes | memoryview) -> PeerKey:
    """Return the key in a PublicKey message. Raises: BadProtobuf."""
    kind, key = 0, b""
    for number, value in fields(memoryview(data)):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, memoryview):
            key = bytes(value)
    if kind not in KEY_KINDS or not 0 < len(key) <= _KEY_BYTES_MAX or (kind == ED25519 and len(key) != 32):
        raise BadProtobuf(f"public key of kind {kind} and {len(key):,} bytes")
    return PeerKey(kind, key)
