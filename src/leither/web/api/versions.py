"""Versions: backing up, releasing, restoring, forking, looking back, comparing, deleting."""

import base64
import binascii
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Literal

from litestar import get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET

from leither import limits
from leither.codec import Cid
from leither.crypto import ID_BYTES
from leither.db import describe
from leither.errors import InputError
from leither.mimei.address import LAST, parse_address, parse_selector
from leither.mimei.entry import (
    GRANT_TYPE,
    REFERENCE_TYPE,
    TAG_TYPE,
    decode_grant_key,
    decode_path_entry,
    decode_reference,
)
from leither.mimei.path import PATH_TYPE, key_path, path_text
from leither.mimei.property import PROPERTY_TYPE, decode_property_key
from leither.people import Act
from leither.people.audit import Kind
from leither.service import history
from leither.service.backup import backup
from leither.service.diff import Difference, diff
from leither.service.holding import load
from leither.service.versions import VersionRow, rows, side_rows
from leither.web.api.catalog import shown
from leither.web.api.context import Caller, working_copy
from leither.web.api.database import shown as shown_bytes
from leither.web.api.describing import describe_path, describe_version
from leither.web.api.parameters import REF, CallerGiven, Limit, Ref
from leither.web.schema import (
    BackupDone,
    BackupRequest,
    DiffItem,
    DiffPage,
    Discarded,
    ForkRequest,
    MimeiInfo,
    ReleaseRequest,
    RestoreRequest,
    VersionInfo,
    VersionPage,
    VersionRange,
    VersionsDeleted,
)

_Change = Literal["added", "removed", "modified"]


class BadCursor(InputError):
    """What was passed to go on with was never given out as `next`."""

    code = "bad-cursor"

    def __init__(self) -> None:
        super().__init__("`after` is not what a page gave as `next`; begin again without it")


def version_shown(caller: Caller, ref: str, cid: Cid) -> VersionInfo:
    """Return a version of a MiMei as the API shows it, to who may do what was just done."""
    with caller.engines.state.read() as view:
        return describe_version(caller, view, load(caller.engines, view, parse_address(ref).id), cid)


@post(f"{REF}/backup", status_code=200, operation_id="backUp", tags=["versions"])
async def back_up(caller: CallerGiven, ref: Ref, data: JSONBody[BackupRequest]) -> BackupDone:
    """Append a read-only version with what changed in `cur`, or say that nothing did."""

    def work() -> BackupDone:
        mimei = caller.mimei(ref, Act.BACKUP)
        done = backup(caller.engines, mimei.id, note=data.note)
        return BackupDone(done.changed, version_shown(caller, ref, done.cid) if done.cid is not None else None)

    return await caller.run(work)


@post(f"{REF}/release", status_code=200, operation_id="release", tags=["versions"])
async def release(caller: CallerGiven, ref: Ref, data: JSONBody[ReleaseRequest]) -> VersionInfo:
    """Point the release at a version. Naming an older one rolls back."""

    def work() -> VersionInfo:
        mimei = caller.mimei(ref, Act.RELEASE)
        return version_shown(caller, ref, history.release(caller.engines, mimei.id, parse_selector(data.version)))

    return await caller.run(work)


@post(f"{REF}/restore", status_code=200, operation_id="restore", tags=["versions"])
async def restore(caller: CallerGiven, ref: Ref, data: JSONBody[RestoreRequest]) -> MimeiInfo:
    """Make `cur` equal a version. Unsaved changes must be discarded by name."""

    def work() -> MimeiInfo:
        mimei, selector = caller.mimei(ref, Act.WRITE), parse_selector(data.version)
        with caller.engines.state.read() as view:
            caller.readable(view, mimei, selector)
        history.restore(caller.engines, mimei.id, selector, discard=data.discard)
        return shown(caller, caller.mimei(ref, Act.WRITE))

    return await caller.run(work)


@post(f"{REF}/discard", status_code=200, operation_id="discard", tags=["versions"])
async def discard(caller: CallerGiven, ref: Ref) -> Discarded:
    """Throw away the unsaved changes of `cur`."""
    return await caller.run(lambda: Discarded(history.discard(caller.engines, caller.mimei(ref, Act.WRITE).id)))


@post(f"{REF}/fork", operation_id="fork", tags=["versions"])
async def fork(caller: CallerGiven, ref: Ref, data: JSONBody[ForkRequest]) -> MimeiInfo:
    """Make a new MiMei that goes on from a version: the one named, else the newest. Nothing is copied."""
    caller.principal.require_resident("forking a MiMei")
    address = parse_address(ref)
    selector = LAST if address.version is None else address.version

    def work() -> MimeiInfo:
        engines, user = caller.engines, caller.principal.user
        mimei = caller.catalog.get(address.id, caller.principal, Act.FORK)
        with engines.state.read() as view:
            version = caller.readable(view, mimei, selector)
        forked = history.fork(engines, mimei.id, version, mark=data.mark, app=data.app, user=user)
        caller.note(forked, Kind.CREATE)
        return shown(caller, forked)

    return await caller.run(work)


