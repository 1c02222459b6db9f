"""What stands at the end of a path below a CID, as a browser can show it: a file, a list, a link's target."""

from collections.abc import Callable

from leither import limits
from leither.codec import DAG_PB, RAW
from leither.codec.cid_text import cid_text
from leither.codec.foreign import AnyCid
from leither.errors import NotFound
from leither.http.answer import SANDBOX
from leither.http.asgi import Header
from leither.http.exchange import Exchange, NotAcceptable
from leither.http.media_type import media_type
from leither.http.sending import Content, read_near, send_content
from leither.http.threads import Threads
from leither.mimei.path import Path
from leither.unixfs import Get, Kind, Node, decode, entries, lookup
from leither.unixfs.node import load
from leither.web import notice
from leither.web.gateway.listing import listing

_INDEX = "index.html"


async def send_entity(
    exchange: Exchange,
    cid: AnyCid,
    path: Path,
    get: Get,
    threads: Threads,
    *,
    headers: tuple[Header, ...],
    keep: Callable[[Content, tuple[Header, ...]], None],
) -> None:
    """Answer with the file, directory or symlink `cid`. None of it may run: the policy is a sandbox.

    A file and its headers are given to `keep` before they are sent.
    Raises: NotAcceptable: for blocks that are neither. BlockNotFound, BlockMissing, and what the decoders raise.
    """
    node = await read_near(cid, lambda: _node(cid, get), threads)
    safe = (*headers, SANDBOX)
    name = path[-1] if path else exchange.request.query.get("filename", "")
    if node.kind in (Kind.RAW, Kind.FILE):
        content = Content.of(cid, node.size_bytes, media_type(name))
        keep(content, safe)
        await send_content(exchange, content, get, threads, headers=safe)
    elif node.kind is Kind.SYMLINK:
        fields = (*safe, (b"etag", b'"%b"' % cid_text(cid).encode()))
        await exchange.answer(200, node.data, media_type=b"inode/symlink", headers=fields)
    elif not exchange.request.at_directory:
        query = b"?" + exchange.request.raw_query if exchange.request.raw_query else b""
        await exchange.redirect(exchange.request.raw_path + b"/" + query, headers=headers)
    else:
        await _send_directory(exchange, cid, path, get, threads, headers=safe)


def _node(cid: AnyCid, get: Get) -> Node:
    if cid.codec not in (RAW, DAG_PB):
        raise NotAcceptable("a file", "this block with ?format=raw, or ?format=car")
    return decode(cid, load(get, cid))


async def _send_directory(
    exchange: Exchange, cid: AnyCid, path: Path, get: Get, threads: Threads, *, headers: tuple[Header, ...]
) -> None:
    try:
        index = await threads.run(lambda: lookup(get, cid, _INDEX).cid)
        node = await threads.run(lambda: _node(index, get))
    except NotFound:
        node = None
    if node is not None and node.kind in (Kind.RAW, Kind.FILE):
        content = Content.of(index, node.size_bytes, media_type(_INDEX))
        await send_content(exchange, content, get, threads, headers=headers)
        return
    listed, complete = await threads.run(lambda: _list(cid, get))
    body = listing("/".join(exchange.request.names[:2] + path), listed, complete=complete, at_root=not path)
    # The list is this program's own work and may change with it, whatever the CID.
    who = headers[0][1].partition(b",")[0]
    fields = (*headers[1:-1], notice.HEADERS[-1], (b"cache-control", who + b", max-age=604800"))
    await exchange.answer(200, body, media_type=notice.HTML, headers=fields)


def _list(cid: AnyCid, get: Get) -> tuple[list[tuple[str, bool]], bool]:
    listed: list[tuple[str, bool]] = []
    for entry in entries(get, cid):
        if len(listed) == limits.LISTED_ENTRIES_MAX:
            return sorted(listed), False
        # Telling directories apart would take a read of each; an address without its slash is sent on.
        listed.append((entry.name, False))
    return sorted(listed), True
