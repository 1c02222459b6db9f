"""The front door: one ASGI application that checks where each request is for, and hands it on.

<id>.localhost              the app of that id, at an origin of its own; for other machines it is a port
/api/…                      the HTTP API
/ipfs/…  /ipns/…  /mm/…     the gateway
/dav/…                      WebDAV
/trust                      the node's own authority, for other machines to trust
/healthz  /metrics          for whoever looks after the node
/  /static/…                the node's own page
"""

import logging
from contextlib import ExitStack
from time import perf_counter

from leither.errors import LeitherError
from leither.http.answer import NO_STORE, SAFE
from leither.http.asgi import App, Message, Receive, Scope, Send
from leither.http.elsewhere import Elsewhere
from leither.http.exchange import Exchange
from leither.http.request import Request
from leither.http.threads import Threads
from leither.service.denied import ContentDenied
from leither.service.engines import Engines
from leither.service.resolving import Resolving
from leither.service.tokens import Tokens
from leither.service.traffic import Traffic
from leither.service.visible import Visibility
from leither.web import notice
from leither.web.console import Console, NoSuchPage
from leither.web.gateway.ipfs import IpfsPaths
from leither.web.gateway.mimei import MimeiPaths
from leither.web.gateway.names import NamePaths
from leither.web.gateway.origin import Origins
from leither.web.gateway.places import Places
from leither.web.gateway.ready import is_plain
from leither.web.gateway.small_blocks import SmallBlocks
from leither.web.head import answer_head
from leither.web.hosts import Hosts, check_origin
from leither.web.metrics import Metrics
from leither.web.reach import insisting
from leither.web.settings import WebSettings
from leither.web.trust import TrustPages

LOGGER = logging.getLogger("leither.web")
_TEXT = b"text/plain; charset=utf-8"
_LOOPBACK = ("127.", "::1", "::ffff:127.")


