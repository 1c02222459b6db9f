"""The headers WebDAV adds to HTTP: Depth, Overwrite, Timeout, Lock-Token. Source: RFC 4918 section 10."""

import re
from enum import StrEnum

from leither import limits
from leither.dav.fault import BadHeader
from leither.http.request import Request

_SECONDS = re.compile(r"second-(\d{1,19})")
_TIME = re.compile(r"\d{1,12}(?:\.\d{1,9})?")


class Depth(StrEnum):
    """How far a method reaches below what it addresses."""

    ZERO = "0"
    ONE = "1"
    INFINITY = "infinity"


def depth_of(request: Request, *, default: Depth, among: tuple[Depth, ...]) -> Depth:
    """Return the depth asked for. Raises: BadHeader: if it is not one of `among`."""
    given = request.header(b"depth").strip().lower()
    try:
        found = Depth(given) if given else default
    except ValueError:
        raise BadHeader("Depth", given) from None
    if found not in among:
        raise BadHeader("Depth", given)
    return found


def overwrite(request: Request) -> bool:
    """Return whether a copy or move may replace what is there. Raises: BadHeader."""
    given = request.header(b"overwrite").strip().upper()
    if given not in ("", "T", "F"):
        raise BadHeader("Overwrite", given)
    return given != "F"


def lock_seconds(request: Request) -> int:
    """Return how long a lock is to hold: the first time the header names that is understood, within limits."""
    for part in request.header(b"timeout").lower().split(","):
        if part.strip() == "infinite":
            return limits.LOCK_S_MAX
        found = _SECONDS.fullmatch(part.strip())
        if found is not None:
            return max(1, min(int(found[1]), limits.LOCK_S_MAX))
    return limits.LOCK_S_DEFAULT


def lock_token(request: Request) -> str:
    """Return the token of the Lock-Token header. Raises: BadHeader."""
    given = request.header(b"lock-token").strip()
    if not (given.startswith("<") and given.endswith(">")):
        raise BadHeader("Lock-Token", given)
    return given[1:-1]


def told_mtime_ms(request: Request) -> int | None:
    """Return when the client says that a file was last changed, None if it does not say.

    X-OC-Mtime holds seconds; it comes from file synchronizers, which else could not keep times. What is no such time
    is left aside.
    """
    given = request.header(b"x-oc-mtime").strip()
    if not _TIME.fullmatch(given):
        return None
    return min(int(float(given) * 1000), limits.TIME_MS_MAX)
