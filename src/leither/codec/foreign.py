"""CIDs of others: any version, codec and hash, read strictly and told apart from those this node can store.

CIDv0 (34 bytes `12 20 …`) names the same block as the CIDv1 with codec dag-pb, so it's read as that `Cid`.
What is no SHA2-256 of raw, dag-pb or dag-cbor is a `ForeignCid`: it can be listed and refused, never stored; an
identity CID carries its block within itself. Source: multiformats/cid, "Decoding Algorithm".
"""

from typing import Self

from leither import limits
from leither.codec import varint
from leither.codec.cid import CODECS, DAG_PB, Cid, NotACid

_SHA2_256 = 0x12
_IDENTITY = 0x00
_DIGEST_BYTES = 32


class ForeignCid(bytes):
    """The binary form of a well-formed CID that is no `Cid`. Build with `read_prefix` or `parse_binary`."""

    codec: int
    inline: bytes | None

    @classmethod
    def of(cls, data: bytes, codec: int, inline: bytes | None) -> Self:
        """Return `data`, already parsed, with its codec and, for an identity CID, the block within it."""
        cid = cls(data)
        cid.codec = codec
        cid.inline = inline
        return cid

    @property
    def text(self) -> str:
        """Base16 with multibase prefix: valid for every CIDv1, whatever its hash."""
        return "f" + self.hex()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ForeignCid({self.text})"


AnyCid = Cid | ForeignCid


class UnsupportedCid(NotACid):
    """A link names a block by a codec or hash this node doesn't store."""

    code = "unsupported-cid"

    def __init__(self, cid: ForeignCid) -> None:
        super().__init__(cid.text, "its codec or hash is not supported here")


def read_prefix(data: bytes | memoryview, offset: int = 0) -> tuple[AnyCid, int]:
    """Return the CID that begins at `offset` and the offset behind it.

    Raises: NotACid: when there is none. BadVarint: a number in it is malformed.
    """
    if bytes(data[offset : offset + 2]) == b"\x12\x20":
        stop = offset + 2 + _DIGEST_BYTES
        if stop > len(data):
            raise NotACid(bytes(data[offset:stop]).hex(), "CIDv0 is cut off")
        return Cid.from_digest(DAG_PB, bytes(data[offset + 2 : stop])), stop
    version, position = varint.decode(data, offset)
    if version != 1:
        raise NotACid(bytes(data[offset : offset + 4]).hex(), f"version {version} is unknown")
    codec, position = varint.decode(data, position)
    algorithm, position = varint.decode(data, position)
    size, position = varint.decode(data, position)
    stop = position + size
    if size > limits.FOREIGN_DIGEST_BYTES_MAX:
        raise NotACid(bytes(data[offset:position]).hex(), f"digest of {size:,} bytes")
    if stop > len(data):
        raise NotACid(bytes(data[offset:]).hex(), "digest is cut off")
    digest = bytes(data[position:stop])
    if algorithm == _SHA2_256 and size != _DIGEST_BYTES:
        raise NotACid(bytes(data[offset:stop]).hex(), f"sha2-256 of {size:,} bytes")
    if algorithm == _SHA2_256 and codec in CODECS:
        return Cid.from_digest(codec, digest), stop
    whole = bytes(data[offset:stop])
    return ForeignCid.of(whole, codec, digest if algorithm == _IDENTITY else None), stop


def parse_binary(data: bytes | memoryview) -> AnyCid:
    """Return the CID that `data` is. Raises: NotACid, BadVarint."""
    cid, stop = read_prefix(data)
    if stop != len(data):
        raise NotACid(bytes(data[:40]).hex(), f"{len(data) - stop:,} bytes follow it")
    return cid
