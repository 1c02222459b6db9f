"""Entries of the side map: paths, references, tags."""

import struct

from leither import limits
from leither.codec import DAG_CBOR, RAW
from leither.crypto import MimeiId
from leither.mimei.entry import EntryType, PathEntry, Reference, encode_count
from leither.mimei.path import ROOT, Path, path_key
from tools.vector_cases.case import Case, cid

MIMEI = MimeiId(bytes(range(20)))
CONTENT, VERSION = cid("content", RAW), cid("version", DAG_CBOR)
_HEAD = struct.pack(">HQ", 0o644, 1_700_000_000_123)
_SIZE = struct.pack(">Q", 7)


def paths() -> list[Case]:
    """Return paths and what stands at them."""
    time = 1_700_000_000_123
    entries: dict[str, tuple[Path, PathEntry]] = {
        "the content of a file MiMei": (ROOT, PathEntry(EntryType.FILE, 0, time, CONTENT, 7)),
        "a file": (("docs", "read me.txt"), PathEntry(EntryType.FILE, 0o644, time, CONTENT, 7)),
        "a file of the largest size": (
            ("big",),
            PathEntry(EntryType.FILE, 0o7777, limits.TIME_MS_MAX, CONTENT, limits.FILE_BYTES_MAX),
        ),
        "a directory": (("docs",), PathEntry(EntryType.DIRECTORY, 0o755, time)),
        "a directory with nothing known of it": (("docs", "é"), PathEntry(EntryType.DIRECTORY)),
        "a symbolic link": (("link",), PathEntry(EntryType.SYMLINK, 0o777, time, target="../docs/é")),
        "a reference that follows the release": (("other",), PathEntry(EntryType.REFERENCE, mimei=MIMEI)),
        "a reference at a version": (
            ("pinned",),
            PathEntry(EntryType.REFERENCE, cid=CONTENT, mimei=MIMEI, version=VERSION),
        ),
    }
    return [_path_case(name, path, entry) for name, (path, entry) in entries.items()]


def _path_case(name: str, path: Path, entry: PathEntry) -> Case:
    fields: Case = {"type": entry.type.name.lower(), "mode": entry.mode, "mtime_ms": entry.mtime_ms}
    if entry.type is EntryType.FILE:
        fields |= {"size_bytes": entry.size_bytes}
    if entry.cid is not None:
        fields |= {"cid": entry.cid.text}
    if entry.type is EntryType.SYMLINK:
        fields |= {"target": entry.target}
    if entry.mimei is not None:
        fields |= {"mimei": entry.mimei.hex(), "version": entry.version.text if entry.version else None}
    return {
        "name": name,
        "path": list(path),
        "key": path_key(path).hex(),
        "value": entry.encode().hex(),
        "entry": fields,
    }


def bad_paths() -> list[Case]:
    """Return keys and values that stand for nothing."""
    keys = {
        "another type": b"\x82docs",
        "an empty name": b"\x80\0",
        "an empty name in the middle": b"\x80a\0\0b",
        "an empty name at the end": b"\x80a\0",
        "a dot": b"\x80.",
        "two dots": b"\x80a\0..\0b",
        "a slash": b"\x80a/b",
        "not UTF-8": b"\x80\xff",
        "a slash in two bytes": b"\x80..\xc0\xaf",
        "a surrogate": b"\x80\xed\xa0\x80",
        "a name of 256 bytes": b"\x80" + b"x" * (limits.NAME_BYTES_MAX + 1),
        "129 names": b"\x80" + b"\0".join([b"x"] * (limits.PATH_DEPTH_MAX + 1)),
        "17 names of 255 bytes": b"\x80" + b"\0".join([b"x" * 255] * 17),
    }
    values = {
        "no bytes": b"",
        "a type alone": b"\x82",
        "an unknown type": b"\x80" + _HEAD,
        "a mode with a bit above the permissions": b"\x82\x81\xa4" + _HEAD[2:],
        "a time past the year 9999": b"\x82" + _HEAD[:2] + struct.pack(">Q", limits.TIME_MS_MAX + 1),
        "a directory with more behind it": b"\x82" + _HEAD + b"\0",
        "a file without content": b"\x81" + _HEAD + _SIZE,
        "a file whose CID is cut short": b"\x81" + _HEAD + _SIZE + CONTENT[:-1],
        "a file whose CID is of another kind": b"\x81" + _HEAD + _SIZE + b"\x02" + CONTENT[1:],
        "a file larger than any": b"\x81" + _HEAD + struct.pack(">Q", limits.FILE_BYTES_MAX + 1) + CONTENT,
        "a link to nowhere": b"\x83" + _HEAD,
        "a link whose target is not UTF-8": b"\x83" + _HEAD + b"\xff",
        "a link whose target holds a zero byte": b"\x83" + _HEAD + b"a\0b",
        "a link whose target is too long": b"\x83" + _HEAD + b"x" * (limits.SYMLINK_TARGET_BYTES_MAX + 1),
        "a reference without an id": b"\x84" + _HEAD,
        "a reference at a version without its content": b"\x84" + _HEAD + MIMEI + VERSION,
        "a reference whose version is no CID": b"\x84" + _HEAD + MIMEI + bytes(36) + CONTENT,
    }
    return _bad(keys, values)


def references() -> list[Case]:
    """Return references, their keys, and their counts."""
    cases = {
        "one that follows the release": (Reference(MIMEI, None), 1),
        "three at one version": (Reference(MIMEI, VERSION), 3),
        "the highest count": (Reference(MIMEI, None), (1 << 63) - 1),
    }
    return [
        {
            "name": name,
            "mimei": reference.mimei.hex(),
            "version": reference.version.text if reference.version else None,
            "count": count,
            "key": reference.key.hex(),
            "value": encode_count(count).hex(),
        }
        for name, (reference, count) in cases.items()
    ]


def bad_references() -> list[Case]:
    """Return keys and values that are no reference's."""
    keys = {
        "no bytes": b"",
        "a type alone": b"\x82",
        "an id cut short": b"\x82" + MIMEI[:-1],
        "another type": b"\x83" + MIMEI,
        "a version cut short": b"\x82" + MIMEI + VERSION[:-1],
        "a version that is no CID": b"\x82" + MIMEI + bytes(36),
        "bytes behind the version": b"\x82" + MIMEI + VERSION + b"\0",
    }
    values = {
        "no bytes": b"",
        "another type": b"\x86" + bytes(7) + b"\1",
        "seven bytes": b"\x85" + bytes(6) + b"\1",
        "nine bytes": b"\x85" + bytes(8) + b"\1",
        "none": b"\x85" + bytes(8),
        "2^63": b"\x85\x80" + bytes(7),
    }
    return _bad(keys, values)


def _bad(keys: dict[str, bytes], values: dict[str, bytes]) -> list[Case]:
    found: list[Case] = [{"name": f"key: {name}", "key": key.hex(), "error": "bad-entry"} for name, key in keys.items()]
    return found + [
        {"name": f"value: {name}", "value": value.hex(), "error": "bad-entry"} for name, value in values.items()
    ]
