"""The handshake by which two peers prove their keys to each other, and the frames that carry everything after it.

Noise_XX_25519_ChaChaPoly_SHA256; each side signs its Noise key with the key its peer id is made of. Both may name the
multiplexers they speak in what is encrypted already, which saves a round trip. Chance comes in as arguments.
Source: noiseprotocol.org/noise.html; libp2p specs, noise/README.md.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.errors import PeerError
from leither.wire.peer_key import ed25519_key, parse_peer_key
from leither.wire.protobuf import BadProtobuf, bytes_field, fields

PROTOCOL = "/noise"
FRAME_BYTES_MAX = 65_535
_NAME = b"Noise_XX_25519_ChaChaPoly_SHA256"
_SIGNED = b"noise-libp2p-static-key:"
_TAG_BYTES = 16
_PLAIN_BYTES_MAX = FRAME_BYTES_MAX - _TAG_BYTES
_KEY_BYTES = 32
_MUXERS_MAX = 16


class HandshakeFailed(PeerError):
    """Who is at the other end did not prove who they are."""

    code = "handshake-failed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the handshake with another node failed: {reason}; the connection is closed")


class _Cipher:
    """One direction, from one key."""

    __slots__ = ("_aead", "_count")

    def __init__(self, key: bytes) -> None:
        self._aead = ChaCha20Poly1305(key)
        self._count = 0

    def _nonce(self) -> bytes:
        nonce = b"\0\0\0\0" + self._count.to_bytes(8, "little")
        self._count += 1
        return nonce

    def encrypt(self, plain: bytes | memoryview, about: bytes | None = None) -> bytes:
        return self._aead.encrypt(self._nonce(), plain, about)

    def decrypt(self, sealed: bytes | memoryview, about: bytes | None = None) -> bytes:
        try:
            return self._aead.decrypt(self._nonce(), sealed, about)
        except InvalidTag:
            raise HandshakeFailed("a frame was changed on its way, or made with another key") from None


@dataclass(frozen=True, slots=True)
class Secured:
    """What a handshake ends in. muxers: what both speak, the initiator's favourite first; empty if not said."""

    peer: PeerId
    muxers: tuple[str, ...]
    sending: _Cipher
    receiving: _Cipher

    def frames(self, data: bytes | memoryview) -> Iterator[bytes]:
        """Yield `data` as encrypted frames with their lengths."""
        view = memoryview(data)
        for start in range(0, len(view), _PLAIN_BYTES_MAX):
            sealed = self.sending.encrypt(view[start : start + _PLAIN_BYTES_MAX])
            yield len(sealed).to_bytes(2, "big")
            yield sealed


