"""The application: one method of WebDAV each, over the working copies and versions of this node.

/dav/                     what MiMei there are, for whoever may read them
/dav/<id>[@version]/…     a file system; a version can only be read
/dav/<id>[@version]       a MiMei of type file
"""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from leither import limits
from leither.crypto import MimeiId
from leither.dav.caller import caller_of
from leither.dav.change import delete, make_collection
from leither.dav.element import BadXml
from leither.dav.fault import ALLOWED, XML, BadHeader, BodyNotTaken, ReadOnly, fault_status, tell
from leither.dav.guard import Guard, etag_of
from leither.dav.header import Depth, depth_of, lock_seconds, lock_token, overwrite, told_mtime_ms
from leither.dav.live import http_date
from leither.dav.locking import parse_lock, refresh, release, take
from leither.dav.place import PREFIX, destination, place_of
from leither.dav.propfind import Listing, all_mimei, parse_wanted
from leither.dav.proppatch import parse_instructions, patch
from leither.dav.receive import receive_file
from leither.dav.resource import Resource, look
from leither.dav.transfer import Transfer
from leither.errors import LeitherError
from leither.http.answer import NO_STORE, SAFE, SANDBOX
from leither.http.asgi import App, Header, Message, Receive, Scope, Send
from leither.http.body import pieces
from leither.http.elsewhere import Elsewhere
from leither.http.exchange import Exchange, MethodNotAllowed
from leither.http.media_type import media_type
from leither.http.request import Request
from leither.http.sending import Content, send_content, send_stream
from leither.http.threads import Threads
from leither.people import Principal
from leither.people.policy import READS
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, load
from leither.service.resolving import Resolving
from leither.service.tokens import BadToken, Tokens
from leither.service.tree import open_tree

LOGGER = logging.getLogger("leither.dav")
_MULTI: dict[str, object] = {
    "type": "http.response.start",
    "status": 207,
    "headers": [(b"content-type", XML), NO_STORE, *SAFE],
}
_PRIVATE: tuple[Header, ...] = ((b"cache-control", b"private, no-cache"), (b"vary", b"authorization"), *SAFE, SANDBOX)
_READING = ("GET", "HEAD", "PROPFIND")
"""Methods for which a MiMei that is not here is looked for on the network. What changes one needs it here."""
_DEPTHS = (Depth.ZERO, Depth.ONE, Depth.INFINITY)
_TREE = (Depth.INFINITY,)
_ENDS = (Depth.ZERO, Depth.INFINITY)


