"""The way a request came: from this machine, where each app has a name, or from another one, where it has a port.

What is answered leads back the same way, and a cookie is kept apart as far as that way allows.
"""

from dataclasses import dataclass

from leither import limits
from leither.crypto import MimeiId, id_text
from leither.http.asgi import Header, Scope
from leither.http.request import Request
from leither.web.lan import Lan
from leither.web.settings import WebSettings

COOKIE = "leither"
_SECURE = ("https", "wss")
_NEVER_INSISTED = ("]", *"0123456789", "localhost")
_HSTS: Header = (b"strict-transport-security", b"max-age=%d" % limits.HSTS_S)


@dataclass(frozen=True, slots=True)
class Reach:
    """`host` is what the request was sent to, without a port; empty for this machine's own names."""

    settings: WebSettings
    host: str = ""

    @property
    def url(self) -> str:
        """Address of the node's own page."""
        lan = self._lan
        return self.settings.url if lan is None else f"{_scheme(lan)}://{self.host}{_suffix(lan, lan.port)}/"

    def app_url(self, mimei: MimeiId, path: str = "/") -> str:
        """Return an address of `path` in the app `mimei`: at its origin, or one that leads there."""
        lan = self._lan
        if lan is None:
            return self.settings.app_url(mimei, path)
        port = lan.port_of(mimei)
        if port is None:
            return f"{self.url}mm/{id_text(mimei)}{path}"
        return f"{_scheme(lan)}://{self.host}{_suffix(lan, port)}{path}"

    async def app_origin(self, mimei: MimeiId) -> str:
        """Return the origin of the app `mimei`, which is opened if need be. Raises: NoPortLeft."""
        lan = self._lan
        if lan is None:
            return self.settings.app_url(mimei, "")
        return f"{_scheme(lan)}://{self.host}{_suffix(lan, await lan.open(mimei))}"

    @property
    def shares_host(self) -> bool:
        """Whether apps have a host in common, and so, for a browser, a site and a jar of cookies."""
        return self._lan is not None

    def cookie_name(self, mimei: MimeiId) -> str:
        """Return the name of the cookie that opens the app `mimei`."""
        lan = self._lan
        if lan is None:
            return COOKIE
        return f"{'__Host-' if lan.secure else ''}{COOKIE}-{id_text(mimei)}"

    def cookie(self, mimei: MimeiId, secret: str) -> str:
        """Return the value of a Set-Cookie header that opens the app `mimei`."""
        lan = self._lan
        secure = "; Secure" if lan is not None and lan.secure else ""
        return f"{self.cookie_name(mimei)}={secret}; Path=/; HttpOnly; SameSite=Strict{secure}"

    @property
    def _lan(self) -> Lan | None:
        return self.settings.lan if self.host else None


def reach_of(settings: WebSettings, scope: Scope) -> Reach:
    """Return the way the request of `scope` came; its host has been checked."""
    lan = settings.lan
    if lan is None or lan.secure != is_secure(scope):
        return Reach(settings)
    name, _ = split_host(next((value for name, value in scope["headers"] if name == b"host"), b""), secure=lan.secure)
    return Reach(settings, name) if lan.answers_to(name) else Reach(settings)


def is_secure(scope: Scope) -> bool:
    """Tell whether the request came over TLS."""
    return scope.get("scheme") in _SECURE


def insisting(request: Request) -> Header | None:
    """Return what makes a browser insist on TLS for the name it used; None without TLS, for addresses and `localhost`.

    It counts for every port of that name, so it is no more than a month's promise. Source: RFC 6797.
    """
    if not is_secure(request.scope):
        return None
    name, _ = split_host(request.headers.get(b"host", b""), secure=True)
    return None if name.endswith(_NEVER_INSISTED) else _HSTS


def split_host(given: bytes, *, secure: bool) -> tuple[str, int]:
    """Return name and port of a Host header; the scheme's port where it has none, -1 where it is none."""
    text = given.decode("latin-1").lower()
    name, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        return text, 443 if secure else 80
    return name, int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else -1


def _scheme(lan: Lan) -> str:
    return "https" if lan.secure else "http"


def _suffix(lan: Lan, port: int) -> str:
    return "" if port == (443 if lan.secure else 80) else f":{port}"
