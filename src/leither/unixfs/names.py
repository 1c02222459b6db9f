"""Names of directory entries: any Unicode as given, but nothing that could lead out of the directory.

Nothing is normalized: two names that look alike and differ in bytes are two entries. A directory made elsewhere may
hold any bytes as a name; what breaks these rules is refused when it's listed or passed through.
"""

from collections.abc import Sequence

from leither import limits
from leither.errors import InputError, LimitError


class BadName(InputError):
    """A directory entry's name is not one this node makes or follows."""

    code = "bad-name"

    def __init__(self, name: str, reason: str) -> None:
        self.name = name[:100]
        self.reason = reason
        super().__init__(f"name {self.name!r} is refused: {reason}; rename it where it comes from")


class PathTooLong(LimitError):
    """A path exceeds what is followed."""

    code = "path-too-long"

    def __init__(self, segments: int, size_bytes: int) -> None:
        self.segments = segments
        self.size_bytes = size_bytes
        super().__init__(
            f"path of {segments:,} segments and {size_bytes:,} bytes exceeds the limit of"
            f" {limits.PATH_DEPTH_MAX} segments or {limits.PATH_BYTES_MAX:,} bytes; make it shorter"
        )


def encode_name(name: str) -> bytes:
    """Return `name` in UTF-8. Raises: BadName: empty, `.`, `..`, with `/` or NUL, no Unicode text, or too long."""
    try:
        raw = name.encode("utf-8")
    except UnicodeEncodeError:
        raise BadName(
            name.encode("utf-8", "backslashreplace").decode("utf-8"), "not Unicode text (a lone surrogate)"
        ) from None
    _refuse_hostile(raw, name)
    return raw


def decode_name(raw: bytes) -> str:
    """Return the name a foreign directory gives an entry. Raises: BadName, as `encode_name`, or when not UTF-8."""
    try:
        name = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadName(raw[:100].decode("utf-8", "backslashreplace"), "not valid UTF-8") from None
    _refuse_hostile(raw, name)
    return name


def check_path(path: Sequence[str]) -> None:
    """Raise BadName or PathTooLong unless every segment is a name and the whole is within bounds."""
    size_bytes = len(path)
    if len(path) <= limits.PATH_DEPTH_MAX:
        size_bytes += sum(len(encode_name(name)) for name in path)
    if len(path) > limits.PATH_DEPTH_MAX or size_bytes > limits.PATH_BYTES_MAX:
        raise PathTooLong(len(path), size_bytes)


def _refuse_hostile(raw: bytes, name: str) -> None:
    if not raw:
        raise BadName(name, "empty")
    if raw in (b".", b".."):
        raise BadName(name, "it means another directory")
    if b"/" in raw or b"\0" in raw:
        raise BadName(name, "contains '/' or NUL")
    if len(raw) > limits.NAME_BYTES_MAX:
        raise BadName(name, f"{len(raw):,} bytes exceed the limit of {limits.NAME_BYTES_MAX}")
