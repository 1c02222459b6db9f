"""Merging diverged versions, settling what a merge could not, and splitting directories off."""

from itertools import islice

from litestar import get, post
from litestar.params import JSONBody

from leither import limits
from leither.codec import BlockMissing, Cid, NotACid
from leither.crypto import MimeiId
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
from leither.web.api.describing import describe_path
from leither.web.api.parameters import REF, After, CallerGiven, Limit, Ref
from leither.web.api.versions import version_shown
from leither.web.schema import (
    ConflictInfo,
    ConflictOther,
    ConflictPage,
    Merged,
    MergeRequest,
    MimeiInfo,
    PathInfo,
    SplitRequest,
    TakeRequest,
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
    """List the paths at which writers disagreed: what shows, and what else was put there."""

    def work() -> ConflictPage:
        start = path_key(parse_path(after)) if after is not None else b""
        mimei = caller.mimei(ref, Act.READ_CUR)
        with caller.engines.state.read() as view:
            found = contested(caller.engines, view, mimei)
            page = list(islice((one for one in found if one.key[:1] == PATH_TYPE and one.key > start), limit + 1))
        items = [_conflict(one) for one in page[:limit]]
        return ConflictPage(items, items[-1].path if len(page) > limit else None)

    return await caller.run(work)


def _conflict(found: Contested) -> ConflictInfo:
    path = key_path(found.key)
    return ConflictInfo(
        path_text(path),
        describe_path(path, decode_path_entry(found.shown.value)) if found.shown is not None else None,
        [
            ConflictOther(other.stamp.writer, other.stamp.seq, describe_path(path, decode_path_entry(other.value)))
            for other in found.others
        ],
    )


@post(f"{REF}/conflicts/take", status_code=200, operation_id="takeConflict", tags=["versions"])
async def take_conflict(caller: CallerGiven, ref: Ref, data: JSONBody[TakeRequest]) -> PathInfo:
    """Settle a conflict: what that writer put there becomes a change of `cur`."""

    def work() -> PathInfo:
        mimei, path = caller.mimei(ref, Act.WRITE), parse_path(data.path)
        chosen = conflicts.take(caller.engines, mimei.id, path, data.writer, data.seq)
        return describe_path(path, decode_path_entry(chosen.value))

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
