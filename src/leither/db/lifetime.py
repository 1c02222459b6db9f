"""How long keys live, as commands say it: in seconds or milliseconds, from now or as a time."""

from typing import Final, NamedTuple

from leither.db.number import INTEGER_MAX, integer
from leither.db.refusal import OutOfRange


class InvalidLifetime(OutOfRange):
    """A time to live is zero, negative, or beyond what a time can be."""

    code = "db-lifetime"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"ERR invalid expire time in '{name}' command")


class Lifetime(NamedTuple):
    """The option EX, PX, EXAT or PXAT with its amount."""

    option: bytes
    amount: bytes

    def when(self, now_ms: int, name: str) -> int:
        """Return the time meant, in milliseconds. Raises: NotAnInteger, InvalidLifetime."""
        absolute = self.option.endswith(b"AT")
        return deadline(self.amount, 0 if absolute else now_ms, name, seconds=self.option.startswith(b"EX"))


NO_LIFETIME: Final = Lifetime(b"", b"")


def deadline(amount: bytes, base_ms: int, name: str, *, seconds: bool) -> int:
    """Return `amount` after `base_ms`, in milliseconds, where it has to be above 0.

    Raises: NotAnInteger, InvalidLifetime.
    """
    value = integer(amount)
    if value <= 0 or (seconds and value > INTEGER_MAX // 1000):
        raise InvalidLifetime(name)
    value = value * 1000 if seconds else value
    if value > INTEGER_MAX - base_ms:
        raise InvalidLifetime(name)
    return value + base_ms