class Handshake:
    """One side of one handshake. Feed it frames without their lengths; it says what to send, likewise."""

    def __init__(
        self, key: HostKey, *, initiator: bool, static: bytes, ephemeral: bytes, muxers: Sequence[str] = ()
    ) -> None:
        """`static` and `ephemeral`: 32 bytes each that nobody can guess, used for this handshake alone."""
        self._key = key
        self._initiator = initiator
        self._muxers = tuple(muxers)
        self._static = X25519PrivateKey.from_private_bytes(static)
        self._ephemeral = X25519PrivateKey.from_private_bytes(ephemeral)
        self._their_ephemeral: X25519PublicKey | None = None
        self._chain = self._hash = _NAME
        self._cipher: _Cipher | None = None
        self._mix_hash(b"")
        self._step: Callable[[memoryview], bytes | None] = self._read_second if initiator else self._read_first
        self.secured: Secured | None = None
        """Set when the handshake is over on this side."""

    def start(self) -> bytes:
        """Return the initiator's first frame."""
        assert self._initiator
        first = self._ephemeral.public_key().public_bytes_raw()
        self._mix_hash(first)
        self._mix_hash(b"")
        return first

    def receive(self, frame: bytes | memoryview) -> bytes | None:
        """Take the other side's next frame; return what answers it. Raises: HandshakeFailed."""
        assert self.secured is None
        try:
            return self._step(memoryview(frame))
        except (BadProtobuf, ValueError) as error:
            raise HandshakeFailed(str(error)) from None

    def _read_first(self, frame: memoryview) -> bytes:
        self._take_ephemeral(frame[:_KEY_BYTES])
        self._mix_hash(bytes(frame[_KEY_BYTES:]))
        own = self._ephemeral.public_key().public_bytes_raw()
        self._mix_hash(own)
        self._mix_key(self._ephemeral, self._their_ephemeral)
        static = self._seal(self._static.public_key().public_bytes_raw())
        self._mix_key(self._static, self._their_ephemeral)
        self._step = self._read_third
        return own + static + self._seal(self._payload())

    def _read_second(self, frame: memoryview) -> bytes:
        self._take_ephemeral(frame[:_KEY_BYTES])
        self._mix_key(self._ephemeral, self._their_ephemeral)
        end = 2 * _KEY_BYTES + _TAG_BYTES
        static = self._open(frame[_KEY_BYTES:end])
        theirs = X25519PublicKey.from_public_bytes(static)
        self._mix_key(self._ephemeral, theirs)
        peer, muxers = self._check(self._open(frame[end:]), static)
        own = self._seal(self._static.public_key().public_bytes_raw())
        self._mix_key(self._static, self._their_ephemeral)
        answer = own + self._seal(self._payload())
        self._finish(peer, tuple(muxer for muxer in self._muxers if muxer in muxers))
        return answer

    def _read_third(self, frame: memoryview) -> None:
        end = _KEY_BYTES + _TAG_BYTES
        static = self._open(frame[:end])
        self._mix_key(self._ephemeral, X25519PublicKey.from_public_bytes(static))
        peer, muxers = self._check(self._open(frame[end:]), static)
        self._finish(peer, tuple(muxer for muxer in muxers if muxer in self._muxers))

    def _take_ephemeral(self, key: memoryview) -> None:
        self._their_ephemeral = X25519PublicKey.from_public_bytes(bytes(key))
        self._mix_hash(bytes(key))

    def _payload(self) -> bytes:
        signature = self._key.sign(_SIGNED + self._static.public_key().public_bytes_raw())
        extensions = b"".join(bytes_field(2, muxer.encode()) for muxer in self._muxers)
        payload = bytes_field(1, ed25519_key(self._key.public).encoded) + bytes_field(2, signature)
        return payload + (bytes_field(4, extensions) if extensions else b"")

    def _check(self, payload: bytes, static: bytes) -> tuple[PeerId, list[str]]:
        """Return who signed the Noise key, and the multiplexers they speak."""
        encoded, signature, muxers = b"", b"", []
        for number, value in fields(memoryview(payload)):
            if number == 1 and isinstance(value, memoryview):
                encoded = bytes(value)
            elif number == 2 and isinstance(value, memoryview):
                signature = bytes(value)
            elif number == 4 and isinstance(value, memoryview):
                found = [bytes(each) for inner, each in fields(value) if inner == 2 and isinstance(each, memoryview)]
                muxers = [each.decode("ascii", "replace") for each in found[:_MUXERS_MAX]]
        key = parse_peer_key(encoded)
        if not key.verify(_SIGNED + static, signature):
            raise HandshakeFailed("the key of the connection is not signed by the key of the node")
        return key.peer_id, muxers

    def _finish(self, peer: PeerId, muxers: tuple[str, ...]) -> None:
        first, second = (_Cipher(key) for key in _derive(self._chain, b""))
        sending, receiving = (first, second) if self._initiator else (second, first)
        self.secured = Secured(peer, muxers, sending, receiving)

    def _mix_hash(self, data: bytes) -> None:
        self._hash = sha256(self._hash + data).digest()

    def _mix_key(self, own: X25519PrivateKey, theirs: X25519PublicKey | None) -> None:
        assert theirs is not None
        self._chain, key = _derive(self._chain, own.exchange(theirs))
        self._cipher = _Cipher(key)

    def _seal(self, plain: bytes) -> bytes:
        assert self._cipher is not None
        sealed = self._cipher.encrypt(plain, self._hash)
        self._mix_hash(sealed)
        return sealed

    def _open(self, sealed: memoryview) -> bytes:
        assert self._cipher is not None
        plain = self._cipher.decrypt(sealed, self._hash)
        self._mix_hash(bytes(sealed))
        return plain


def _derive(chain: bytes, material: bytes) -> tuple[bytes, bytes]:
    """Return two keys. Source: the Noise Protocol Framework, section 4.3 (HKDF)."""
    temporary = hmac.digest(chain, material, "sha256")
    first = hmac.digest(temporary, b"\x01", "sha256")
    return first, hmac.digest(temporary, first + b"\x02", "sha256")
