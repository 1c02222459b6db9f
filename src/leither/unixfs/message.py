"""The UnixFS message within a DAG-PB node's data, written and read by hand.

    message Data {
      required DataType Type = 1;      optional bytes Data = 2;      optional uint64 filesize = 3;
      repeated uint64 blocksizes = 4;  optional uint64 hashType = 5; optional uint64 fanout = 6;
      optional uint32 mode = 7;        optional UnixTime mtime = 8;
    }

Modes and times are checked for form and dropped: they live beside the tree, not in it. Source: specs.ipfs.tech/unixfs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from leither.codec import varint
from leither.errors import InputError

_NUMBER, _BYTES = 0, 2
T = TypeVar("T")


class DataType(IntEnum):
    """What a node is. `METADATA` exists in the schema and is used by nobody; it is refused."""

    RAW = 0
    DIRECTORY = 1
    FILE = 2
    METADATA = 3
    SYMLINK = 4
    HAMT_SHARD = 5


@dataclass(frozen=True, slots=True)
class Message:
    """A decoded message; None where a field is absent."""

    type: DataType
    data: bytes | None
    file_bytes: int | None
    block_sizes: list[int]
    hash_type: int | None
    fanout: int | None


class BadUnixFS(InputError):
    """A node's data is no UnixFS message, or one that contradicts itself."""

    code = "bad-unixfs"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"UnixFS node is malformed: {reason}; it is refused")


def encode_file(size_bytes: int, block_sizes: Sequence[int]) -> bytes:
    """Return the message of a file node without data of its own."""
    number = varint.encode
    sizes = b"".join(b"\x20" + number(size) for size in block_sizes)
    return b"\x08\x02\x18" + number(size_bytes) + sizes


def encode_directory() -> bytes:
    """Return the message every basic directory has."""
    return b"\x08\x01"


def encode_symlink(target: bytes) -> bytes:
    """Return the message of a symbolic link."""
    return b"\x08\x04\x12" + varint.encode(len(target)) + target


def encode_shard(bitfield: int, fanout: int, hash_type: int) -> bytes:
    """Return the message of a HAMT shard; bit i of `bitfield` tells that slot i is taken."""
    field = bitfield.to_bytes((bitfield.bit_length() + 7) // 8, "big")
    number = varint.encode
    return b"\x08\x05\x12" + number(len(field)) + field + b"\x28" + number(hash_type) + b"\x30" + number(fanout)


def decode(data: bytes) -> Message:
    """Return the message in `data`. Raises: BadUnixFS: on any field that is unknown, repeated, cut off or mistyped."""
    numbers: dict[int, int] = {}
    strings: dict[int, bytes] = {}
    block_sizes: list[int] = []
    offset = 0
    try:
        while offset < len(data):
            tag, offset = varint.decode(data, offset)
            field, wire = tag >> 3, tag & 7
            if wire == _NUMBER:
                value, offset = varint.decode(data, offset)
                if field == 4:
                    block_sizes.append(value)
                else:
                    _set_once(numbers, field, value, allowed=(1, 3, 5, 6, 7))
            elif wire == _BYTES:
                content, offset = _content(data, offset)
                if field == 4:
                    block_sizes += _packed(content)
                else:
                    _set_once(strings, field, content, allowed=(2, 8))
            else:
                raise BadUnixFS(f"field {field} has wire type {wire}")
    except varint.BadVarint as error:
        raise BadUnixFS(f"number at byte {error.offset:,} {error.reason}") from None
    kind = numbers.get(1)
    if kind is None or kind > DataType.HAMT_SHARD:
        raise BadUnixFS("no type" if kind is None else f"unknown type {kind}")
    return Message(DataType(kind), strings.get(2), numbers.get(3), block_sizes, numbers.get(5), numbers.get(6))


def _content(data: bytes, offset: int) -> tuple[bytes, int]:
    size, start = varint.decode(data, offset)
    if start + size > len(data):
        raise BadUnixFS(f"field of {size:,} bytes at byte {offset:,} is cut off")
    return data[start : start + size], start + size


def _packed(content: bytes) -> list[int]:
    """Return the numbers of a packed repeated field, which protobuf readers must take as well as the plain form."""
    numbers = []
    offset = 0
    while offset < len(content):
        number, offset = varint.decode(content, offset)
        numbers.append(number)
    return numbers


def _set_once(fields: dict[int, T], field: int, value: T, *, allowed: tuple[int, ...]) -> None:
    if field not in allowed:
        raise BadUnixFS(f"field {field} is unknown or mistyped")
    if field in fields:
        raise BadUnixFS(f"field {field} is repeated")
    fields[field] = value
