"""MiMei, versions and paths as the API shows them."""

from datetime import UTC, datetime, timedelta

from leither import limits
from leither.codec import Cid
from leither.crypto import id_text, key_id
from leither.http.media_type import UNKNOWN, media_type
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import Path, path_text
from leither.mimei.version import Version
from leither.people import Act, Principal
from leither.people import right as rights
from leither.ports import View
from leither.service import references
from leither.service.catalog import referrers
from leither.service.cur import Cur
from leither.service.demand_rows import read_demand
from leither.service.holding import Mimei, VersionNotFound, load
from leither.service.versions import resolve, rows
from leither.web.api.context import ApiContext, Caller
from leither.web.schema import EntryKind, MimeiInfo, PathInfo, VersionInfo
from leither.wire.ipns import ipns_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KINDS: dict[EntryType, EntryKind] = {
    EntryType.FILE: "file",
    EntryType.DIRECTORY: "directory",
    EntryType.SYMLINK: "symlink",
    EntryType.REFERENCE: "reference",
}


def moment(ms: int | None) -> datetime | None:
    """Return a stored time; None where it is 0 (unknown) or past what RFC 3339 can write."""
    if not ms or not 0 < ms <= limits.TIME_MS_MAX:
        return None
    return _EPOCH + timedelta(milliseconds=ms)


def known_moment(ms: int) -> datetime:
    """Return a time of this node's own clock."""
    return _EPOCH + timedelta(milliseconds=ms)


def describe_mimei(caller: Caller, view: View, mimei: Mimei) -> MimeiInfo:
    """Return `mimei` as `caller` may see it: numbers of what it may not read are left out.

    Cost: its numbered versions, its references and its referrers.
    """
    acts = mimei.acts(caller.principal)
    genesis, row = mimei.genesis, mimei.row
    released = mimei.engines.record(Version, mimei.release) if mimei.release else None
    last = mimei.engines.record(Version, mimei.base) if mimei.base and Act.READ_VERSIONS in acts else None
    reads_cur = Act.READ_CUR in acts
    seen = last or released
    return MimeiInfo(
        id=genesis.id_text,
        url=caller.reach.app_url(mimei.id),
        type=genesis.type,
        author=id_text(key_id(genesis.author)),
        app=genesis.app,
        ext=genesis.ext,
        mark=genesis.mark,
        private=mimei.is_private,
        on_demand=read_demand(view, mimei.id) is not None,
        ipns=ipns_name(mimei.control.ipns) if mimei.control.ipns is not None else None,
        right=rights.text(mimei.control.right),
        created=moment(mimei.control.created),
        versions=_versions(caller, view, mimei, acts),
        last=last.n if last else None,
        last_cid=mimei.base.text if last and mimei.base else None,
        release=_number(caller.context, view, mimei, released, mimei.release),
        release_cid=mimei.release.text if mimei.release else None,
        bytes=row.size_bytes if reads_cur else seen.size_bytes if seen else 0,
        entries=row.entries if reads_cur else _entries(mimei, seen),
        unsaved=Cur(caller.engines, view, mimei).unsaved_count() if reads_cur else 0,
        quota=mimei.control.quota if reads_cur else None,
        writer=_writes(caller.context, mimei),
        references=len(references.of(Cur(caller.engines, view, mimei))) if reads_cur else 0,
        referrers=len(visible_referrers(caller, view, mimei)),
    )


def _versions(caller: Caller, view: View, mimei: Mimei, acts: Act) -> int:
    if Act.READ_VERSIONS in acts:
        return sum(1 for _ in rows(caller.engines, view, mimei))
    return int(mimei.release is not None)


def _entries(mimei: Mimei, version: Version | None) -> int:
    return mimei.engines.map(version.side, version.salt).count() if version else 0


def _writes(context: ApiContext, mimei: Mimei) -> bool:
    engines = context.engines
    writer = mimei.control.writer(engines.identity.node.public)
    return engines.persons.of_key(mimei.genesis.author) is not None or writer is not None


def _number(context: ApiContext, view: View, mimei: Mimei, record: Version | None, cid: Cid | None) -> int | None:
    """Return the number of a version, None for one that was merged in."""
    if record is None:
        return None
    try:
        return record.n if resolve(context.engines, view, mimei, record.n) == cid else None
    except VersionNotFound:
        return None


def visible_referrers(caller: Caller, view: View, mimei: Mimei) -> list[tuple[str, Cid | None, int]]:
    """Return (source id, version, count) of what refers to `mimei` and whose `cur` the caller may read."""
    return [
        (id_text(source), version, count)
        for source, version, count in referrers(view, mimei.id)
        if _reads_cur(caller.principal, load(caller.engines, view, source))
    ]


def _reads_cur(principal: Principal, mimei: Mimei) -> bool:
    return Act.READ_CUR in mimei.acts(principal)


def describe_version(caller: Caller, view: View, mimei: Mimei, cid: Cid) -> VersionInfo:
    """Return the version `cid` of `mimei`."""
    record = mimei.engines.record(Version, cid)
    return VersionInfo(
        id=id_text(record.mimei),
        n=_number(caller.context, view, mimei, record, cid),
        cid=cid.text,
        parents=[parent.text for parent in record.parents],
        content=record.content.text,
        side=record.side.text,
        siblings=record.siblings.text if record.siblings else None,
        bytes=record.size_bytes,
        note=record.note,
        time=moment(record.time),
        by=id_text(key_id(record.by)) if record.by else None,
        merge=record.is_merge,
        released=cid == mimei.release,
        last=cid == mimei.base,
    )


def describe_path(path: Path, entry: PathEntry) -> PathInfo:
    """Return what stands at `path`."""
    kind = _KINDS[entry.type]
    target = entry.target if kind == "symlink" else None
    if entry.mimei is not None:
        target = f"{id_text(entry.mimei)}@{entry.version or 'release'}"
    name = path[-1] if path else ""
    return PathInfo(
        path=path_text(path),
        name=name,
        type=kind,
        cid=entry.cid.text if entry.cid else None,
        bytes=entry.size_bytes,
        mode=f"{entry.mode:o}" if entry.mode else None,
        mtime=moment(entry.mtime_ms),
        target=target,
        content_type=content_type(name) if kind == "file" else None,
    )


def content_type(name: str) -> str:
    """Return the media type that the name of a file tells."""
    return (media_type(name) if name else UNKNOWN).decode()
