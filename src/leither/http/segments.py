"""A raw request path as names.

Servers and frameworks decode a whole path at once, so that `%2F` becomes a slash and `//` may collapse. Here each
segment is decoded exactly once, and what would mean something else elsewhere is refused.
"""

import re
from urllib.parse import unquote_to_bytes

from leither.errors import InputError

_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class BadPath(InputError):
    """The path of a request can't name anything."""

    code = "bad-path"

    def __init__(self, path: bytes, reason: str) -> None:
        self.path = path[:200].decode("ascii", "backslashreplace")
        self.reason = reason
        super().__init__(f"the path {self.path!r} is refused: {reason}")


def split_path(raw: bytes) -> tuple[str, ...]:
    """Return the decoded segments of `raw`; one trailing slash adds none.

    Raises: BadPath: not beginning with a slash, an empty segment, `.` or `..`, a slash or NUL within a segment, a
    malformed escape, or bytes that are not UTF-8.
    """
    if not raw.startswith(b"/"):
        raise BadPath(raw, "it does not begin with a slash")
    inner = raw[1:-1] if raw.endswith(b"/") else raw[1:]
    if not inner:
        if raw == b"/":
            return ()
        raise BadPath(raw, "empty segment")
    return tuple([_decode(raw, segment) for segment in inner.split(b"/")])


def _decode(raw: bytes, segment: bytes) -> str:
    if b"%" in segment:
        if _ESCAPE.search(segment):
            raise BadPath(raw, "malformed percent-encoding")
        segment = unquote_to_bytes(segment)
        if b"/" in segment or b"\0" in segment:
            raise BadPath(raw, "an encoded slash or NUL within a segment")
    try:
        name = segment.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPath(raw, "not UTF-8") from None
    if name in ("", ".", ".."):
        raise BadPath(raw, f"segment {name!r} names nothing")
    return name
