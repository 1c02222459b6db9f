"""Which host a request is for, and whether a browser page elsewhere is behind it.

A page on the internet can make a browser send requests to this node under a name that resolves to loopback (DNS
rebinding), or straight to `localhost`. The first carry a foreign Host, the second a foreign Origin.
"""

from leither import limits
from leither.crypto import MimeiId, parse_id
from leither.crypto.ids import ID_TEXT
from leither.errors import DeniedError
from leither.http.request import Request
from leither.web.settings import WebSettings


class Misdirected(DeniedError):
    """The request names a host that this node is not."""

    code = "misdirected"

    def __init__(self, host: str, port: int) -> None:
        self.host = host[:200]
        super().__init__(
            f"this node does not answer for the host {self.host!r}; "
            f"use localhost:{port}, or <id>.localhost:{port} for an app"
        )


class ForeignOrigin(DeniedError):
    """A page of another origin tries to write, or to open a WebSocket."""

    code = "foreign-origin"

    def __init__(self, origin: str, host: str) -> None:
        self.origin = origin[:200]
        self.host = host[:200]
        super().__init__(f"a page of {self.origin!r} may not write to {self.host!r}; only its own pages may")


class Hosts:
    """The hosts a node answers for."""

    def __init__(self, settings: WebSettings) -> None:
        self._port = settings.port
        suffix = settings.port_suffix.encode()
        own = {name.encode() + suffix for name in settings.hosts} | {name.encode() for name in settings.extra_hosts}
        if settings.port == 80:
            own |= {name + b":80" for name in own}
        self._own = frozenset(own)
        self._apps: dict[bytes, MimeiId] = {}
        self._app_suffix = b".localhost" + suffix

    def app_of(self, request: Request) -> MimeiId | None:
        """Return the MiMei whose app origin `request` is for; None if it is for the node itself.

        Raises: Misdirected: for any other host.
        """
        given = request.headers.get(b"host", b"")
        known = self._apps.get(given)
        if known is not None:
            return known
        host = given.lower()
        if host in self._own:
            return None
        name = host.removesuffix(self._app_suffix).decode("latin-1")
        if len(name) < len(host) and ID_TEXT.fullmatch(name):
            if len(self._apps) >= limits.HOSTS_CACHED_MAX:
                self._apps.clear()
            self._apps[given] = mimei = MimeiId(parse_id(name))
            return mimei
        raise Misdirected(host.decode("latin-1"), self._port)


def check_origin(request: Request) -> None:
    """Check that no page of another origin is behind a write or a handshake.

    Without the header it is no browser's page. `null` (a sandboxed page, a file) is foreign. Raises: ForeignOrigin.
    """
    origin = request.headers.get(b"origin")
    if origin is None:
        return
    host = request.headers.get(b"host", b"").lower()
    scheme = b"https" if request.scope.get("scheme") in ("https", "wss") else b"http"
    if origin.lower() != scheme + b"://" + host:
        raise ForeignOrigin(origin.decode("latin-1"), host.decode("latin-1"))
