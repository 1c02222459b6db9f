"""What the tests of services do over and over: putting, showing, exporting."""

from __future__ import annotations

from collections.abc import Mapping

from leither.codec import Block, Cid
from leither.crypto import MimeiId
from leither.merkle import Entry, conflicts
from leither.mimei.address import Selector
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import parse_path
from leither.mimei.version import Version
from leither.people import OWNER
from leither.service import paths
from leither.service.archive_in import Imported, import_car
from leither.service.archive_out import export_car
from leither.service.catalog import Catalog
from leither.service.cur import Cur, weight
from leither.service.engines import Engines
from leither.service.holding import Mimei, load
from leither.service.tree import open_tree, read_bytes
from leither.service.uploads import Upload
from leither.unixfs import EMPTY_DIRECTORY, Change, FileBuilder, SymlinkTarget, update_tree

Shown = dict[str, bytes | str]


def made(engines: Engines, kind: str = "fs", *, mark: str = "site", quota: int | None = None) -> MimeiId:
    """Make a MiMei and return its id."""
    return Catalog(engines).create(kind=kind, mark=mark, quota=quota)[0].id


def held(engines: Engines, mimei: MimeiId) -> Mimei:
    with engines.state.read() as view:
        return load(engines, view, mimei)


def put(engines: Engines, mimei: MimeiId, path: str, data: bytes, *, mode: int = 0, mtime_ms: int = 0) -> PathEntry:
    with Upload(engines, mimei, parse_path(path), mode=mode, mtime_ms=mtime_ms) as upload:
        upload.write(data)
        return upload.finish()


def remove(engines: Engines, mimei: MimeiId, path: str) -> int:
    return paths.remove(engines, mimei, parse_path(path), recursive=True)


def shown(engines: Engines, mimei: MimeiId, selector: Selector = "cur") -> Shown:
    """Everything that a state holds: a file as its bytes, anything else as what it is."""
    with open_tree(engines, mimei, selector, OWNER) as tree:
        return {"/".join(path): told(engines, entry) for path, entry in tree.walk()}


def told(engines: Engines, entry: PathEntry) -> bytes | str:
    match entry.type:
        case EntryType.FILE:
            assert entry.cid is not None
            data = b"".join(read_bytes(engines, entry.cid))
            assert len(data) == entry.size_bytes
            return data
        case EntryType.SYMLINK:
            return f"-> {entry.target}"
        case _:
            return entry.type.name.lower()


def version(engines: Engines, cid: Cid | None) -> Version:
    assert cid is not None
    return engines.record(Version, cid)


def stamped(engines: Engines, cid: Cid) -> frozenset[Entry]:
    """Every stamped entry of a version, what lost in merges included."""
    record = engines.record(Version, cid)
    side = engines.map(record.side, record.salt)
    return frozenset((*side.scan(), *conflicts(side.nodes, record.siblings)))


def recounted(engines: Engines, mimei: MimeiId) -> tuple[int, int, int]:
    """Entries, bytes and unsaved changes of `cur`, counted one by one."""
    with engines.state.read() as view:
        cur = Cur(engines, view, load(engines, view, mimei))
        entries = list(cur.scan(b"\x80", b"\xff"))
        dirty = sum(1 for _ in cur.changes())
    return len(entries), sum(weight(key, value) for key, value in entries), dirty


def counters(engines: Engines, mimei: MimeiId) -> tuple[int, int, int]:
    """The same as the row says."""
    row = held(engines, mimei).row
    return row.entries, row.size_bytes, row.dirty


def content_from_scratch(files: Mapping[str, bytes | str]) -> Cid:
    """The root that the UnixFS of these files, added at once to nothing, has."""
    blocks: dict[Cid, bytes] = {}

    def keep(block: Block) -> None:
        blocks[block.cid] = block.data

    changes: dict[tuple[str, ...], Change] = {}
    for path, data in files.items():
        if isinstance(data, bytes):
            builder = FileBuilder(keep)
            builder.write(data)
            changes[parse_path(path)] = builder.finish()
        elif data == "directory":
            changes[parse_path(path)] = EMPTY_DIRECTORY
        else:
            changes[parse_path(path)] = SymlinkTarget(data.removeprefix("-> "))
    return update_tree(blocks.__getitem__, keep, None, changes).cid


def exported(engines: Engines, *ids: MimeiId) -> bytes:
    return b"".join(export_car(engines, ids or None))


def bring(source: Engines, target: Engines, *ids: MimeiId) -> Imported:
    """Export from one node and import on another."""
    return import_car(target, [exported(source, *ids)])
