"""Conditional and partial requests. Source: RFC 9110 sections 13 and 14."""

import re

from leither.errors import InputError

_TAG = re.compile(rb'(?:W/)?"[^"]*"')
_RANGE = re.compile(rb"bytes=(\d{0,19})-(\d{0,19})")


class RangeNotSatisfiable(InputError):
    """A range lies past the end."""

    code = "range-not-satisfiable"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"the range lies outside the {size_bytes:,} bytes there are; ask for less")


def matches(condition: bytes, etag: bytes) -> bool:
    """Tell whether an If-None-Match of `condition` names `etag`: weak comparison, as that header wants."""
    if condition.strip() == b"*":
        return True
    plain = etag.removeprefix(b"W/")
    return any(found.removeprefix(b"W/") == plain for found in _TAG.findall(condition))


def byte_range(headers: dict[bytes, bytes], etag: bytes, size_bytes: int) -> tuple[int, int] | None:
    """Return the (start, stop) a request's Range asks for; None to send the whole.

    Several ranges, other units and what is malformed are ignored, as the RFC allows; so is every range when If-Range
    names another state. Raises: RangeNotSatisfiable.
    """
    given = headers.get(b"range")
    if given is None:
        return None
    condition = headers.get(b"if-range")
    # A weak tag or a date never stands for the same bytes.
    if condition is not None and condition.strip() != etag:
        return None
    found = _RANGE.fullmatch(given.strip().lower())
    if found is None or found[1] == found[2] == b"":
        return None
    if found[1] == b"":
        start, stop = max(size_bytes - int(found[2]), 0), size_bytes
        if start >= size_bytes:
            raise RangeNotSatisfiable(size_bytes)
        return start, stop
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    if start >= size_bytes:
        raise RangeNotSatisfiable(size_bytes)
    return start, min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