@get(f"{REF}/log", operation_id="getLog", tags=["versions"])
async def get_log(
    caller: CallerGiven,
    ref: Ref,
    limit: Limit = limits.LIST_PAGE_DEFAULT,
    before: Annotated[
        int | None, QueryParameter(ge=0, lt=1 << 53, description="Only versions with a lower number.")
    ] = None,
    every: Annotated[
        bool,
        QueryParameter(name="all", description="Whether to list versions that were merged in too, beyond `limit`."),
    ] = False,
) -> VersionPage:
    """List the versions, newest first."""

    def work() -> VersionPage:
        mimei = caller.mimei(ref, Act.READ_VERSIONS)
        with caller.engines.state.read() as view:
            page = list(islice(rows(caller.engines, view, mimei, before=before), limit + 1))
            more = len(page) > limit
            page = page[:limit]
            if every:
                lowest = page[-1].record.n if more else 0
                page += [row for row in side_rows(caller.engines, view, mimei) if _within(row, lowest, before)]
                page.sort(key=lambda row: row.record.n, reverse=True)
            items = [describe_version(caller, view, mimei, row.cid) for row in page]
        return VersionPage(items, page[-1].record.n if more else None)

    return await caller.run(work)


def _within(row: VersionRow, lowest: int, before: int | None) -> bool:
    return row.record.n >= lowest and (before is None or row.record.n < before)


@get(f"{REF}/diff", operation_id="getDiff", tags=["versions"])
async def get_diff(
    caller: CallerGiven,
    ref: Ref,
    old: Annotated[
        str, QueryParameter(name="from", max_length=200, description="The earlier state: a selector.")
    ] = "last",
    new: Annotated[str, QueryParameter(name="to", max_length=200, description="The later state: a selector.")] = "cur",
    limit: Limit = limits.LIST_PAGE_DEFAULT,
    after: Annotated[
        str | None, QueryParameter(description="Where to go on: `next` of the page before.", max_length=12_000)
    ] = None,
) -> DiffPage:
    """List what differs between two states of a MiMei."""

    def work() -> DiffPage:
        engines, start = caller.engines, _key_of(after)
        mimei = caller.catalog.readable(working_copy(ref), caller.principal)
        with engines.state.read() as view:
            states = [caller.readable(view, mimei, parse_selector(text)) for text in (old, new)]
            left, right = (state if isinstance(state, Cid) else None for state in states)
            found = _after(diff(engines, view, mimei, left, right), start)
            page = list(islice(found, limit + 1))
        items = [item for difference in page[:limit] if (item := _item(difference)) is not None]
        return DiffPage(items, _cursor(page[limit - 1].key) if len(page) > limit else None)

    return await caller.run(work)


def _after(differences: Iterator[Difference], start: bytes) -> Iterator[Difference]:
    return (found for found in differences if found.key > start)


def _cursor(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode()


def _key_of(cursor: str | None) -> bytes:
    if cursor is None:
        return b""
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadCursor from None


def _item(found: Difference) -> DiffItem | None:
    change: _Change = "modified"
    if found.before is None or found.after is None:
        change = "added" if found.before is None else "removed"
    kind = found.key[:1]
    if kind == PATH_TYPE:
        path = key_path(found.key)
        before, after = (
            describe_path(path, decode_path_entry(value)) if value is not None else None
            for value in (found.before, found.after)
        )
        return DiffItem(kind="path", change=change, path=path_text(path), before=before, after=after)
    if kind == REFERENCE_TYPE:
        return DiffItem(kind="reference", change=change, key=str(decode_reference(found.key)))
    if kind == PROPERTY_TYPE:
        path, name = decode_property_key(found.key)
        return DiffItem(kind="property", change=change, path=path_text(path), key=name)
    if kind == GRANT_TYPE:  # named by its hash alone: who reads a version needn't know who may do what
        return DiffItem(kind="grant", change=change, key=decode_grant_key(found.key)[1].hex())
    if kind != TAG_TYPE:
        return _database_item(found, change)
    return DiffItem(kind="tag", change=change, key=found.key[1 : -ID_BYTES - 1].decode().replace("\0", ":", 1))


def _database_item(found: Difference, change: _Change) -> DiffItem | None:
    before, after = (describe(found.key, value) if value is not None else None for value in (found.before, found.after))
    about = after or before
    if about is None:
        return None
    return DiffItem(
        kind="entry",
        change=change,
        key=shown_bytes(about.key),
        part=about.part,
        place=UNSET if about.place is None else shown_bytes(about.place),
        value_before=UNSET if before is None else shown_bytes(before.value),
        value_after=UNSET if after is None else shown_bytes(after.value),
    )


@post(f"{REF}/delete-versions", status_code=200, operation_id="deleteVersions", tags=["versions"])
async def delete_versions(caller: CallerGiven, ref: Ref, data: JSONBody[VersionRange]) -> VersionsDeleted:
    """Delete a range of versions. The newest, the released and those that others refer to stay."""

    def work() -> VersionsDeleted:
        mimei = caller.own(ref, "deleting versions")
        caller.note(mimei, Kind.CHANGE)
        deleted = history.delete_versions(caller.engines, mimei.id, data.first, data.last)
        with caller.engines.state.read() as view:
            kept = sum(1 for _ in rows(caller.engines, view, mimei))
        return VersionsDeleted([cid.text for cid in deleted], kept)

    return await caller.run(work)


OPERATIONS = (back_up, release, restore, discard, fork, get_log, get_diff, delete_versions)
