"""DAG-PB, the protobuf IPFS keeps files and directories in, written and read by hand.

    message PBLink { optional bytes Hash = 1; optional string Name = 2; optional uint64 Tsize = 3; }
    message PBNode { repeated PBLink Links = 2; optional bytes Data = 1; }

Canonical bytes: all links before the data; in a link hash, name, size; links sorted by the bytes of their names. The
name and the size are written even when empty, as every importer does (two bytes a link, and other CIDs without).
Source: ipld.io/specs/codecs/dag-pb/spec.
"""

from collections.abc import Iterable
from typing import NamedTuple

from leither import limits
from leither.codec import varint
from leither.codec.cid import CID_BYTES, CODECS, Cid, NotACid
from leither.codec.foreign import AnyCid, parse_binary
from leither.errors import InputError

_LINK_TAG = 0x12
_DATA_TAG = 0x0A
_HASH_TAG = 0x0A
_NAME_TAG = 0x12
_TSIZE_TAG = 0x18
_TSIZE_LIMIT = 1 << 63
_HASH_HEAD = bytes((_HASH_TAG, CID_BYTES))
_PLAIN_HEAD_BYTES = 2 + CID_BYTES + 2
_PLAIN_HEADS = {_HASH_HEAD + bytes((1, codec, 0x12, 0x20)) for codec in CODECS}
_STORED_HEADS = {bytes((1, codec, 0x12, 0x20)) for codec in CODECS}


class PBLink(NamedTuple):
    """A link: the name as its raw bytes, the target, and the bytes of all blocks under it as its maker claims."""

    name: bytes
    cid: AnyCid
    tsize: int


class PBNode(NamedTuple):
    """A node: links in their order, and the data, None where the field is absent."""

    links: list[PBLink]
    data: bytes | None


class BadDagPB(InputError):
    """The bytes are not a DAG-PB node in the form all implementations accept."""

    code = "bad-dag-pb"

    def __init__(self, offset: int, reason: str) -> None:
        self.offset = offset
        self.reason = reason
        super().__init__(f"dag-pb block is malformed at byte {offset:,}: {reason}; it is refused")


def link_size_bytes(name_bytes: int, tsize: int, cid_bytes: int = CID_BYTES) -> int:
    """Return the bytes a link adds to its node. Cost: O(1)."""
    size = varint.size_bytes
    inner = 3 + size(cid_bytes) + cid_bytes + size(name_bytes) + name_bytes + size(tsize)
    return 1 + varint.size_bytes(inner) + inner


def data_size_bytes(data_bytes: int) -> int:
    """Return the bytes that a data field of `data_bytes` adds to its node."""
    return 1 + varint.size_bytes(data_bytes) + data_bytes


def encode(links: Iterable[PBLink], data: bytes) -> bytes:
    """Return the node's bytes. `links` must come sorted by name, those of equal names in their order."""
    encode_number = varint.encode
    parts: list[bytes] = []
    for name, cid, tsize in links:
        size = len(cid)
        head = _HASH_HEAD if size == CID_BYTES else bytes((_HASH_TAG,)) + encode_number(size)
        body = b"%b%b\x12%b%b\x18%b" % (head, cid, encode_number(len(name)), name, encode_number(tsize))
        parts += (b"\x12", encode_number(len(body)), body)
    parts += (b"\x0a", encode_number(len(data)), data)
    return b"".join(parts)


def decode(block: bytes) -> PBNode:
    """Return the node in `block`.

    Raises:  BadDagPB: unknown or repeated fields, wrong order within a link, a link without hash, cut-off bytes.
    Cost:    O(bytes); links are at most as many as fit a block (limits.BLOCK_BYTES_MAX).
    """
    if len(block) > limits.BLOCK_BYTES_MAX:
        raise BadDagPB(limits.BLOCK_BYTES_MAX, f"larger than {limits.BLOCK_BYTES_MAX:,} bytes")
    links: list[PBLink] = []
    data: bytes | None = None
    links_closed = False
    offset, end = 0, len(block)
    try:
        while offset < end:
            tag = block[offset]
            if tag not in (_LINK_TAG, _DATA_TAG):
                raise BadDagPB(offset, f"unknown field or wire type (tag {tag:#x})")
            size, start = varint.decode(block, offset + 1)
            stop = start + size
            if stop > end:
                raise BadDagPB(offset, f"field of {size:,} bytes is cut off")
            if tag == _LINK_TAG:
                # Data before or after all links is read everywhere; links around it are not.
                if links_closed:
                    raise BadDagPB(offset, "links on both sides of the data")
                links.append(_decode_link(block, start, stop))
            else:
                if data is not None:
                    raise BadDagPB(offset, "a second data field")
                data = block[start:stop]
                links_closed = bool(links)
            offset = stop
    except varint.BadVarint as error:
        raise BadDagPB(error.offset, error.reason) from None
    return PBNode(links, data)


def _decode_link(block: bytes, offset: int, stop: int) -> PBLink:
    # Nearly every link is of this form; it's taken without a call for each field, which saves a third.
    after = offset + _PLAIN_HEAD_BYTES
    if after < stop and block[offset : offset + 6] in _PLAIN_HEADS and block[after - 2] == _NAME_TAG:
        named = after + block[after - 1]
        if block[after - 1] < 0x80 and named < stop and block[named] == _TSIZE_TAG:
            tsize, end = varint.decode(block, named + 1)
            if end == stop and tsize < _TSIZE_LIMIT:
                return PBLink(block[after:named], Cid(block[offset + 2 : after - 2]), tsize)
    return _decode_any_link(block, offset, stop)


def _decode_any_link(block: bytes, offset: int, stop: int) -> PBLink:
    if offset >= stop or block[offset] != _HASH_TAG:
        raise BadDagPB(offset, "link does not begin with its hash")
    start, offset = _field(block, offset, stop)
    cid = _target(block[start:offset], start)
    name = b""
    tsize = 0
    if offset < stop and block[offset] == _NAME_TAG:
        start, offset = _field(block, offset, stop)
        name = block[start:offset]
    if offset < stop and block[offset] == _TSIZE_TAG:
        start = offset
        tsize, offset = varint.decode(block, offset + 1)
        if tsize >= _TSIZE_LIMIT:
            raise BadDagPB(start, "link size beyond 63 bits")
    if offset != stop:
        raise BadDagPB(offset, "link field unknown, repeated, out of order or cut off")
    return PBLink(name, cid, tsize)


def _target(binary: bytes, offset: int) -> AnyCid:
    if len(binary) == CID_BYTES and binary[:4] in _STORED_HEADS:
        return Cid(binary)
    try:
        return parse_binary(binary)
    except (NotACid, varint.BadVarint) as error:
        raise BadDagPB(offset, f"link hash: {error.reason}") from None


def _field(block: bytes, offset: int, stop: int) -> tuple[int, int]:
    """Return where the content of the length-delimited field at `offset` starts and stops."""
    size, start = varint.decode(block, offset + 1)
    if start + size > stop:
        raise BadDagPB(offset, f"field of {size:,} bytes is cut off")
    return start, start + size
