"""Properties that clients keep with the paths of a MiMei."""

from collections.abc import Iterator

from leither import limits
from leither.errors import LimitError
from leither.mimei.path import Path, path_text
from leither.mimei.property import (
    PROPERTY_TYPE,
    decode_property,
    decode_property_key,
    encode_property,
    own_properties,
    properties_within,
    property_key,
)
from leither.service.cur import Edit
from leither.service.entries import Entries


class TooManyProperties(LimitError):
    """A path has as many properties as it may have."""

    code = "too-many-properties"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        super().__init__(
            f"{self.path or '/'!r} would have more than {limits.PROPERTIES_MAX} properties, the limit; remove some"
        )


def properties(entries: Entries, path: Path) -> Iterator[tuple[str, bytes]]:
    """Iterate over (name, XML element) of the properties of `path`, by name. Raises: BadEntry."""
    for key, value in entries.scan(*own_properties(path)):
        yield decode_property_key(key)[1], decode_property(value)


def properties_below(entries: Entries, path: Path) -> Iterator[tuple[Path, str, bytes]]:
    """Iterate over (path, name, XML element) of the properties of `path` and of all under it. Raises: BadEntry."""
    for key, value in entries.scan(*properties_within(path)):
        yield *decode_property_key(key), decode_property(value)


def any_below(entries: Entries, path: Path) -> bool:
    """Tell whether `path` or anything under it has a property."""
    return next(entries.scan(*properties_within(path)), None) is not None


def set_property(editing: Edit, path: Path, name: str, value: bytes) -> None:
    """Set one property to the XML element `value`. Raises: BadProperty, TooManyProperties."""
    editing.put(property_key(path, name), encode_property(value))
    if sum(1 for _ in editing.scan(*own_properties(path))) > limits.PROPERTIES_MAX:
        raise TooManyProperties(path)


def remove_property(editing: Edit, path: Path, name: str) -> bool:
    """Remove one property; tell whether it was there. Raises: BadProperty."""
    return editing.delete(property_key(path, name))


def drop_properties(editing: Edit, path: Path, *, below: bool) -> None:
    """Remove the properties of `path`, and with `below` of everything under it."""
    span = properties_within(path) if below else own_properties(path)
    for key in [key for key, _ in editing.scan(*span)]:
        assert key[:1] == PROPERTY_TYPE
        editing.delete(key)
