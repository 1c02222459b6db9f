"""Peer ids: how libp2p names the key of a node.

An Ed25519 key's id is the identity multihash of its protobuf form, so the id holds the whole key: base58 text that
begins with `12D3KooW`. Ids of other keys are hashes, and are only passed on.
Source: libp2p specs, peer-ids/peer-ids.md.
"""

from typing import NewType

from leither.crypto.base58 import base58, parse_base58
from leither.crypto.public import KEY_BYTES
from leither.errors import InputError

PeerId = NewType("PeerId", str)
"""The base58 text of a peer id."""

_ED25519_HEAD = bytes.fromhex("002408011220")
"""Identity multihash of 36 bytes: a PublicKey of type 1 (Ed25519) with 32 bytes of data."""
_SHA256_HEAD = bytes.fromhex("1220")
_TEXT_MAX = 64


class NotAPeerId(InputError):
    """The text or bytes name no peer."""

    code = "not-a-peer-id"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(
            f"{self.given!r} is not a peer id: expected the base58 text that `leither peers` prints, which begins with "
            "12D3KooW for most peers and Qm for some"
        )


def peer_id_of(public_key: bytes) -> PeerId:
    """Return the peer id of an Ed25519 public key (32 bytes)."""
    assert len(public_key) == KEY_BYTES
    return PeerId(base58(_ED25519_HEAD + public_key))


def peer_public_key(peer: PeerId) -> bytes | None:
    """Return the Ed25519 key that the id holds, or None if it is the hash of another kind of key."""
    data = peer_id_bytes(peer)
    return data[len(_ED25519_HEAD) :] if data.startswith(_ED25519_HEAD) else None


def peer_id_bytes(peer: PeerId) -> bytes:
    """Return the multihash that the id's text stands for."""
    found = parse_base58(peer)
    assert found is not None
    return found


def parse_peer_id(given: str | bytes) -> PeerId:
    """Return the peer id that a text or a multihash names. Raises: NotAPeerId."""
    if isinstance(given, bytes):
        data, shown = given, given.hex()
    else:
        shown = given
        data = (parse_base58(given) if len(given) <= _TEXT_MAX else None) or b""
    whole = (data.startswith(_ED25519_HEAD) and len(data) == len(_ED25519_HEAD) + KEY_BYTES) or (
        data.startswith((_SHA256_HEAD, b"\0\x25")) and len(data) == data[1] + 2
    )
    if not whole:
        raise NotAPeerId(shown)
    return PeerId(base58(data))
