"""Paths inside a MiMei, and their keys in the side map.

A path is a tuple of names; the empty tuple is the root (for a `file` MiMei, the file itself). Its key is 0x80 followed
by the names joined with zero bytes: names hold none, so a directory's whole subtree is one range of keys.
"""

from leither import limits
from leither.mimei.entry import BadEntry
from leither.unixfs import BadName, PathTooLong, check_path

Path = tuple[str, ...]
ROOT: Path = ()

PATH_TYPE = b"\x80"
_SUSPECT = frozenset({"", ".", ".."})


def parse_path(text: str) -> Path:
    """Return the path written with slashes; one leading and one trailing slash are dropped.

    Raises: BadName, PathTooLong.
    """
    trimmed = text.removeprefix("/").removesuffix("/")
    path = tuple(trimmed.split("/")) if trimmed else ROOT
    check_path(path)
    return path


def path_text(path: Path) -> str:
    """Return the path with slashes, none in front."""
    return "/".join(path)


def path_key(path: Path) -> bytes:
    """Return the key of `path`'s own entry."""
    return PATH_TYPE + "\0".join(path).encode()


def key_path(key: bytes) -> Path:
    """Return the path of an entry's key, which may be foreign.

    Raises: BadEntry: for another type, text that is not UTF-8, or a name that would lead out of its directory.
    """
    if key[:1] != PATH_TYPE:
        raise BadEntry(f"path key of type {key[:1].hex()}")
    if len(key) == 1:
        return ROOT
    try:
        text = key[1:].decode()
    except UnicodeDecodeError as error:
        raise BadEntry(f"path key: {error}") from None
    path = tuple(text.split("\0"))
    # The whole check costs ten times the decoding, so it runs only where it can find something.
    if len(key) > limits.NAME_BYTES_MAX or "/" in text or not _SUSPECT.isdisjoint(path):
        try:
            check_path(path)
        except (BadName, PathTooLong) as error:
            raise BadEntry(f"path key: {error}") from None
    return path


def below(path: Path) -> tuple[bytes, bytes]:
    """Return the range of keys of everything under `path`, itself excluded."""
    if not path:
        return PATH_TYPE + b"\x01", PATH_TYPE + b"\xff"
    key = path_key(path)
    return key + b"\0", key + b"\x01"


def after_subtree(path: Path) -> bytes:
    """Return the smallest key above `path` and everything under it."""
    return below(path)[1]