class FrontDoor:
    """The application. `close` ends its watching for changes; the ASGI shutdown does it too."""

    def __init__(
        self,
        engines: Engines,
        settings: WebSettings,
        *,
        tokens: Tokens,
        api: App,
        dav: App,
        resolving: Resolving | None = None,
        traffic: Traffic | None = None,
    ) -> None:
        self.metrics = Metrics(engines, traffic)
        self._api = api
        self._dav = dav
        self._hosts = Hosts(settings)
        self._threads = Threads()
        self._console = Console()
        self._trust = TrustPages(settings)
        visibility = Visibility(engines)
        places = Places(engines)
        blocks = SmallBlocks(engines.file_blocks.fetch, engines.denied)
        elsewhere = Elsewhere(resolving)
        self._origins = Origins(blocks, settings, tokens, places, self._threads, engines.audit, elsewhere)
        self._mimei = MimeiPaths(blocks.get, settings, tokens, places, self._threads, elsewhere)
        self._ipfs = IpfsPaths(blocks, tokens, visibility, self._threads, engines.audit)
        self._names = NamePaths(engines)
        self._watching = ExitStack()
        for hear in (visibility.hear, places.hear, self._names.hear):
            self._watching.enter_context(engines.events.watching(hear))

    def close(self) -> None:
        """Stop watching for changes. Idempotent."""
        self._watching.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection's request, or pass the server's lifespan on to the API."""
        if scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._serve_websocket(scope, receive, send)
        else:
            try:
                await self._api(scope, receive, send)
            finally:
                self.close()

    def at_once(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """Return the header lines and body for what a guest has just been given and asks for again; None otherwise.

        What stands here is memory alone; everything else, every error too, is left to `__call__`.
        """
        began = perf_counter()
        request = Request(scope)
        if not is_plain(request):
            return None
        try:
            request.check_bounds()
            app = self._hosts.app_of(request)
            if app is not None:
                route, ready = "app", self._origins.at_once(request, app)
            elif request.raw_path.startswith(b"/ipfs/"):
                route, ready = "ipfs", self._ipfs.at_once(request)
            else:
                return None
        except LeitherError:
            # It is raised again where it can be answered.
            return None
        if ready is not None:
            self.metrics.count(route, 200, len(ready[1]), perf_counter() - began)
            insists = insisting(request)
            if insists is not None:
                return ready[0] + b"%b: %b\r\n" % insists, ready[1]
        return ready

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = perf_counter()
        status = sent = 0

        async def counted(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                if insists is not None:
                    message = {**message, "headers": [*message["headers"], insists]}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        request = Request(scope)
        insists = insisting(request)
        exchange = Exchange(request, receive, counted)
        route = "refused"
        try:
            request.check_bounds()
            app = self._hosts.app_of(request)
            if not request.is_read:
                check_origin(request)
            route = "app" if app is not None else _route(request.raw_path)
            if app is not None:
                await self._origins.serve(exchange, app)
            else:
                await self._serve_node(exchange, route)
        except ContentDenied as error:
            if status:
                LOGGER.warning("an answer broke off: %s", error)
            elif b"text/html" in request.headers.get(b"accept", b""):
                fields = (*notice.HEADERS, NO_STORE)
                await exchange.answer(410, notice.denied(error.content), media_type=notice.HTML, headers=fields)
            else:
                await exchange.problem(error)
        except LeitherError as error:
            if status:
                # Part of the answer is out: leaving it unfinished makes the server break the connection.
                LOGGER.warning("an answer broke off: %s", error)
                return
            await exchange.problem(error)
        finally:
            self.metrics.count(route, status, sent, perf_counter() - began)

    async def _serve_node(self, exchange: Exchange, route: str) -> None:
        match route:
            case "api" if exchange.is_head:
                await answer_head(self._api, exchange)
            case "api":
                await self._api(exchange.request.scope, exchange.receive, exchange.send)
            case "dav":
                await self._dav(exchange.request.scope, exchange.receive, exchange.send)
            case "ipfs":
                await self._ipfs.serve(exchange)
            case "ipns":
                await self._names.serve(exchange)
            case "mm":
                await self._mimei.serve(exchange)
            case "healthz":
                exchange.require_read()
                await exchange.answer(200, b"ok\n", media_type=_TEXT, headers=(*SAFE, NO_STORE))
            case "metrics":
                await self._serve_metrics(exchange)
            case "trust":
                await self._trust.serve(exchange)
            case _:
                await self._console.serve(exchange)

    async def _serve_metrics(self, exchange: Exchange) -> None:
        exchange.require_read()
        client = exchange.request.scope.get("client")
        if client and client[0] and not client[0].startswith(_LOOPBACK):
            raise NoSuchPage(exchange.request.raw_path)
        media_type, text = await self._threads.run(self.metrics.page)
        await exchange.answer(200, text, media_type=media_type, headers=(*SAFE, NO_STORE))

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        try:
            request.check_bounds()
            app = self._hosts.app_of(request)
            check_origin(request)
            if app is not None or _route(request.raw_path) != "api":
                raise NoSuchPage(request.raw_path)
        except LeitherError as error:
            # Closed before it is accepted, a WebSocket is refused with 403.
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        await self._api(scope, receive, send)


def _route(raw_path: bytes) -> str:
    """Return the class of a path on the node's own host."""
    first, slash, _ = raw_path[1:].partition(b"/")
    if first in (b"api", b"dav") or (slash and first in (b"ipfs", b"ipns", b"mm")):
        return first.decode()
    if raw_path in (b"/healthz", b"/metrics"):
        return raw_path[1:].decode()
    if first == b"trust":
        return "trust"
    return "page"


def create_app(
    engines: Engines,
    settings: WebSettings,
    *,
    tokens: Tokens,
    api: App,
    dav: App,
    resolving: Resolving | None = None,
    traffic: Traffic | None = None,
) -> FrontDoor:
    """Return the application of a node.

    Args: api: what is below `/api`, and gets its lifespan. dav: the same for `/dav`. resolving: brings here what isn't.
        traffic: what went between this node and others.
    """
    return FrontDoor(engines, settings, tokens=tokens, api=api, dav=dav, resolving=resolving, traffic=traffic)
