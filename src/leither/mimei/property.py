"""Properties that clients keep with a path: their keys and values in the side map.

They belong to the tree and are versioned with it. Layout: `spec/format/entry.md`.
"""

from leither import limits
from leither.errors import InputError
from leither.mimei.entry import BadEntry
from leither.mimei.path import PATH_TYPE, Path, key_path, path_key

PROPERTY_TYPE = b"\x81"
_VALUE_TYPE = b"\x87"
_BEFORE_NAME = b"\0\0"


class BadProperty(InputError):
    """A property is not one this node keeps."""

    code = "bad-property"

    def __init__(self, name: str, reason: str) -> None:
        self.name = name[:200]
        self.reason = reason
        super().__init__(f"property {self.name!r} is refused: {reason}")


def property_key(path: Path, name: str) -> bytes:
    """Return the key of the property `name` of `path`; a name with a namespace is written `{namespace}local`.

    Raises: BadProperty: empty, with a zero byte, or too long.
    """
    raw = name.encode()
    if not raw or b"\0" in raw:
        raise BadProperty(name, "its name is empty or holds a zero byte")
    if len(raw) > limits.PROPERTY_NAME_BYTES_MAX:
        raise BadProperty(name, f"its name has {len(raw):,} bytes; the limit is {limits.PROPERTY_NAME_BYTES_MAX:,}")
    return _own(path) + raw


def own_properties(path: Path) -> tuple[bytes, bytes]:
    """Return the range of keys of the properties of `path` itself."""
    return _own(path), _own(path)[:-1] + b"\x01"


def properties_within(path: Path) -> tuple[bytes, bytes]:
    """Return the range of keys of the properties of `path` and of everything under it."""
    key = PROPERTY_TYPE + path_key(path)[1:]
    return (key + b"\0", key + b"\x01") if path else (key, key + b"\xff")


def decode_property_key(key: bytes) -> tuple[Path, str]:
    """Return (path, name) of a property's key, which may be foreign. Raises: BadEntry."""
    place, found, name = key[1:].partition(_BEFORE_NAME)
    if key[:1] != PROPERTY_TYPE or not found or not 0 < len(name) <= limits.PROPERTY_NAME_BYTES_MAX or b"\0" in name:
        raise BadEntry("not the key of a property")
    try:
        return key_path(PATH_TYPE + place), name.decode()
    except UnicodeDecodeError as error:
        raise BadEntry(f"property name: {error}") from None


def encode_property(value: bytes) -> bytes:
    """Return the map value of a property whose content is the XML element `value`, in UTF-8.

    Raises: BadProperty: too long.
    """
    if len(value) > limits.PROPERTY_VALUE_BYTES_MAX:
        reason = f"its value has {len(value):,} bytes; the limit is {limits.PROPERTY_VALUE_BYTES_MAX:,}"
        raise BadProperty(value[:60].decode("utf-8", "replace"), reason)
    return _VALUE_TYPE + value


def decode_property(value: bytes) -> bytes:
    """Return the XML element, in UTF-8, of a property's map value; it is not parsed. Raises: BadEntry."""
    if value[:1] != _VALUE_TYPE or len(value) - 1 > limits.PROPERTY_VALUE_BYTES_MAX:
        raise BadEntry("not the value of a property")
    return value[1:]


def _own(path: Path) -> bytes:
    return PROPERTY_TYPE + path_key(path)[1:] + _BEFORE_NAME