class DavDoor:
    """Answers what is below `/dav`. Hosts, origins and bounds have been checked by who calls it."""

    def __init__(self, engines: Engines, tokens: Tokens, elsewhere: Elsewhere) -> None:
        self._engines = engines
        self._elsewhere = elsewhere
        self._tokens = tokens
        self._threads = Threads()
        self._methods: dict[str, Callable[[Exchange, Guard], Awaitable[None]]] = {
            "GET": self._get,
            "HEAD": self._get,
            "PUT": self._put,
            "DELETE": self._delete,
            "PROPFIND": self._propfind,
            "PROPPATCH": self._proppatch,
            "MKCOL": self._mkcol,
            "COPY": self._transfer,
            "MOVE": self._transfer,
            "LOCK": self._lock,
            "UNLOCK": self._unlock,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Raises: LeitherError: only once a part of the answer is out."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        exchange = Exchange(Request(scope), receive, noted)
        principal: Principal | None = None
        try:
            if exchange.request.method == "OPTIONS":
                await self._options(exchange)
                return
            principal = caller_of(exchange.request, self._tokens)
            await self._serve(exchange, principal)
        except LeitherError as error:
            if begun:
                raise
            if fault_status(error) == 500:
                LOGGER.error("%s: %s", error.code, error)
            await tell(exchange, error, principal)

    async def _serve(self, exchange: Exchange, principal: Principal) -> None:
        request = exchange.request
        method = self._methods.get(request.method)
        if method is None:
            raise MethodNotAllowed(request.method, ALLOWED)
        place = place_of(request.names)
        if place is None:
            await self._serve_all(exchange, principal)
            return
        if request.method in _READING:
            with suppress(MimeiNotFound):  # what it misses, the method says and has noted
                await self._elsewhere.read(lambda: self._look_for(place.address.id, principal), principal)
        await method(exchange, Guard.of(self._engines, principal, request, place))

    async def _look_for(self, mimei: MimeiId, principal: Principal) -> None:
        """Make sure that a MiMei is here of which something may be read. Raises: MimeiNotFound."""
        with self._engines.state.read() as view:
            if not load(self._engines, view, mimei).acts(principal) & READS:
                raise MimeiNotFound(mimei)

    async def _options(self, exchange: Exchange) -> None:
        """Say what can be done; without asking who wants to know, as some clients ask before they sign in."""
        fields: list[Header] = [(b"dav", b"1,2,3"), (b"ms-author-via", b"DAV"), (b"allow", ALLOWED.encode()), *SAFE]
        await exchange.answer(200, headers=fields)

    async def _serve_all(self, exchange: Exchange, principal: Principal) -> None:
        """Answer at the list of all MiMei."""
        if principal.is_guest:
            raise BadToken  # what is public is found by its address; the list is for who signed in
        if exchange.request.method == "PROPFIND":
            depth = depth_of(exchange.request, default=Depth.ONE, among=_DEPTHS)
            wanted = parse_wanted(await self._xml(exchange))
            made = all_mimei(self._engines, principal, wanted, depth)
            await send_stream(exchange, _MULTI, made, self._threads, first_bytes=limits.STREAM_PIECE_BYTES)
        elif exchange.request.is_read:
            await self._point_to(exchange, "/")
        else:
            raise ReadOnly("the list of all MiMei")

    async def _get(self, exchange: Exchange, guard: Guard) -> None:
        place = guard.place

        def work() -> Resource:
            with open_tree(self._engines, place.address.id, place.address.version, guard.principal) as tree:
                found = look(tree, place.path)
                guard.check(tree.view, found.entry)
                return found

        found = await self._threads.run(work)
        if found.is_collection:
            await self._point_to(exchange, f"/mm/{place.base.partition(f'/{PREFIX}/')[2]}/")
            return
        entry = found.entry
        assert entry.cid is not None
        name = place.path[-1] if place.path else f".{found.tree.mimei.genesis.ext}"
        headers = _PRIVATE
        if entry.mtime_ms:
            headers = (*headers, (b"last-modified", http_date(entry.mtime_ms).encode()))
        content = Content.of(entry.cid, entry.size_bytes, media_type(name))
        if guard.not_modified(entry):
            await exchange.send(
                {"type": "http.response.start", "status": 304, "headers": [*content.head[1:], *headers]}
            )
            await exchange.send({"type": "http.response.body"})
            return
        await send_content(exchange, content, found.tree.engines.file_blocks.fetch, self._threads, headers=headers)

    async def _point_to(self, exchange: Exchange, address: str) -> None:
        """Answer a reader of a collection, who is no WebDAV client: a browser, or a check that somebody is there."""
        body = f"This is a collection for WebDAV clients. A browser finds it at {address}\n".encode()
        await exchange.answer(200, body, media_type=b"text/plain; charset=utf-8", headers=_PRIVATE)

    async def _put(self, exchange: Exchange, guard: Guard) -> None:
        request = exchange.request
        if b"content-range" in request.headers:
            raise BadHeader("Content-Range", request.header(b"content-range"))
        mtime_ms = told_mtime_ms(request)
        entry, new = await receive_file(
            self._engines,
            guard,
            pieces(exchange.receive),
            self._threads,
            mtime_ms=mtime_ms,
            ask=b"expect" in request.headers,
        )
        fields: list[Header] = [(b"etag", (etag_of(entry) or "").encode()), *SAFE]
        if mtime_ms is not None:
            fields.append((b"x-oc-mtime", b"accepted"))
        await exchange.answer(201 if new else 204, headers=fields)

    async def _delete(self, exchange: Exchange, guard: Guard) -> None:
        depth_of(exchange.request, default=Depth.INFINITY, among=_TREE)
        await self._threads.run(lambda: delete(self._engines, guard))
        await exchange.answer(204, headers=SAFE)

    async def _mkcol(self, exchange: Exchange, guard: Guard) -> None:
        async for _ in pieces(exchange.receive):
            raise BodyNotTaken("MKCOL")
        mtime_ms = told_mtime_ms(exchange.request)
        when = self._engines.clock.now_ms() if mtime_ms is None else mtime_ms
        await self._threads.run(lambda: make_collection(self._engines, guard, when))
        await exchange.answer(201, headers=SAFE)

    async def _propfind(self, exchange: Exchange, guard: Guard) -> None:
        depth = depth_of(exchange.request, default=Depth.INFINITY, among=_DEPTHS)
        wanted = parse_wanted(await self._xml(exchange))
        made = Listing(self._engines, guard, wanted).pieces(depth)
        if depth is Depth.ZERO:
            body = await self._threads.run(lambda: b"".join(made))
            await exchange.answer(207, body, media_type=XML, headers=(NO_STORE, *SAFE))
        else:
            await send_stream(exchange, _MULTI, made, self._threads, first_bytes=limits.STREAM_PIECE_BYTES)

    async def _proppatch(self, exchange: Exchange, guard: Guard) -> None:
        instructions = parse_instructions(await self._xml(exchange))
        body = await self._threads.run(lambda: patch(self._engines, guard, instructions))
        await exchange.answer(207, body, media_type=XML, headers=(NO_STORE, *SAFE))

    async def _transfer(self, exchange: Exchange, guard: Guard) -> None:
        request = exchange.request
        copying = request.method == "COPY"
        depth = depth_of(request, default=Depth.INFINITY, among=_ENDS if copying else _TREE)
        work = Transfer(
            self._engines,
            guard,
            destination(request),
            keep=copying,
            overwrite=overwrite(request),
            shallow=depth is Depth.ZERO,
        )
        new = await self._threads.run(work.run)
        await exchange.answer(201 if new else 204, headers=SAFE)

    async def _lock(self, exchange: Exchange, guard: Guard) -> None:
        request = exchange.request
        deep = depth_of(request, default=Depth.INFINITY, among=_ENDS) is Depth.INFINITY
        seconds = lock_seconds(request)
        body = await self._xml(exchange)
        fields: tuple[Header, ...] = (NO_STORE, *SAFE)
        if not body.strip():
            told = await self._threads.run(lambda: refresh(self._engines, guard, seconds=seconds))
            await exchange.answer(200, told, media_type=XML, headers=fields)
            return
        wanted = parse_lock(body)
        told, token, new = await self._threads.run(
            lambda: take(self._engines, guard, wanted, deep=deep, seconds=seconds)
        )
        fields = (*fields, (b"lock-token", f"<{token}>".encode()))
        await exchange.answer(201 if new else 200, told, media_type=XML, headers=fields)

    async def _unlock(self, exchange: Exchange, guard: Guard) -> None:
        token = lock_token(exchange.request)
        await self._threads.run(lambda: release(self._engines, guard, token))
        await exchange.answer(204, headers=SAFE)

    async def _xml(self, exchange: Exchange) -> bytes:
        """Return the request's body. Raises: BadXml: too long. ClientGone."""
        body = bytearray()
        async for piece in pieces(exchange.receive):
            body += piece
            if len(body) > limits.XML_BYTES_MAX:
                raise BadXml(f"it exceeds the limit of {limits.XML_BYTES_MAX:,} bytes")
        return bytes(body)


def create_dav(engines: Engines, tokens: Tokens, *, resolving: Resolving | None = None) -> App:
    """Return the WebDAV application of a node; it answers below `/dav`. `resolving`: brings here what isn't."""
    return DavDoor(engines, tokens, Elsewhere(resolving))
