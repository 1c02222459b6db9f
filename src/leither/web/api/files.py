"""Files: reading them in whole or part, putting them, and changing what stands at a path."""

from functools import partial
from typing import Annotated

import anyio
from litestar import Request, Response, delete, get, post, put
from litestar.datastructures import State
from litestar.params import JSONBody, QueryParameter

from leither import limits
from leither.errors import Conflict, InputError
from leither.http.conditions import byte_range, matches
from leither.mimei.address import parse_address
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import ROOT, Path, parse_path, path_text
from leither.people import Act
from leither.service import pages, paths
from leither.service.engines import Engines
from leither.service.tree import NothingAtPath, Tree, open_tree, read_bytes
from leither.service.uploads import Upload
from leither.web.api.body import pieces
from leither.web.api.context import Caller
from leither.web.api.describing import content_type, describe_path
from leither.web.api.parameters import REF, CallerGiven, PathInUrl, PathTaken, Ref
from leither.web.api.preconditions import Preconditions, content_range
from leither.web.api.streaming import ByteStream
from leither.web.api.targets import reference_target
from leither.web.schema import PathChange, PathInfo, Size

FILES = f"{REF}/files/{{path:str}}"
_READ_HEADERS = {
    "accept-ranges": "bytes",
    "cache-control": "no-cache",
    # Bytes of anybody must never run with the rights of the node's own page.
    "content-security-policy": "sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
Incoming = Request[object, object, State]


class IsADirectory(Conflict):
    """A directory stands where a file is wanted."""

    code = "is-a-directory"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path or '/'!r} is a directory and has no bytes; list it, or get it as tar")


class OneChange(InputError):
    """Not exactly one change was asked for."""

    code = "one-change"

    def __init__(self) -> None:
        super().__init__(
            "ask for exactly one of directory, symlink, reference, move_to or copy_to, or else for mode and mtime; "
            "follow goes with reference"
        )


def entry_at(tree: Tree, path: Path) -> PathEntry:
    """Return what stands at `path` itself: references and links are followed on the way, not at its end."""
    if path == ROOT:
        return tree.entry(ROOT)
    try:
        above = tree.follow(path[:-1])
    except NothingAtPath as error:
        raise NothingAtPath(tree.mimei, path) from error  # what was asked for, not the folder it would be in
    return above.tree.entry((*above.path, path[-1]))


@get(FILES, operation_id="readFile", tags=["files"])
async def read_file(
    request: Incoming,
    caller: CallerGiven,
    ref: Ref,
    path: PathInUrl,
    at: PathTaken,
    info: Annotated[bool, QueryParameter(description="Whether to describe the entry instead.")] = False,
) -> Response[PathInfo] | Response[None] | Response[bytes]:
    """Send a file's bytes, in whole or in the part a Range header asks for, or describe what stands at a path."""
    address = parse_address(ref)

    def work() -> tuple[PathEntry, Engines]:
        with open_tree(caller.engines, address.id, address.version, caller.principal) as tree:
            if info:
                return entry_at(tree, at), tree.engines
            found = tree.follow(at)
            return found.entry, found.tree.engines

    entry, engines = await caller.run(work)
    if info:
        return Response(describe_path(at, entry))
    if entry.type is not EntryType.FILE or entry.cid is None:
        raise IsADirectory(at)
    cid, size = entry.cid, entry.size_bytes
    etag = f'"{cid.text}"'
    fields = dict(request.scope["headers"])
    headers = {**_READ_HEADERS, "etag": etag}
    media_type = content_type(at[-1] if at else "")
    if matches(fields.get(b"if-none-match", b""), etag.encode()):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    found = byte_range(fields, etag.encode(), size)
    start, stop = found or (0, size)
    if found is not None:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    return ByteStream(
        caller,
        lambda: read_bytes(engines, cid, start, stop),
        media_type=media_type,
        status=200 if found is None else 206,
        headers=headers,
        size_bytes=stop - start,
    )


