"""Which host a request is for, and whether a browser page elsewhere is behind it.

A page on the internet can make a browser send requests to this node under a name that resolves to loopback (DNS
rebinding), or straight to `localhost`. The first carry a foreign Host, the second a foreign Origin.
"""

from leither import limits
from leither.crypto import MimeiId, parse_id
from leither.crypto.ids import ID_TEXT
from leither.errors import DeniedError
from leither.http.request import Request
from leither.web.reach import is_secure, split_host
from leither.web.settings import WebSettings


class Misdirected(DeniedError):
    """The request names a host that this node is not."""

    code = "misdirected"

    def __init__(self, host: str, port: int) -> None:
        self.host = host[:200]
        super().__init__(
            f"this node does not answer for the host {self.host!r}; "
            f"use localhost:{port}, or <id>.localhost:{port} for an app; what else it should answer for, names says"
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
        self._lan = settings.lan
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
        if is_secure(request.scope):
            return self._lan_app(given, secure=True)
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
        return self._lan_app(given, secure=False)

    def _lan_app(self, given: bytes, *, secure: bool) -> MimeiId | None:
        """Return the same for the hosts that other machines use, where apps differ by their ports."""
        lan = self._lan
        if lan is not None and lan.secure == secure:
            name, port = split_host(given, secure=secure)
            if lan.answers_to(name):
                if port == lan.port:
                    return None
                mimei = lan.app_at(port)
                if mimei is not None:
                    return mimei
        raise Misdirected(given.decode("latin-1"), self._port)


def check_origin(request: Request) -> None:
    """Check that no page of another origin is behind a write or a handshake.

    Without the header it is no browser's page. `null` (a sandboxed page, a file) is foreign. Raises: ForeignOrigin.
    """
    origin = request.headers.get(b"origin")
    if origin is None:
        return
    host = request.headers.get(b"host", b"").lower()
    scheme = b"https" if is_secure(request.scope) else b"http"
    if origin.lower() != scheme + b"://" + host:
        raise ForeignOrigin(origin.decode("latin-1"), host.decode("latin-1"))
