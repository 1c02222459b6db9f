"""Tag: a `dimension:value` that somebody says of a MiMei, signed."""

from typing import Annotated, ClassVar
from unicodedata import category

from msgspec import Meta

from leither import limits
from leither.errors import InputError
from leither.mimei.record import Id, SignedRecord, TimeMs


class NotATag(InputError):
    """The text is not `dimension:value`."""

    code = "not-a-tag"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:200]
        self.reason = reason
        super().__init__(f"{self.given!r} is not a tag: {reason}; write dimension:value, for instance topic:music")


class Tag(SignedRecord, frozen=True, kw_only=True, tag="tag"):
    """Signed by the tagger."""

    KIND: ClassVar[str] = "tag"

    mimei: Id
    dimension: Annotated[str, Meta(min_length=1, max_length=limits.TAG_DIMENSION_BYTES_MAX)]
    value: Annotated[str, Meta(min_length=1, max_length=limits.TAG_VALUE_BYTES_MAX)]
    at: TimeMs

    def validate(self) -> None:
        """Check lengths in bytes and the dimension's alphabet. Raises: NotARecord."""
        try:
            check_tag(self.dimension, self.value)
        except NotATag as error:
            raise self.refuse(error.reason) from None


def check_tag(dimension: str, value: str) -> None:
    """Check a tag's two parts. Raises: NotATag."""
    given = f"{dimension}:{value}"
    try:
        sizes_bytes = len(dimension.encode()), len(value.encode())
    except UnicodeEncodeError:
        raise NotATag(ascii(given), "not Unicode text (a lone surrogate)") from None
    if not dimension or not value:
        raise NotATag(given, "dimension and value must not be empty")
    if sizes_bytes[0] > limits.TAG_DIMENSION_BYTES_MAX or sizes_bytes[1] > limits.TAG_VALUE_BYTES_MAX:
        raise NotATag(
            given,
            f"longer than {limits.TAG_DIMENSION_BYTES_MAX} bytes of dimension or {limits.TAG_VALUE_BYTES_MAX} of value",
        )
    if ":" in dimension:
        raise NotATag(given, "a dimension has no colon")
    if any(category(char) == "Cc" for char in given):
        raise NotATag(given, "it has a control character")


def parse_tag(given: str) -> tuple[str, str]:
    """Return (dimension, value). Raises: NotATag."""
    dimension, _, value = given.partition(":")
    check_tag(dimension, value)
    return dimension, value
