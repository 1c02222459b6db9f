"""Who asks the gateway."""

from leither.crypto import MimeiId
from leither.http.request import Request
from leither.people import Front, Principal, guest
from leither.service.tokens import BadToken, Tokens
from leither.web.reach import Reach


def bearer(request: Request, tokens: Tokens) -> Principal:
    """Return whose token the request carries; a guest without one. Raises: BadToken."""
    given = request.headers.get(b"authorization")
    if given is None:
        return guest(Front.GATEWAY)
    scheme, _, secret = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise BadToken
    return tokens.principal_of(secret.strip(), Front.GATEWAY)


def visitor(request: Request, tokens: Tokens, mimei: MimeiId, reach: Reach) -> Principal:
    """Return who visits the origin of `mimei`: the holder of its cookie, or a guest.

    A cookie counts only for the MiMei that its session was made for. An old one is no error: what is public stays so.
    """
    secret = _cookie(request.header(b"cookie"), reach.cookie_name(mimei))
    if not secret or (reach.shares_host and _is_another_apps(request)):
        return guest(Front.GATEWAY)
    try:
        principal = tokens.principal_of(secret, Front.GATEWAY)
    except BadToken:
        return guest(Front.GATEWAY)
    return principal if principal.only == mimei else guest(Front.GATEWAY)


def _is_another_apps(request: Request) -> bool:
    """Tell whether a page of another origin is behind the request, other than by a link that was followed.

    Ports of one host are one site, so a browser sends the cookie along with what other apps there ask for and embed.
    """
    headers = request.headers
    if headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none"):
        return False
    return headers.get(b"sec-fetch-mode") != b"navigate" or headers.get(b"sec-fetch-dest") != b"document"


def _cookie(header: str, wanted: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            return value
    return ""
