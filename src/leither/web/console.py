"""The node's own page: a few files of the package, under a policy that lets nothing else run."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from leither.errors import NotFound
from leither.http.asgi import Header
from leither.http.conditions import matches
from leither.http.exchange import Exchange
from leither.http.media_type import media_type

_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS: tuple[Header, ...] = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"cache-control", b"no-cache"),
)


class NoSuchPage(NotFound):
    """The node itself has nothing at the address."""

    code = "no-such-page"

    def __init__(self, path: bytes) -> None:
        self.path = path[:200].decode("latin-1")
        super().__init__(f"this node has nothing at {self.path!r}; its page is at /, its API at /api/v1")


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: bytes
    etag: bytes


class Console:
    """Serves the page from memory: it is small, and the package may be a zip file."""

    def __init__(self) -> None:
        self._files: dict[bytes, _File] = {}
        for item in files("leither.web").joinpath("page").iterdir():
            if item.is_file():
                body = item.read_bytes()
                etag = b'"%b"' % hashlib.sha256(body).hexdigest()[:32].encode()
                self._files[b"/static/" + item.name.encode()] = _File(body, media_type(item.name), etag)
        self._files[b"/"] = self._files.pop(b"/static/index.html")

    async def serve(self, exchange: Exchange) -> None:
        """Answer a request to the node's own host. Raises: NoSuchPage, MethodNotAllowed."""
        request = exchange.request
        found = self._files.get(request.raw_path)
        if found is None:
            raise NoSuchPage(request.raw_path)
        exchange.require_read()
        headers = (*HEADERS, (b"etag", found.etag))
        if matches(request.headers.get(b"if-none-match", b""), found.etag):
            await exchange.answer(304, headers=headers)
        else:
            await exchange.answer(200, found.body, media_type=found.media_type, headers=headers)
