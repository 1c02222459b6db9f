"""The origin of an app: its released version, at paths of its own and for its pages alone.

It is `<id>.localhost` on this machine, and a port of its own for others.
"""

from leither.crypto import MimeiId, id_text
from leither.errors import NotFound
from leither.http.answer import NO_STORE, SAFE
from leither.http.asgi import Header
from leither.http.elsewhere import Elsewhere
from leither.http.exchange import Exchange
from leither.http.request import Request
from leither.http.sending import Content, send_content
from leither.http.threads import Threads
from leither.mimei.path import Path
from leither.people import Front, Principal
from leither.service.audit import Audit
from leither.service.tokens import BadCode, Tokens
from leither.unixfs import BadName, PathTooLong
from leither.web import notice
from leither.web.gateway.identify import visitor
from leither.web.gateway.places import Places, State
from leither.web.gateway.ready import ReadyAnswers, is_plain, read_by_guests
from leither.web.gateway.small_blocks import SmallBlocks
from leither.web.reach import Reach, reach_of
from leither.web.settings import WebSettings

ENTER, NODE, ID = ((".leither", name) for name in ("enter", "node", "id"))
"""Paths of every origin that are the node's: to enter, to its own page, and for what the app's id is."""
_TEXT = b"text/plain; charset=utf-8"
_INDEX = "index.html"
_NOT_FOUND = ("404.html",)
_APP: tuple[Header, ...] = (
    (b"cache-control", b"no-cache"),
    *SAFE,
    # Each app in a process of its own, where the browser can.
    (b"origin-agent-cluster", b"?1"),
)
_PRIVATE_APP: tuple[Header, ...] = (
    (b"cache-control", b"private, no-cache"),
    (b"vary", b"cookie"),
    *_APP[1:],
    # On the LAN other apps are the same site, and could otherwise show it, or run its scripts.
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"frame-ancestors 'self'"),
)


class Origins:
    """Serves every app of the node at its own origin."""

    def __init__(
        self,
        blocks: SmallBlocks,
        settings: WebSettings,
        tokens: Tokens,
        places: Places,
        threads: Threads,
        audit: Audit,
        elsewhere: Elsewhere,
    ) -> None:
        self._get = blocks.get
        self._ready = ReadyAnswers(blocks, lambda: places.generation, audit)
        self._settings = settings
        self._tokens = tokens
        self._places = places
        self._threads = threads
        self._elsewhere = elsewhere

    def at_once(self, request: Request, mimei: MimeiId) -> tuple[bytes, bytes] | None:
        """Return the header lines and body for a plain request that was answered before; None to `serve` it."""
        return self._ready.get((mimei, request.raw_path))

    async def serve(self, exchange: Exchange, mimei: MimeiId) -> None:
        """Answer a request to the origin of `mimei`."""
        request = exchange.request
        generation = self._places.generation
        exchange.require_read()
        names = request.names
        reach = reach_of(self._settings, request.scope)
        if names == ENTER:
            await self._enter(exchange, mimei, reach)
            return
        if names == NODE:
            await exchange.redirect(reach.url.encode(), headers=(NO_STORE, *SAFE))
            return
        if names == ID:
            await exchange.answer(200, id_text(mimei).encode(), media_type=_TEXT, headers=(NO_STORE, *SAFE))
            return
        principal = visitor(request, self._tokens, mimei, reach)
        headers = _APP if principal.is_guest else _PRIVATE_APP
        try:
            state = await self._elsewhere.read(lambda: self._release(mimei, principal), principal)
        except NotFound:
            body = notice.nothing_released(id_text(mimei), reach.url)
            fields = (*notice.HEADERS, (b"cache-control", b"no-store"))
            await exchange.answer(404, body, media_type=notice.HTML, headers=fields)
            return
        try:
            path = (*names, _INDEX) if request.at_directory else names
            content = await self._find(state, path, principal)
        except (NotFound, BadName, PathTooLong):
            await self._not_found(exchange, state, principal, headers)
            return
        if content is not None:
            # What is not known by its version alone lies in another MiMei.
            if principal.is_guest and is_plain(request) and self._places.known(state, path) is content:
                self._ready.keep(
                    (mimei, request.raw_path), content, headers, found_at=generation, read=read_by_guests(state.mimei)
                )
            await send_content(exchange, content, self._get, self._threads, headers=headers)
        elif request.at_directory:
            await self._not_found(exchange, state, principal, headers)
        else:
            query = b"?" + request.raw_query if request.raw_query else b""
            await exchange.redirect(request.raw_path + b"/" + query, headers=headers)

    async def _release(self, mimei: MimeiId, principal: Principal) -> State:
        return self._places.release(mimei, principal)

    async def _find(self, state: State, path: Path, principal: Principal) -> Content | None:
        found = self._places.known(state, path)
        return found or await self._threads.run(lambda: self._places.at(state, path, principal))

    async def _not_found(
        self, exchange: Exchange, state: State, principal: Principal, headers: tuple[Header, ...]
    ) -> None:
        """Answer 404 with the app's own page for it, if it has one."""
        try:
            content = await self._find(state, _NOT_FOUND, principal)
        except NotFound:
            content = None
        if content is not None:
            await send_content(exchange, content, self._get, self._threads, headers=headers, status=404)
            return
        body = notice.not_found("/" + "/".join(exchange.request.names))
        await exchange.answer(404, body, media_type=notice.HTML, headers=(*notice.HEADERS, headers[0]))

    async def _enter(self, exchange: Exchange, mimei: MimeiId, reach: Reach) -> None:
        """Turn a one-time code into a cookie for this origin, and go to the app's first page.

        The page goes on by itself rather than by a redirect: a strict cookie is not sent along a chain of redirects
        that began at another site, as a click on the node's own page does.
        """
        no_store: Header = (b"cache-control", b"no-store")
        code = exchange.request.query.get("code", "")
        try:
            if exchange.is_head:
                raise BadCode
            secret, _ = await self._threads.run(lambda: self._tokens.redeem(code, only=mimei, front=Front.GATEWAY))
        except BadCode:
            body = notice.link_used(reach.url)
            await exchange.answer(403, body, media_type=notice.HTML, headers=(*notice.HEADERS, no_store))
            return
        body = notice.page("Opening", '<p><a href="/">Go on to the app</a></p>')
        fields = (
            *notice.HEADERS,
            no_store,
            (b"set-cookie", reach.cookie(mimei, secret).encode()),
            (b"refresh", b"0; url=/"),
        )
        await exchange.answer(200, body, media_type=notice.HTML, headers=fields)
