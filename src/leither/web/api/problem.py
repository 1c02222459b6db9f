"""Errors as problem details. Source: RFC 9457."""

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
    ValidationException,
)

from leither import limits
from leither.errors import InputError, LeitherError, LimitError, NotFound
from leither.http.answer import status_of
from leither.http.exchange import MethodNotAllowed

LOGGER = logging.getLogger("leither.web.api")
MEDIA_TYPE = "application/problem+json"
_RESERVED = ("type", "title", "status", "detail", "code")


class NoSuchOperation(NotFound):
    """The API has nothing at the address."""

    code = "no-such-operation"

    def __init__(self, path: str) -> None:
        self.path = path[:200]
        super().__init__(f"the API has nothing at {self.path!r}; /api/v1/openapi.json lists what there is")


class BodyTooLarge(LimitError):
    """A JSON body exceeds what is read."""

    code = "body-too-large"

    def __init__(self) -> None:
        self.limit_bytes = limits.JSON_BYTES_MAX
        super().__init__(f"the body exceeds the limit of {limits.JSON_BYTES_MAX:,} bytes; send less at once")


class NotUnderstood(InputError):
    """The body or a parameter is not what the operation takes."""

    code = "not-understood"

    def __init__(self, reasons: list[str]) -> None:
        self.reasons = reasons
        super().__init__(
            f"the request was not understood: {'; '.join(reasons)}; /api/v1/openapi.json says what is taken"
        )


class Unexpected(LeitherError):
    """Something failed in a way nobody foresaw."""

    code = "unexpected"

    def __init__(self) -> None:
        super().__init__("the node failed in a way it did not foresee; its log has the details")


def problem(error: LeitherError, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Return the response that tells `error`."""
    status = status_of(error)
    details = {name: value for name, value in error.details.items() if name not in _RESERVED}
    members = {
        "type": f"urn:leither:error:{error.code}",
        "title": error.code.replace("-", " "),
        "status": status,
        "detail": str(error),
        "code": error.code,
    }
    fields = {"cache-control": "no-store", **(headers or {})}
    if status == 401:
        fields["www-authenticate"] = "Bearer"
    body = msgspec.json.encode(members | details, enc_hook=str)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=fields)


def tell_known(_: Request[Any, Any, Any], error: LeitherError) -> Response[bytes]:
    """Answer with an error of the project."""
    if status_of(error) == 500:
        LOGGER.error("%s: %s", error.code, error)
    return problem(error)


def tell_framework(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer with an error that the framework found."""
    match error:
        case NotFoundException():
            return problem(NoSuchOperation(request.url.path))
        case MethodNotAllowedException():
            allowed = ", ".join(sorted((error.headers or {}).get("allow", "").split(", ")))
            return problem(MethodNotAllowed(request.method, allowed), headers={"allow": allowed})
        case HTTPException(status_code=413):
            return problem(BodyTooLarge())
        case ValidationException():
            return problem(NotUnderstood(_reasons(error)))
        case SerializationException():
            return problem(NotUnderstood([error.detail]))
        case RecursionError():
            return problem(NotUnderstood(["the body nests too deep"]))
        case HTTPException() if error.status_code < 500:
            return problem(NotUnderstood([error.detail]))
        case _:
            LOGGER.error("unexpected error in %s %s", request.method, request.url.path, exc_info=error)
            return problem(Unexpected())


def _reasons(error: ValidationException) -> list[str]:
    found = error.extra if isinstance(error.extra, list) else []
    reasons = [f"{item.get('key', '')}: {item.get('message', '')}"[:300] for item in found if isinstance(item, dict)]
    return reasons or [error.detail]
