"""Who asks the gateway."""

from leither.crypto import MimeiId
from leither.http.request import Request
from leither.people import GUEST, Principal
from leither.service.tokens import BadToken, Tokens

COOKIE = "leither"


def bearer(request: Request, tokens: Tokens) -> Principal:
    """Return whose token the request carries; a guest without one. Raises: BadToken."""
    given = request.headers.get(b"authorization")
    if given is None:
        return GUEST
    scheme, _, secret = given.decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise BadToken
    return tokens.principal_of(secret.strip())


def visitor(request: Request, tokens: Tokens, mimei: MimeiId) -> Principal:
    """Return who visits the origin of `mimei`: the holder of its cookie, or a guest.

    A cookie counts only for the MiMei that its session was made for. An old one is no error: what is public stays so.
    """
    secret = _cookie(request.header(b"cookie"))
    if not secret:
        return GUEST
    try:
        principal = tokens.principal_of(secret)
    except BadToken:
        return GUEST
    return principal if principal.only == mimei else GUEST


def _cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value
    return ""