@put(FILES, operation_id="putFile", tags=["files"], request_max_body_size=None)
async def put_file(
    request: Incoming,
    caller: CallerGiven,
    ref: Ref,
    path: PathInUrl,
    at: PathTaken,
    mode: Annotated[
        str | None, QueryParameter(pattern="^[0-7]{1,4}$", description="Permission bits in octal, for instance 644.")
    ] = None,
    mtime: Annotated[
        int | None, QueryParameter(ge=0, le=limits.TIME_MS_MAX, description="Milliseconds since 1970-01-01 UTC.")
    ] = None,
) -> PathInfo:
    """Put a file of any size, whole; or, with Content-Range, bytes at an offset of a MiMei of type file.

    If-Match and If-None-Match are honoured, up to the moment of the change. A request that breaks off leaves nothing
    behind.
    """
    fields = dict(request.scope["headers"])
    conditions = Preconditions.of(fields)
    span = content_range(fields)

    def check() -> None:
        mimei = caller.mimei(ref, Act.WRITE)
        conditions.check_early(caller, mimei, at)

    await caller.run(check)
    mimei = parse_address(ref).id
    expect = partial(conditions.check, at) if conditions.given else None
    if span is not None:
        data = await span.read(pieces(request))
        if at != ROOT:
            raise paths.WrongPlace(at, "only the file of a MiMei of type file takes writes at an offset")
        entry = await caller.run(partial(pages.write_at, caller.engines, mimei, span.start, data, expect=expect))
        return describe_path(at, entry)
    upload = await caller.run(
        lambda: Upload(caller.engines, mimei, at, mode=int(mode or "0", 8), mtime_ms=mtime, expect=expect)
    )
    try:
        async for piece in pieces(request):
            await caller.run(upload.write, piece)
        entry = await caller.run(upload.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await caller.run(upload.abort)
    return describe_path(at, entry)


@post(FILES, status_code=200, operation_id="changePath", tags=["files"])
async def change_path(
    caller: CallerGiven, ref: Ref, path: PathInUrl, at: PathTaken, data: JSONBody[PathChange]
) -> PathInfo:
    """Make a directory, symlink or reference, move, copy, or change mode and time."""
    return await caller.run(lambda: describe_path(*_changed(caller, ref, at, data)))


def _changed(caller: Caller, ref: str, at: Path, change: PathChange) -> tuple[Path, PathEntry]:
    mimei = caller.mimei(ref, Act.WRITE).id
    engines, now = caller.engines, caller.engines.clock.now_ms()
    mtime = now if change.mtime is None else change.mtime
    mode = None if change.mode is None else int(change.mode, 8)
    _check_one(change)
    if change.directory:
        return at, paths.make_directory(engines, mimei, at, mode=mode or 0, mtime_ms=mtime)
    if change.symlink is not None:
        return at, paths.make_symlink(engines, mimei, at, change.symlink, mtime_ms=mtime)
    if change.reference is not None:
        target, version = reference_target(caller, change.reference, follow=change.follow)
        return at, paths.make_reference(engines, mimei, at, target, version, mtime_ms=mtime)
    if change.move_to is not None:
        to = parse_path(change.move_to)
        return to, paths.move(engines, mimei, at, to)
    if change.copy_to is not None:
        to = parse_path(change.copy_to)
        return to, paths.copy(engines, mimei, at, to)
    return at, paths.set_attributes(engines, mimei, at, mode=mode, mtime_ms=change.mtime)


def _check_one(change: PathChange) -> None:
    """Check that one thing is asked for, with what goes with it. Raises: OneChange."""
    makes = (change.directory, change.symlink is not None, change.reference is not None)
    moves = (change.move_to is not None, change.copy_to is not None)
    attributes = change.mode is not None or change.mtime is not None
    asked = sum(makes) + sum(moves)
    if asked > 1 or (not asked and not attributes) or (any(moves) and attributes):
        raise OneChange
    if change.follow and change.reference is None:
        raise OneChange
    if change.mode is not None and (change.symlink is not None or change.reference is not None):
        raise OneChange


@delete(FILES, operation_id="removePath", tags=["files"])
async def remove_path(
    caller: CallerGiven,
    ref: Ref,
    path: PathInUrl,
    at: PathTaken,
    recursive: Annotated[bool, QueryParameter(description="Whether to remove all that is in it too.")] = False,
) -> None:
    """Remove what stands at a path."""

    def work() -> None:
        mimei = caller.mimei(ref, Act.WRITE)
        paths.remove(caller.engines, mimei.id, at, recursive=recursive)

    await caller.run(work)


@post(f"{REF}/truncate", status_code=200, operation_id="truncateFile", tags=["files"])
async def truncate_file(caller: CallerGiven, ref: Ref, data: JSONBody[Size]) -> PathInfo:
    """Make the file of a MiMei of type file exactly so long; what is added reads as zeros."""

    def work() -> PathInfo:
        mimei = caller.mimei(ref, Act.WRITE)
        return describe_path(ROOT, pages.truncate(caller.engines, mimei.id, data.bytes))

    return await caller.run(work)


OPERATIONS = (read_file, put_file, change_path, remove_path, truncate_file)
