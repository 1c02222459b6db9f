"""Trees: listing them, and moving whole ones in and out as tar."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import anyio
from litestar import get, put
from litestar.params import QueryParameter

from leither import limits
from leither.mimei.address import CUR, Address, parse_address
from leither.mimei.entry import EntryType, PathEntry, decode_path_entry
from leither.mimei.path import ROOT, Path, below, key_path, parse_path, path_key, path_text
from leither.people import Act
from leither.service.entries import Entries
from leither.service.paths import NotADirectory
from leither.service.tree import Found, open_tree, read_bytes
from leither.service.uploads import TreeUpload
from leither.unixfs import check_path
from leither.web.api.body import pieces
from leither.web.api.context import Caller
from leither.web.api.describing import describe_path
from leither.web.api.files import Incoming
from leither.web.api.parameters import REF, After, CallerGiven, Limit, PathInUrl, PathTaken, Ref
from leither.web.api.streaming import ByteStream, joined
from leither.web.api.tar_in import TarIngest
from leither.web.api.tar_out import tar_stream
from leither.web.schema import PathPage, TreeSummary

TAR = "application/x-tar"


@get(f"{REF}/tree/{{path:str}}", operation_id="listTree", tags=["trees"])
async def list_tree(
    caller: CallerGiven,
    ref: Ref,
    path: PathInUrl,
    at: PathTaken,
    limit: Limit = limits.LIST_PAGE_DEFAULT,
    after: After = None,
    recursive: Annotated[bool, QueryParameter(description="Whether to list what is in directories below too.")] = False,
) -> PathPage:
    """List a directory by name, or with `recursive` everything in it, parents first."""
    address = parse_address(ref)

    def work() -> PathPage:
        start = parse_path(after) if after else ROOT
        with open_tree(caller.engines, address.id, address.version, caller.principal) as tree:
            found = tree.follow(at)
            _check_directory(found, at)
            if recursive:
                walked = _scan(found.tree.entries, found.path, start)
            else:
                names = found.tree.children(found.path, after="/".join(start) or None)
                walked = (((name,), entry) for name, entry in names)
            page = list(islice(walked, limit + 1))
        items = [describe_path(at + inner, entry) for inner, entry in page[:limit]]
        return PathPage(items, path_text(page[limit - 1][0]) if len(page) > limit else None)

    return await caller.run(work)


def _check_directory(found: Found, asked: Path) -> None:
    if found.entry.type is not EntryType.DIRECTORY:
        raise NotADirectory(asked)


def _scan(entries: Entries, top: Path, after: Path) -> Iterator[tuple[Path, PathEntry]]:
    """Iterate over (path below `top`, entry), parents first, from behind `after` on."""
    start, stop = below(top)
    if after:
        # Nothing sorts between a path's key and those of what is in it.
        start = path_key(top + after) + b"\0"
    for key, value in entries.scan(start, stop):
        yield key_path(key)[len(top) :], decode_path_entry(value)


@put(f"{REF}/tree/{{path:str}}", operation_id="putTree", tags=["trees"], request_max_body_size=None)
async def put_tree(
    request: Incoming,
    caller: CallerGiven,
    ref: Ref,
    path: PathInUrl,
    at: PathTaken,
    replace: Annotated[bool, QueryParameter(description="Whether what the archive lacks goes.")] = False,
) -> TreeSummary:
    """Take a tar archive of any size as the tree below a path, in one change: all of it shows at once, or none."""
    check_path(at)
    mimei = (await caller.run(caller.mimei, ref, Act.WRITE)).id
    upload = await caller.run(lambda: TreeUpload(caller.engines, mimei, at, replace=replace))
    ingest = TarIngest(upload)
    try:
        async for piece in pieces(request):
            await caller.run(ingest.feed, piece)
        ingest.finish()
        done = await caller.run(upload.finish)
    finally:
        with anyio.CancelScope(shield=True):
            await caller.run(upload.abort)
    return TreeSummary(done.files, done.directories, done.symlinks, done.bytes, done.changed)


@get(f"{REF}/tar/{{path:str}}", operation_id="getTar", tags=["trees"])
async def get_tar(caller: CallerGiven, ref: Ref, path: PathInUrl, at: PathTaken) -> ByteStream:
    """Send a tree as a pax archive; references to other MiMei are left out.

    A version is sent as it is. `cur` may change meanwhile, and what changes may or may not be in the archive.
    """
    address = parse_address(ref)

    def archive() -> Iterator[bytes]:
        with open_tree(caller.engines, address.id, address.version, caller.principal) as tree:
            engines = tree.follow(at).tree.engines
        yield from joined(tar_stream(_walk(caller, address, at), lambda cid: read_bytes(engines, cid)))

    return ByteStream(
        caller,
        archive,
        media_type=TAR,
        headers={"x-content-type-options": "nosniff", "cache-control": "no-cache"},
    )


def _walk(caller: Caller, address: Address, at: Path) -> Iterator[tuple[Path, PathEntry]]:
    """Iterate over everything below `at`, pinning no snapshot of the state while the client reads."""
    with open_tree(caller.engines, address.id, address.version, caller.principal) as tree:
        found = tree.follow(at)
        _check_directory(found, at)
    if found.tree.version is not None:
        # A version's entries are blocks, which need no snapshot.
        yield from _scan(found.tree.entries, found.path, ROOT)
        return
    after = ROOT
    while True:
        with open_tree(caller.engines, found.tree.mimei.id, CUR, caller.principal) as tree:
            page = list(islice(_scan(tree.entries, found.path, after), limits.LIST_PAGE_MAX))
        yield from page
        if len(page) < limits.LIST_PAGE_MAX:
            return
        after = page[-1][0]


OPERATIONS = (list_tree, put_tree, get_tar)
