"""Biscuits made again byte for byte: the library draws each block's key by chance, and here it follows from a seed.

Only what passports need of Biscuit's container: https://www.biscuitsec.org/docs/reference/specifications/.
"""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from nacl.signing import SigningKey

from leither.codec import varint
from leither.crypto import KeyPair

_BYTES = 2
_ED25519 = bytes(4)
"""The algorithm's number as it is signed: a little-endian u32, 0."""


@dataclass(frozen=True, slots=True)
class Container:
    """A Biscuit's blocks, each signed with the key that the one before announces."""

    blocks: tuple[bytes, ...]

    @classmethod
    def read(cls, token: str) -> "Container":
        """Return the blocks of a token that the library made."""
        found = []
        for number, value in _fields(base64.urlsafe_b64decode(token)):
            if number in (2, 3):
                fields = dict(_fields(value))
                assert fields.keys() == {1, 2, 3}, "a block with another version of the signature, or a third party's"
                found.append(fields[1])
        return cls(tuple(found))

    def signed(self, root: KeyPair, *, spoiled: int | None = None) -> str:
        """Return the token. `spoiled`: the number of a block whose signature is broken."""
        signer, made = SigningKey(root.secret), b""
        for index, block in enumerate(self.blocks):
            following = SigningKey(hashlib.sha256(b"block %d" % index).digest())
            public = following.verify_key.encode()
            signature = signer.sign(block + _ED25519 + public).signature
            if index == spoiled:
                signature = signature[:-1] + bytes([signature[-1] ^ 1])
            key = _field(1, 0) + _field(2, public)
            made += _field(3 if index else 2, _field(1, block) + _field(2, key) + _field(3, signature))
            signer = following
        return base64.urlsafe_b64encode(made + _field(4, _field(1, bytes(signer)))).decode()


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (number, bytes) of a protobuf message's fields of bytes."""
    at = 0
    while at < len(data):
        tag, at = varint.decode(data, at)
        value, at = varint.decode(data, at)
        if tag & 7 == _BYTES:
            yield tag >> 3, data[at : at + value]
            at += value


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint.encode(number << 3) + varint.encode(value)
    return varint.encode(number << 3 | _BYTES) + varint.encode(len(value)) + value
