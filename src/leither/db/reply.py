"""What commands answer with. A front door turns it into RESP2 or RESP3.

int                    a number
bytes                  a bulk string; None is its absence
float                  a number with a fraction: `format_double` of it as a bulk string in RESP2
Simple                 a simple string
list                   an array
Members(list)          a set; an array in RESP2
Pairs(list)            pairs as arrays of two in RESP3, flat in RESP2
Map(list)              pairs as a map in RESP3, flat in RESP2
NIL_ARRAY              the absence of an array (the same as None in RESP3)
Wait                   nothing there yet: try again when one of its keys gets an element
Refusal (raised)       an error
"""

from dataclasses import dataclass
from typing import Any, Final


class Simple(str):
    """A simple string."""

    __slots__ = ()


class NilArray:
    """The type of NIL_ARRAY."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NIL_ARRAY"


class Members(list[Any]):
    """A set of replies, in no order that means anything."""

    __slots__ = ()


class Pairs(list[tuple[Any, Any]]):
    """A list of pairs."""

    __slots__ = ()


class Map(list[tuple[Any, Any]]):
    """A map, as its pairs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A blocking command found nothing.

    Args:
        keys: whoever adds to one of them makes it worth trying again.
        timeout_s: how long to wait; 0 is for good.
        nothing: the answer inside a transaction, where nobody waits. After the timeout it is NIL_ARRAY for all.
    """

    keys: tuple[bytes, ...]
    timeout_s: float
    nothing: NilArray | None


OK: Final = Simple("OK")
NIL_ARRAY: Final = NilArray()

Reply = int | bytes | float | Simple | list[Any] | NilArray | Wait | None
"""What a command returns. Lists hold replies."""


def format_double(value: float) -> bytes:
    """Return the text of a number with a fraction: 17 significant digits, as Redis 7.0 has it."""
    return b"%.17g" % value
