"""Errors of WebDAV, and how any error is told: a status, and where the protocol has one, a condition in XML."""

from xml.sax.saxutils import escape

from leither.dav.caller import CHALLENGE
from leither.errors import Conflict, DeniedError, InputError, LeitherError, NotFound
from leither.http import answer
from leither.http.answer import NO_STORE, SAFE, status_of
from leither.http.asgi import Header
from leither.http.exchange import Exchange, MethodNotAllowed
from leither.mimei.path import Path, path_text
from leither.people import Principal
from leither.service.cur import QuotaReached

XML = b"application/xml; charset=utf-8"


class Locked(Conflict):
    """A lock whose token was not sent stands in the way."""

    code = "locked"

    def __init__(self, path: Path, href: str) -> None:
        self.path = path_text(path)
        self.href = href
        super().__init__(f"{self.path or '/'!r} is locked; send the lock's token in an If header, or wait")


class Unmet(Conflict):
    """A condition that the request makes does not hold."""

    code = "condition-not-met"

    def __init__(self, header: str) -> None:
        self.header = header
        super().__init__(f"what the header {header} asks for does not hold, so nothing was done")


class ReadOnly(DeniedError):
    """A version, or what a reference shows, can't be changed."""

    code = "place-read-only"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} can only be read; change the working copy at /dav/<id>/")


class NoParent(Conflict):
    """The collection something should go into is not there."""

    code = "no-parent"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{path_text(path[:-1])!r} is not a collection, so {self.path!r} can't be made; make it first")


class ExistsAlready(InputError):
    """MKCOL on what is there."""

    code = "exists-already"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path or '/'!r} is there already")


class IsCollection(InputError):
    """A collection has no bytes to be set."""

    code = "is-a-collection"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"{self.path or '/'!r} is a collection; its bytes can't be set")


class BodyNotTaken(InputError):
    """The method takes no body of this kind."""

    code = "body-not-taken"

    def __init__(self, method: str) -> None:
        self.method = method
        super().__init__(f"{method} takes no such body")


class BadHeader(InputError):
    """A header of the protocol is malformed."""

    code = "bad-header"

    def __init__(self, name: str, given: str) -> None:
        self.name = name
        self.given = given[:200]
        super().__init__(f"the header {name}: {self.given!r} is not understood here")


class TooDeep(DeniedError):
    """A whole tree was asked for that is too large for one answer."""

    code = "finite-depth"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"more than {limit:,} entries lie below, the limit of one answer; ask with Depth: 1")


class SamePlace(DeniedError):
    """A copy or move would go onto or into itself."""

    code = "same-place"

    def __init__(self) -> None:
        super().__init__("source and destination are the same, or one lies within the other")


class NotTheLock(Conflict):
    """The token is no lock of the address."""

    code = "not-the-lock"

    def __init__(self, token: str) -> None:
        self.token = token[:200]
        super().__init__(f"no lock {self.token!r} covers this address")


class ForeignLock(DeniedError):
    """A lock may only be used by who took it."""

    code = "foreign-lock"

    def __init__(self, token: str) -> None:
        self.token = token[:200]
        super().__init__(f"lock {self.token!r} was taken by somebody else")


class NothingHere(NotFound):
    """Nothing is at the address."""

    code = "nothing-here"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(f"nothing at {self.path or '/'!r}")


_CONDITION: dict[str, str] = {
    "locked": "lock-token-submitted",
    "lock-conflict": "no-conflicting-lock",
    "finite-depth": "propfind-finite-depth",
    "xml-entity": "no-external-entities",
    "quota-reached": "quota-not-exceeded",
    "store-full": "sufficient-disk-space",
    "not-the-lock": "lock-token-matches-request-uri",
}
ALLOWED = "OPTIONS, GET, HEAD, PUT, DELETE, PROPFIND, PROPPATCH, MKCOL, COPY, MOVE, LOCK, UNLOCK"


def fault_status(error: LeitherError) -> int:
    """Return the HTTP status that tells `error`; a full quota is as full as a disk. Source: RFC 4331 section 6."""
    return 507 if isinstance(error, QuotaReached) else status_of(error)


async def tell(exchange: Exchange, error: LeitherError, principal: Principal | None) -> None:
    """Answer with `error`. A guest is asked to sign in where that could help; None: who asks is not known."""
    status = fault_status(error)
    unknown = principal is None or principal.is_guest
    if unknown and status in (403, 404) and not isinstance(error, MethodNotAllowed | ReadOnly):
        status = 401
    fields: list[Header] = [*SAFE, NO_STORE]
    if status == 401:
        fields += [(b"www-authenticate", CHALLENGE), (b"www-authenticate", b"Bearer")]
    if status == 405:
        fields.append((b"allow", ALLOWED.encode()))
    condition = _CONDITION.get(error.code)
    if condition is None:
        body, media_type = f"{error}\n".encode(), b"text/plain; charset=utf-8"
    else:
        inner = f"<D:href>{escape(error.href)}</D:href>" if isinstance(error, Locked) else ""
        body = (
            f'<?xml version="1.0" encoding="utf-8"?>\n<D:error xmlns:D="DAV:"><D:{condition}>{inner}</D:{condition}>'
            f"</D:error>"
        ).encode()
        media_type = XML
    await answer.answer(exchange.send, status, body, media_type=media_type, headers=fields, head=exchange.is_head)
