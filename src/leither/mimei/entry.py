"""What the side map holds: path entries, references, tags and grants.

Keys and values begin with a type byte >= 0x80, as the ordered map demands. Layouts: `spec/format/entry.md`.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from leither import limits
from leither.codec import CID_BYTES, Cid, NotACid
from leither.crypto import ID_BYTES, KeyId, MimeiId, id_text
from leither.errors import CorruptionError


class EntryType(IntEnum):
    """The first byte of a path entry's value."""

    FILE = 0x81
    DIRECTORY = 0x82
    SYMLINK = 0x83
    REFERENCE = 0x84


REFERENCE_TYPE = b"\x82"
TAG_TYPE = b"\x83"
GRANT_TYPE = b"\x84"
_HEAD = struct.Struct(">BHQ")
_SIZE = struct.Struct(">Q")
_COUNT = struct.Struct(">BQ")
_COUNT_TYPE = 0x85
_COUNT_MAX = (1 << 63) - 1
_MODE_MAX = 0o7777
_DIGEST_BYTES = 32
_RECORD_TYPE = b"\x86"


class BadEntry(CorruptionError):
    """A stored or received entry is not in the format."""

    code = "bad-entry"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"side map entry is damaged or foreign: {reason}; it is refused")


@dataclass(frozen=True, slots=True)
class PathEntry:
    """What stands at a path.

    Fields: mode: 12 permission bits, 0 where unknown. mtime_ms: 0 where unknown. FILE: cid and size_bytes of its
    content. SYMLINK: target. REFERENCE: the MiMei `mimei` at `version`, or following its release where that is None;
    `cid` is the content root of that version, so that the tree stays whole for readers that know blocks only.
    """

    type: EntryType
    mode: int = 0
    mtime_ms: int = 0
    cid: Cid | None = None
    size_bytes: int = 0
    target: str = ""
    mimei: MimeiId | None = None
    version: Cid | None = None

    def encode(self) -> bytes:
        """Return the value bytes."""
        assert self.mode <= _MODE_MAX
        head = _HEAD.pack(self.type, self.mode, self.mtime_ms)
        match self.type:
            case EntryType.FILE:
                assert self.cid is not None
                return head + _SIZE.pack(self.size_bytes) + self.cid
            case EntryType.DIRECTORY:
                return head
            case EntryType.SYMLINK:
                return head + self.target.encode()
            case _:
                assert self.mimei is not None
                if self.version is None:
                    return head + self.mimei
                assert self.cid is not None
                return head + self.mimei + self.version + self.cid

    @property
    def is_directory(self) -> bool:
        """Whether this is a directory of this MiMei (a reference is not)."""
        return self.type is EntryType.DIRECTORY


def decode_path_entry(value: bytes) -> PathEntry:
    """Return the entry in `value`. Raises: BadEntry."""
    if len(value) < _HEAD.size:
        raise BadEntry(f"{len(value)} bytes are too few")
    number, mode, mtime_ms = _HEAD.unpack_from(value)
    rest = value[_HEAD.size :]
    try:
        kind = EntryType(number)
    except ValueError:
        raise BadEntry(f"unknown type {number:#x}") from None
    if mode > _MODE_MAX or mtime_ms > limits.TIME_MS_MAX:
        raise BadEntry(f"mode {mode:o} or time {mtime_ms:,} is out of range")
    try:
        match kind:
            case EntryType.FILE if len(rest) == _SIZE.size + CID_BYTES:
                size_bytes = _SIZE.unpack_from(rest)[0]
                if size_bytes > limits.FILE_BYTES_MAX:
                    raise BadEntry(f"file of {size_bytes:,} bytes; the limit is {limits.FILE_BYTES_MAX:,}")
                return PathEntry(kind, mode, mtime_ms, Cid.read(rest[_SIZE.size :]), size_bytes)
            case EntryType.DIRECTORY if not rest:
                return PathEntry(kind, mode, mtime_ms)
            case EntryType.SYMLINK if 0 < len(rest) <= limits.SYMLINK_TARGET_BYTES_MAX and 0 not in rest:
                return PathEntry(kind, mode, mtime_ms, target=rest.decode())
            case EntryType.REFERENCE if len(rest) == ID_BYTES:
                return PathEntry(kind, mode, mtime_ms, mimei=MimeiId(rest))
            case EntryType.REFERENCE if len(rest) == ID_BYTES + 2 * CID_BYTES:
                version, cid = Cid.read(rest[ID_BYTES:-CID_BYTES]), Cid.read(rest[-CID_BYTES:])
                return PathEntry(kind, mode, mtime_ms, cid=cid, mimei=MimeiId(rest[:ID_BYTES]), version=version)
            case _:
                raise BadEntry(f"{kind.name.lower()} with {len(rest)} bytes")
    except (ValueError, NotACid) as error:
        raise BadEntry(str(error)) from None


