"""Content identifiers: CIDv1 with SHA2-256, for the three codecs the project stores.

A `Cid` is its own 36 binary bytes: version 1, codec, 0x12, 0x20, digest. Source: multiformats/cid, multicodec table.
"""

import base64
import hashlib
from typing import ClassVar, Self

from leither.errors import InputError

RAW = 0x55
DAG_PB = 0x70
DAG_CBOR = 0x71
CODECS = {RAW: "raw", DAG_PB: "dag-pb", DAG_CBOR: "dag-cbor"}

CID_BYTES = 36
_PREFIX = {codec: bytes((1, codec, 0x12, 0x20)) for codec in CODECS}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class NotACid(InputError):
    """The text or bytes are not a CID this node understands."""

    code = "not-a-cid"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:100]
        self.reason = reason
        super().__init__(
            f"{self.given!r} is not a usable CID: {reason}; expected CIDv1 sha2-256 (raw, dag-pb, dag-cbor) or CIDv0"
        )


class Cid(bytes):
    """A binary CIDv1. Build with `of`, `parse` or `read`; the bare constructor trusts its 36 bytes."""

    __slots__ = ()
    BYTES: ClassVar[int] = CID_BYTES

    @classmethod
    def of(cls, codec: int, block: bytes | memoryview) -> Self:
        """Return the CID of `block` under `codec`. Cost: one SHA-256 of the block."""
        return cls(_PREFIX[codec] + hashlib.sha256(block).digest())

    @classmethod
    def from_digest(cls, codec: int, digest: bytes) -> Self:
        """Return the CID for a 32-byte SHA-256 `digest`."""
        return cls(_PREFIX[codec] + digest)

    @classmethod
    def read(cls, data: bytes | memoryview) -> Self:
        """Return `data` as a Cid.

        Raises: NotACid: unless it is exactly 36 bytes with a known prefix.
        """
        raw = bytes(data)
        if len(raw) != CID_BYTES or raw[:4] not in _PREFIX.values():
            raise NotACid(raw[:40].hex(), "not 36 bytes of a known codec and hash")
        return cls(raw)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the Cid written in `text`: base32 CIDv1, or base58 CIDv0 (taken as dag-pb).

        Raises: NotACid: for anything else.
        """
        if len(text) > 128:
            raise NotACid(text, "longer than any CID")
        if len(text) == 46 and text.startswith("Qm"):
            return cls._parse_v0(text)
        if not text.startswith("b"):
            raise NotACid(text, "not base32 multibase (prefix 'b')")
        body = text[1:].upper()
        try:
            raw = base64.b32decode(body + "=" * (-len(body) % 8))
        except ValueError:
            raise NotACid(text, "not base32") from None
        cid = cls.read(raw)
        if cid.text != text:
            raise NotACid(text, "not in canonical lower-case base32")
        return cid

    @classmethod
    def _parse_v0(cls, text: str) -> Self:
        number = 0
        for char in text:
            digit = _BASE58.find(char)
            if digit < 0:
                raise NotACid(text, "not base58")
            number = number * 58 + digit
        raw = number.to_bytes(36, "big").lstrip(b"\0")
        if len(raw) != 34 or raw[:2] != b"\x12\x20":
            raise NotACid(text, "not a sha2-256 multihash")
        return cls.from_digest(DAG_PB, raw[2:])

    @property
    def codec(self) -> int:
        """The multicodec number: RAW, DAG_PB or DAG_CBOR."""
        return self[1]

    @property
    def digest(self) -> bytes:
        """The 32-byte SHA-256."""
        return bytes(self[4:])

    @property
    def text(self) -> str:
        """Lower-case base32 with multibase prefix, as IPFS writes it."""
        return "b" + base64.b32encode(self).decode("ascii").rstrip("=").lower()

    def matches(self, block: bytes | memoryview) -> bool:
        """Tell whether `block` hashes to this CID. Cost: one SHA-256 of the block."""
        return hashlib.sha256(block).digest() == self[4:]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Cid({self.text})"


EMPTY_RAW = Cid.of(RAW, b"")
