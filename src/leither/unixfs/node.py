"""One block of a file or directory, decoded and checked against itself."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from leither import limits
from leither.codec import dagpb
from leither.codec.block import Block
from leither.codec.cid import DAG_PB, RAW, Cid
from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid, UnsupportedCid
from leither.errors import InputError, LimitError
from leither.unixfs import message
from leither.unixfs.message import BadUnixFS, DataType
from leither.unixfs.murmur import HASH_TYPE

Get = Callable[[Cid], bytes]
"""Returns a block's bytes; the given function checks them against the CID or knows that they fit."""
Put = Callable[[Block], object]
"""Stores a block."""


class Kind(Enum):
    """What a block is. RAW is a leaf of a file, or a whole small file, without any wrapping."""

    RAW = "raw"
    FILE = "file"
    DIRECTORY = "directory"
    SHARD = "shard"
    SYMLINK = "symlink"


@dataclass(frozen=True, slots=True)
class Link:
    """What a finished file, symlink or directory is put into a directory by.

    size_bytes: content of the file; 0 for a directory or symlink. dag_bytes: all its blocks, shared ones each time.
    """

    cid: Cid
    size_bytes: int
    dag_bytes: int


@dataclass(frozen=True, slots=True)
class Node:
    """A decoded block.

    size_bytes: content of a file below and in this node; 0 for what is no file. data: own content of a file, target of
    a symlink, else empty. block_sizes: for a file, the content below each link. fanout, bitfield: for a shard, else 0.
    """

    kind: Kind
    size_bytes: int
    links: list[PBLink]
    data: bytes
    block_sizes: list[int]
    fanout: int = 0
    bitfield: int = 0


class NotUnixFS(InputError):
    """A block of another codec stands where a file or directory is expected."""

    code = "not-unixfs"

    def __init__(self, cid: AnyCid) -> None:
        self.cid = cid.text
        super().__init__(f"{cid} is neither a file nor a directory (raw or dag-pb); ask for the block itself instead")


class WrongKind(InputError):
    """A file is used as a directory, or the other way round."""

    code = "wrong-kind"

    def __init__(self, cid: AnyCid, expected: str, kind: Kind) -> None:
        self.cid = cid.text
        self.expected = expected
        self.kind = kind.value
        found = Kind.FILE.value if kind is Kind.RAW else kind.value
        super().__init__(f"{cid} is a {found}, not a {expected}; check the path")


class LyingSize(InputError):
    """A node claims another size for a part of a file than that part has."""

    code = "lying-size"

    def __init__(self, cid: AnyCid, claimed_bytes: int, size_bytes: int) -> None:
        self.cid = cid.text
        self.claimed_bytes = claimed_bytes
        self.size_bytes = size_bytes
        super().__init__(f"{cid} is said to hold {claimed_bytes:,} bytes and holds {size_bytes:,}; the file is refused")


class FileTooLarge(LimitError):
    """A file exceeds what is stored or read."""

    code = "file-too-large"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"file of {size_bytes:,} bytes exceeds the limit of {limits.FILE_BYTES_MAX:,}; split it")


def load(get: Get, cid: AnyCid) -> bytes:
    """Return the block of `cid`, taken from the CID itself where it's an identity one. Raises: UnsupportedCid."""
    if isinstance(cid, Cid):
        return get(cid)
    if cid.inline is None:
        raise UnsupportedCid(cid)
    return cid.inline


def decode(cid: AnyCid, block: bytes) -> Node:
    """Return the node that `block` is under `cid` (whose codec decides).

    Raises: NotUnixFS, BadDagPB, BadUnixFS, LyingSize, FileTooLarge. Cost: O(bytes), nothing for raw blocks.
    """
    if cid.codec == RAW:
        return Node(Kind.RAW, len(block), [], block, [])
    if cid.codec != DAG_PB:
        raise NotUnixFS(cid)
    links, data = dagpb.decode(block)
    if data is None:
        raise BadUnixFS("no data field")
    told = message.decode(data)
    match told.type:
        case DataType.FILE | DataType.RAW:
            return _decode_file(cid, links, told)
        case DataType.DIRECTORY:
            return Node(Kind.DIRECTORY, 0, links, b"", [])
        case DataType.HAMT_SHARD:
            return _decode_shard(links, told)
        case DataType.SYMLINK:
            return _decode_symlink(links, told)
        case DataType.METADATA:
            raise BadUnixFS("metadata nodes are not in use")


def _decode_file(cid: AnyCid, links: list[PBLink], told: message.Message) -> Node:
    data = told.data or b""
    if len(told.block_sizes) != len(links):
        raise BadUnixFS(f"{len(links):,} links and {len(told.block_sizes):,} block sizes")
    size = len(data) + sum(told.block_sizes)
    if told.file_bytes is not None and told.file_bytes != size:
        raise LyingSize(cid, told.file_bytes, size)
    if size > limits.FILE_BYTES_MAX:
        raise FileTooLarge(size)
    return Node(Kind.FILE, size, links, data, told.block_sizes)


def _decode_shard(links: list[PBLink], told: message.Message) -> Node:
    fanout = told.fanout or 0
    if told.hash_type != HASH_TYPE:
        raise BadUnixFS(f"shard with hash {told.hash_type}, not murmur3-x64-64 ({HASH_TYPE})")
    if not 8 <= fanout <= limits.HAMT_FANOUT_MAX or fanout & fanout - 1:
        raise BadUnixFS(f"fanout {fanout} is no power of two from 8 to {limits.HAMT_FANOUT_MAX}")
    field = told.data or b""
    bitfield = int.from_bytes(field, "big")
    if len(field) > fanout // 8 or bitfield.bit_count() != len(links):
        raise BadUnixFS(f"bitfield marks {bitfield.bit_count()} slots for {len(links):,} links")
    return Node(Kind.SHARD, 0, links, b"", [], fanout, bitfield)


def _decode_symlink(links: list[PBLink], told: message.Message) -> Node:
    target = told.data or b""
    if links:
        raise BadUnixFS("symlink with links")
    if not target or b"\0" in target or len(target) > limits.SYMLINK_TARGET_BYTES_MAX:
        raise BadUnixFS(f"symlink target empty, with NUL, or over {limits.SYMLINK_TARGET_BYTES_MAX:,} bytes")
    return Node(Kind.SYMLINK, 0, [], target, [])


def dag_size_bytes(block: bytes, links: list[PBLink]) -> int:
    """Return the cumulative size of a node: its block and what its links claim."""
    return len(block) + sum(link.tsize for link in links)