@dataclass(frozen=True, slots=True)
class Reference:
    """A counted reference to another MiMei: at `version`, or following its release where that is None."""

    mimei: MimeiId
    version: Cid | None

    @property
    def key(self) -> bytes:
        """The key of this reference in the side map."""
        return REFERENCE_TYPE + self.mimei + (self.version or b"")

    def __str__(self) -> str:
        return f"{id_text(self.mimei)}@{self.version or 'release'}"


def decode_reference(key: bytes) -> Reference:
    """Return the reference whose side map key this is. Raises: BadEntry."""
    kind, mimei, version = key[:1], key[1 : 1 + ID_BYTES], key[1 + ID_BYTES :]
    if kind != REFERENCE_TYPE or len(mimei) != ID_BYTES:
        raise BadEntry(f"reference key of type {kind.hex()} and {len(key)} bytes")
    if not version:
        return Reference(MimeiId(mimei), None)
    try:
        return Reference(MimeiId(mimei), Cid.read(version))
    except NotACid as error:
        raise BadEntry(str(error)) from None


def encode_count(count: int) -> bytes:
    """Return the value of a reference counted `count` times, 1 or more: what isn't referred to has no entry."""
    assert 0 < count <= _COUNT_MAX
    return _COUNT.pack(_COUNT_TYPE, count)


def decode_count(value: bytes) -> int:
    """Return the count in a reference's value. Raises: BadEntry."""
    if len(value) != _COUNT.size or value[0] != _COUNT_TYPE:
        raise BadEntry("not a count")
    count = int(_COUNT.unpack(value)[1])
    if not 0 < count <= _COUNT_MAX:
        raise BadEntry(f"a reference counted {count:,} times")
    return count


def tag_key(dimension: str, value: str, tagger: bytes) -> bytes:
    """Return the side map key of a tag; `tagger` is the 20-byte id of the tagger's key."""
    return TAG_TYPE + f"{dimension}\0{value}\0".encode() + tagger


def grant_key(holder: KeyId, digest: bytes) -> bytes:
    """Return the side map key of a grant: whose it is, and the SHA-256 of its bytes."""
    return GRANT_TYPE + holder + digest


def decode_grant_key(key: bytes) -> tuple[KeyId, bytes]:
    """Return (holder, SHA-256) of a grant's key. Raises: BadEntry."""
    if key[:1] != GRANT_TYPE or len(key) != 1 + ID_BYTES + _DIGEST_BYTES:
        raise BadEntry("not the key of a grant")
    return KeyId(key[1 : 1 + ID_BYTES]), key[1 + ID_BYTES :]


def encode_record_value(record: bytes) -> bytes:
    """Return `record`, canonical bytes of a signed record, as a map value."""
    return _RECORD_TYPE + record


def decode_record_value(value: bytes) -> bytes:
    """Return the record bytes of a map value. Raises: BadEntry."""
    if value[:1] != _RECORD_TYPE:
        raise BadEntry("not a record")
    return value[1:]
