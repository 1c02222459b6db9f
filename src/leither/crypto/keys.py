r"""Ed25519 keys: a person's, derived from their seed, and a node's own.

Signatures are over `"leither/<kind>/1\0"` followed by the record's canonical bytes without its signature, so that a
signature made for one kind of record never counts for another.
"""

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from leither.crypto.derive import hkdf
from leither.crypto.ids import KeyId, key_id

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class KeyPair:
    """An Ed25519 key pair. Its secret never shows in `repr`."""

    __slots__ = ("_signing", "id", "public")

    def __init__(self, seed: bytes) -> None:
        self._signing = SigningKey(seed)
        self.public: bytes = self._signing.verify_key.encode()
        self.id: KeyId = key_id(self.public)

    def sign(self, kind: str, message: bytes) -> bytes:
        """Return the 64-byte signature over `message` as a record of `kind`."""
        return self._signing.sign(domain(kind) + message).signature

    def sign_bare(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message` as it is, for a format of others that brings its own prefix."""
        return self._signing.sign(message).signature

    @property
    def secret(self) -> bytes:
        """The 32-byte private key, for a library that signs a format of its own with it."""
        return bytes(self._signing)

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public.hex()})"


def domain(kind: str) -> bytes:
    """Return what stands before the bytes that are signed for a record of `kind`."""
    return f"leither/{kind}/1\0".encode("ascii")


def verify(public_key: bytes, kind: str, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is `public_key`'s over `message` as a record of `kind`. Never raises on bad bytes."""
    return verify_bare(public_key, domain(kind) + message, signature)


def verify_bare(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is `public_key`'s over `message` as it is. Never raises on bad bytes."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        VerifyKey(public_key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def person_key(seed: bytes) -> KeyPair:
    """Return the key pair of the person whose 32-byte seed this is."""
    return KeyPair(hkdf(seed, purpose="leither/person/1"))


def topic_salt(seed: bytes, topic: bytes) -> bytes:
    """Return the 16-byte salt of a private MiMei's genesis. `topic`: the same genesis without a salt, encoded."""
    return hkdf(seed, purpose="leither/topic-salt/1", context=topic, size_bytes=16)


def map_salt(seed: bytes, mimei: bytes) -> bytes:
    """Return the 16-byte salt of a MiMei's ordered maps: the same wherever the seed is, unknown elsewhere."""
    return hkdf(seed, purpose="leither/map-salt/1", context=mimei, size_bytes=16)


def name_key(seed: bytes, mimei: bytes) -> KeyPair:
    """Return the key pair whose IPNS name stands for the release of a MiMei: the same wherever the seed is."""
    return KeyPair(hkdf(seed, purpose="leither/ipns/1", context=mimei))
