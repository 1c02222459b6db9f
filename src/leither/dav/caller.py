"""Who asks: the holder of a token, sent as the password of Basic authentication or as a bearer token; or a guest."""

import binascii
from base64 import b64decode

from leither.http.request import Request
from leither.people import Front, Principal, guest
from leither.service.tokens import BadToken, Tokens

CHALLENGE = b'Basic realm="Leither", charset="UTF-8"'


def caller_of(request: Request, tokens: Tokens) -> Principal:
    """Return who sends `request`. The user name of Basic authentication is not looked at.

    Raises: BadToken. Source: RFC 7617.
    """
    given = request.headers.get(b"authorization")
    if given is None:
        return guest(Front.DAV)
    scheme, _, rest = given.partition(b" ")
    if scheme.lower() == b"bearer":
        return tokens.principal_of(rest.strip().decode("latin-1"), Front.DAV)
    if scheme.lower() != b"basic":
        raise BadToken
    try:
        _, colon, secret = b64decode(rest.strip(), validate=True).partition(b":")
    except binascii.Error:
        raise BadToken from None
    if not colon:
        raise BadToken
    if not secret:
        return guest(Front.DAV)  # some clients can't ask without a user; who gives one and no password is nobody else
    return tokens.principal_of(secret.decode("latin-1"), Front.DAV)
