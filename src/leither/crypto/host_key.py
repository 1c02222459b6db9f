"""The key by which other nodes know this one, and the keys by which it knows them, in the form libp2p gives them.

What is signed with it carries libp2p's own prefixes, never `leither/`, so no signature counts for a record.
Source: libp2p specs, peer-ids/peer-ids.md.
"""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from leither.crypto.peer_id import PeerId, peer_id_of

RSA, ED25519, SECP256K1, ECDSA = 0, 1, 2, 3
KEY_KINDS = {RSA, ED25519, SECP256K1, ECDSA}
_RSA_BITS = range(2048, 8193)


class HostKey:
    """An Ed25519 key pair that stands for a node. Its secret never shows in `repr`."""

    __slots__ = ("_signing", "peer_id", "public")

    def __init__(self, seed: bytes) -> None:
        self._signing = SigningKey(seed)
        self.public: bytes = self._signing.verify_key.encode()
        self.peer_id: PeerId = peer_id_of(self.public)

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over `message`, which begins with a prefix of libp2p's."""
        return self._signing.sign(message).signature

    def __repr__(self) -> str:
        return f"HostKey({self.peer_id})"


def verify_host(kind: int, key: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether a peer's key signed `message`. `kind`: of the key, as libp2p numbers them. Never raises."""
    try:
        if kind == ED25519:
            VerifyKey(key).verify(message, signature)
            return True
        if kind == SECP256K1:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), key)
            point.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            return True
        loaded = load_der_public_key(key)
        if kind == RSA and isinstance(loaded, rsa.RSAPublicKey) and loaded.key_size in _RSA_BITS:
            loaded.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
            return True
        if kind == ECDSA and isinstance(loaded, ec.EllipticCurvePublicKey):
            loaded.verify(signature, message, ec.ECDSA(hashes.SHA256()))
            return True
    except (BadSignatureError, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return False
