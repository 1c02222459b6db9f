"""Merging diverged versions, settling what a merge could not, and splitting directories off."""

from functools import partial
from itertools import islice

from litestar import get, post
from litestar.params import JSONBody

from leither import limits
from leither.codec import BlockMissing, Cid, NotACid
from leither.codec.record_text import record_bytes, record_text
from leither.crypto import MimeiId
from leither.db import describe
from leither.db.describing import Described
from leither.merkle import Entry
from leither.mimei.address import LAST, parse_address
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import PATH_TYPE, key_path, parse_path, path_key, path_text
from leither.mimei.record import NotARecord
from leither.mimei.version import Version
from leither.people import Act
from leither.people.audit import Kind
from leither.ports import View
from leither.service import conflicts
from leither.service.conflicts import Contested, contested
from leither.service.holding import Mimei, MimeiNotFound, VersionNotFound, load
from leither.service.merge import merge
from leither.service.private import PrivateUnsupported
from leither.service.split import split
from leither.web.api.catalog import shown
from leither.web.api.context import Caller
from leither.web.api.database import shown as shown_text
from leither.web.api.describing import describe_path
from leither.web.api.parameters import REF, After, CallerGiven, Limit, Ref
from leither.web.api.versions import version_shown
from leither.web.schema import (
    ConflictInfo,
    ConflictOther,
    ConflictPage,
    ConflictPlace,
    Merged,
    MergeRequest,
    MimeiInfo,
    PathInfo,
    SplitRequest,
    Taken,
    TakeRequest,
    Text,
)


@post(f"{REF}/merge", status_code=200, operation_id="merge", tags=["versions"])
async def merge_versions(caller: CallerGiven, ref: Ref, data: JSONBody[MergeRequest]) -> Merged:
    """Join what the MiMei's writers have, or versions of its forks. Unsaved changes are backed up first."""

    def work() -> Merged:
        mimei = caller.mimei(ref, Act.BACKUP)
        with caller.engines.state.read() as view:
            others = [_other(caller, view, mimei, text) for text in data.others]
        done = merge(caller.engines, mimei.id, others)
        with caller.engines.state.read() as view:
            count = sum(1 for _ in contested(caller.engines, view, load(caller.engines, view, mimei.id)))
        return Merged(done.merged, version_shown(caller, ref, done.cid) if done.cid is not None else None, count)

    return await caller.run(work)


def _other(caller: Caller, view: View, mimei: Mimei, text: str) -> Cid:
    """Return the version that `text` names, which the caller must be able to read."""
    try:
        cid = Cid.parse(text)
    except NotACid:
        address = parse_address(text)
        other = load(caller.engines, view, address.id)
        if other.is_private:
            raise PrivateUnsupported(other.id, "merging it into another") from None
        selector = LAST if address.version is None else address.version
        found = caller.readable(view, other, selector)
    else:
        # Whether a block is there, but is no version the caller may read, must not show.
        try:
            found = caller.readable(view, load(caller.engines, view, _owner(caller, cid)), cid)
        except (NotARecord, MimeiNotFound, BlockMissing):
            raise VersionNotFound(mimei.id, text) from None
    if not isinstance(found, Cid):
        raise VersionNotFound(mimei.id, text)
    return found


def _owner(caller: Caller, version: Cid) -> MimeiId:
    return MimeiId(caller.engines.record(Version, version).mimei)


@get(f"{REF}/conflicts", operation_id="listConflicts", tags=["versions"])
async def list_conflicts(
    caller: CallerGiven, ref: Ref, limit: Limit = limits.LIST_PAGE_DEFAULT, after: After = None
) -> ConflictPage:
    """List where writers disagreed, paths or entries of a database: what shows, and what else was put there."""

    def work() -> ConflictPage:
        mimei = caller.mimei(ref, Act.READ_CUR)
        start = _key(mimei, after) if after is not None else b""
        with caller.engines.state.read() as view:
            # They come shorter keys first.
            behind = (
                one for one in contested(caller.engines, view, mimei) if (len(one.key), one.key) > (len(start), start)
            )
            shown = (info for info in map(partial(_conflict, mimei), behind) if info is not None)
            page = list(islice(shown, limit + 1))
        return ConflictPage(page[:limit], page[limit - 1].name if len(page) > limit else None)

    return await caller.run(work)


def _key(mimei: Mimei, name: str) -> bytes:
    """Return the entry that a conflict's name stands for. Raises: BadPath and others of paths, NotBytes."""
    return record_bytes("name", name) if mimei.genesis.type == "db" else path_key(parse_path(name))


def _conflict(mimei: Mimei, found: Contested) -> ConflictInfo | None:
    """Return a conflict as it is shown; None of what follows from others, or is no path."""
    described = describe(found.key, b"") if mimei.genesis.type == "db" else None
    if described is None and found.key[:1] != PATH_TYPE:
        return None
    show = partial(_entry, found.key) if described is None else partial(_value, found.key)
    entry, value = show(found.shown) if found.shown is not None else (None, None)
    stamp = found.shown.stamp if found.shown is not None else None
    path = path_text(key_path(found.key)) if described is None else None
    return ConflictInfo(
        name=path if path is not None else record_text(found.key),
        path=path,
        shown=entry,
        database=_place(described) if described is not None else None,
        value=value,
        writer=stamp.writer if stamp is not None else None,
        seq=stamp.seq if stamp is not None else None,
        others=[ConflictOther(other.stamp.writer, other.stamp.seq, *show(other)) for other in found.others],
    )


def _place(described: Described) -> ConflictPlace:
    place = shown_text(described.place) if described.place is not None else None
    return ConflictPlace(described.part, shown_text(described.key), place)


def _entry(key: bytes, entry: Entry) -> tuple[PathInfo, None]:
    return describe_path(key_path(key), decode_path_entry(entry.value)), None


def _value(key: bytes, entry: Entry) -> tuple[None, Text | None]:
    described = describe(key, entry.value)
    return None, shown_text(described.value) if described is not None else None


@post(f"{REF}/conflicts/take", status_code=200, operation_id="takeConflict", tags=["versions"])
async def take_conflict(caller: CallerGiven, ref: Ref, data: JSONBody[TakeRequest]) -> Taken:
    """Settle a conflict: what that writer put there becomes a change of `cur`. It may be what shows already."""

    def work() -> Taken:
        mimei = caller.mimei(ref, Act.WRITE)
        key = _key(mimei, data.name)
        if mimei.genesis.type == "db":
            chosen = conflicts.take_value(caller.engines, mimei.id, key, data.writer, data.seq)
            return Taken(*_value(key, chosen))
        chosen = conflicts.take(caller.engines, mimei.id, key_path(key), data.writer, data.seq)
        return Taken(*_entry(key, chosen))

    return await caller.run(work)


@post(f"{REF}/split", operation_id="split", tags=["mimei"])
async def split_directory(caller: CallerGiven, ref: Ref, data: JSONBody[SplitRequest]) -> MimeiInfo:
    """Turn a directory into a MiMei of its own, with a reference left in its place."""

    def work() -> MimeiInfo:
        mimei, path = caller.own(ref, "splitting a MiMei"), parse_path(data.path)
        made = split(caller.engines, mimei.id, path, mark=data.mark, follow=data.follow)
        caller.note(mimei, Kind.CHANGE)
        caller.note(made, Kind.CREATE)
        return shown(caller, made)

    return await caller.run(work)


OPERATIONS = (merge_versions, list_conflicts, take_conflict, split_directory)
