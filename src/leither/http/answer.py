"""Whole answers: a status, headers and a body that is already in memory."""

from collections.abc import Iterable

import msgspec

from leither.errors import (
    Conflict,
    CorruptionError,
    DeniedError,
    InputError,
    LeitherError,
    LimitError,
    NotFound,
    PeerError,
)
from leither.http.asgi import Header, Send

NOSNIFF: Header = (b"x-content-type-options", b"nosniff")
NO_REFERRER: Header = (b"referrer-policy", b"no-referrer")
NO_STORE: Header = (b"cache-control", b"no-store")
SANDBOX: Header = (b"content-security-policy", b"sandbox")
SAFE: tuple[Header, ...] = (NOSNIFF, NO_REFERRER)

_BY_CODE = {
    "bad-property": 403,
    "bad-token": 401,
    "body-not-taken": 415,
    "exists-already": 405,
    "condition-not-met": 412,
    "content-denied": 410,
    "foreign-origin": 403,
    "headers-too-large": 431,
    "method-not-allowed": 405,
    "is-a-collection": 405,
    "lock-conflict": 423,
    "locked": 423,
    "misdirected": 421,
    "not-acceptable": 406,
    "not-cached": 412,
    "precondition-failed": 412,
    "range-not-satisfiable": 416,
    "store-full": 507,
    "too-many-locks": 507,
    "too-many-lookups": 429,
    "too-many-properties": 507,
    "url-too-long": 414,
    "xml-entity": 403,
}
_BY_FAMILY: tuple[tuple[type[LeitherError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (InputError, 400),
    (DeniedError, 403),
    (LimitError, 413),
    (PeerError, 502),
    (CorruptionError, 500),
)


def status_of(error: LeitherError) -> int:
    """Return the HTTP status that tells `error`."""
    by_code = _BY_CODE.get(error.code)
    if by_code is not None:
        return by_code
    return next((status for family, status in _BY_FAMILY if isinstance(error, family)), 500)


async def answer(
    send: Send,
    status: int,
    body: bytes = b"",
    *,
    media_type: bytes = b"",
    headers: Iterable[Header] = (),
    head: bool = False,
) -> None:
    """Send a whole answer. With `head`, what a GET would send is announced and left out."""
    fields = [*headers]
    if media_type:
        fields.append((b"content-type", media_type))
    if status != 304:
        fields.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b"" if head else body})


async def problem(
    send: Send, error: LeitherError, *, headers: Iterable[Header] = (), head: bool = False, title: str = ""
) -> None:
    """Tell `error` as problem details. Source: RFC 9457."""
    status = status_of(error)
    body = msgspec.json.encode(
        error.details
        | {
            "type": f"urn:leither:error:{error.code}",
            "title": title or error.code.replace("-", " "),
            "status": status,
            "detail": str(error),
            "code": error.code,
        }
    )
    fields = (*SAFE, NO_STORE, *headers)
    if status == 401:
        fields = (*fields, (b"www-authenticate", b"Bearer"))
    await answer(send, status, body, media_type=b"application/problem+json", headers=fields, head=head)


async def redirect(send: Send, location: bytes, *, status: int = 302, headers: Iterable[Header] = ()) -> None:
    """Send the client to `location`, which must already be a percent-encoded URI reference."""
    await answer(send, status, headers=((b"location", location), *headers))
