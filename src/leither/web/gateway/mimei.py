"""`/mm/<id>[@version]/path`: any readable state of any MiMei, with nothing in it allowed to run.

All of these share the node's own origin. So a page of an app is sent on to the origin of the app, and everything else
carries a policy that takes scripts, forms and the origin away.
"""

from leither.codec import Cid
from leither.errors import NotFound
from leither.http.answer import SAFE, SANDBOX
from leither.http.asgi import Header
from leither.http.elsewhere import Elsewhere
from leither.http.exchange import Exchange
from leither.http.media_type import is_page
from leither.http.request import BadRequest, Request
from leither.http.sending import Content, send_content
from leither.http.threads import Threads
from leither.mimei.address import Address, parse_address
from leither.mimei.path import Path
from leither.people import Principal
from leither.service.tokens import Tokens
from leither.unixfs import Get
from leither.web import notice
from leither.web.gateway.identify import bearer
from leither.web.gateway.listing import listing
from leither.web.gateway.places import Places, State
from leither.web.reach import reach_of
from leither.web.settings import WebSettings

_INDEX = "index.html"


class MimeiPaths:
    """Serves MiMei at path addresses."""

    def __init__(
        self,
        get: Get,
        settings: WebSettings,
        tokens: Tokens,
        places: Places,
        threads: Threads,
        elsewhere: Elsewhere,
    ) -> None:
        self._get = get
        self._settings = settings
        self._tokens = tokens
        self._places = places
        self._threads = threads
        self._elsewhere = elsewhere

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request below `/mm/`. Raises: BadRequest, NotAnAddress, MimeiNotFound."""
        request = exchange.request
        exchange.require_read()
        if len(request.names) < 2:
            raise BadRequest("the address is /mm/<id>/path or /mm/<id>@<version>/path")
        address = parse_address(request.names[1])
        path = request.names[2:]
        principal = bearer(request, self._tokens)
        state = await self._elsewhere.read(
            lambda: self._threads.run(lambda: self._places.open(address.id, address.version, principal)), principal
        )
        headers = _headers(address, principal)
        content, index = await self._threads.run(lambda: self._look(state, path, principal))
        if self._belongs_to_app(exchange, state, content or index):
            rest = b"".join(request.raw_path.split(b"/", 3)[3:])
            origin = await reach_of(self._settings, request.scope).app_origin(address.id)
            await exchange.redirect(origin.encode() + b"/" + rest + _query(request), headers=headers)
        elif content is not None:
            await send_content(exchange, content, self._get, self._threads, headers=headers)
        elif not request.at_directory:
            await exchange.redirect(request.raw_path + b"/" + _query(request), headers=headers)
        elif index is not None:
            await send_content(exchange, index, self._get, self._threads, headers=headers)
        else:
            entries, complete = await self._threads.run(lambda: self._places.children(state, path, principal))
            title = "/".join((str(address), *path))
            body = listing(title, entries, complete=complete, at_root=not path)
            fields = (*notice.HEADERS, *headers[:2])
            await exchange.answer(200, body, media_type=notice.HTML, headers=fields)

    def _look(self, state: State, path: Path, principal: Principal) -> tuple[Content | None, Content | None]:
        """Return the file at `path`, or else the index of the directory there."""
        content = self._places.at(state, path, principal)
        if content is not None:
            return content, None
        try:
            return None, self._places.at(state, (*path, _INDEX), principal)
        except NotFound:
            return None, None

    def _belongs_to_app(self, exchange: Exchange, state: State, content: Content | None) -> bool:
        """Tell whether this is a browser opening a page of an app in its released version."""
        if content is None or not state.is_release or not is_page(content.head[0][1]):
            return False
        mode = exchange.request.headers.get(b"sec-fetch-mode")
        if mode is not None:
            return mode == b"navigate" and state.mimei.genesis.type == "fs"
        return b"text/html" in exchange.request.headers.get(b"accept", b"") and state.mimei.genesis.type == "fs"


def _query(request: Request) -> bytes:
    return b"?" + request.raw_query if request.raw_query else b""


def _headers(address: Address, principal: Principal) -> tuple[Header, ...]:
    """Return caching and safety headers. A CID never means anything else; a number may, after a merge."""
    who = b"public" if principal.is_guest else b"private"
    how = b"max-age=29030400, immutable" if isinstance(address.version, Cid) else b"no-cache"
    fields: list[Header] = [(b"cache-control", who + b", " + how), (b"vary", b"authorization"), *SAFE, SANDBOX]
    return tuple(fields)
