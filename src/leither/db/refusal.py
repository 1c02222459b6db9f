"""Why a command is refused. The texts are those of Redis 7.0, since clients read them."""

from typing import ClassVar

from leither import limits
from leither.errors import InputError


class Refusal(InputError):
    """A command can't be carried out; nothing was changed. The message is the whole text of an error reply."""

    code = "db-refused"
    text: ClassVar[str] = "ERR refused"

    def __init__(self, text: str | None = None) -> None:
        super().__init__(self.text if text is None else text)


class WrongType(Refusal):
    """The key holds another type of value."""

    code = "db-wrong-type"
    text = "WRONGTYPE Operation against a key holding the wrong kind of value"


class BadSyntax(Refusal):
    """The arguments don't fit together."""

    code = "db-syntax"
    text = "ERR syntax error"


class NotAnInteger(Refusal):
    """A number is expected, of 64 bits with a sign."""

    code = "db-not-integer"
    text = "ERR value is not an integer or out of range"


class NotANumber(Refusal):
    """A number is expected."""

    code = "db-not-number"
    text = "ERR value is not a valid float"


class OutOfRange(Refusal):
    """A number is not within what the command takes. The text says which."""

    code = "db-out-of-range"
    text = "ERR value is out of range"


class Overflow(Refusal):
    """The outcome is beyond 64 bits with a sign, or no number."""

    code = "db-overflow"
    text = "ERR increment or decrement would overflow"


class NoSuchKey(Refusal):
    """The key does not exist, and has to."""

    code = "db-no-key"
    text = "ERR no such key"


class IndexOutOfRange(Refusal):
    """The list is shorter."""

    code = "db-index"
    text = "ERR index out of range"


class WrongArity(Refusal):
    """Too many or too few arguments."""

    code = "db-arity"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"ERR wrong number of arguments for '{name}' command")


class UnknownCommand(Refusal):
    """There is no such command."""

    code = "db-unknown-command"

    def __init__(self, arguments: list[bytes]) -> None:
        self.name = _shown(arguments[0])
        beginning = ""
        for argument in arguments[1:]:
            if len(beginning) >= _SHOWN:
                break
            beginning += f"'{_shown(argument)[: _SHOWN - len(beginning)]}' "
        super().__init__(f"ERR unknown command '{self.name}', with args beginning with: {beginning}")


class CommandRefused(Refusal):
    """Redis has the command, this database does not."""

    code = "db-refused-command"

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"ERR {name.upper()} is not available here: {reason}")


class KeyTooLong(Refusal):
    """A key, field or member is longer than one may be."""

    code = "db-key-size"

    def __init__(self, size_bytes: int, limit_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(
            f"ERR key, field or member of {size_bytes} bytes exceeds the limit of {limit_bytes}; store it as a value"
        )


class ValueTooLong(Refusal):
    """A value is longer than one may be."""

    code = "db-value-size"
    text = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"

    def __init__(self) -> None:
        self.limit_bytes = limits.DB_VALUE_BYTES_MAX
        super().__init__()


_SHOWN = 128


def _shown(argument: bytes) -> str:
    """Return an argument as errors quote it: 128 bytes at the most, no line ends."""
    return argument[:_SHOWN].replace(b"\r", b" ").replace(b"\n", b" ").decode("utf-8", "surrogateescape")
