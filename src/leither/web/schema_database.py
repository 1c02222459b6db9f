"""What the HTTP API takes and gives about databases: commands and their replies."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Text


class CommandsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Commands for a database, carried out in order in one transaction."""

    commands: Annotated[
        list[Annotated[list[Text], Meta(min_length=1, max_length=limits.DB_API_WORDS_MAX)]],
        Meta(
            description='Each a command\'s words, such as ["HSET", "key", "field", "value"]; text is sent as UTF-8.',
            min_length=1,
            max_length=limits.DB_API_COMMANDS_MAX,
        ),
    ]


class CommandsDone(Struct, frozen=True):
    """The replies."""

    replies: Annotated[
        list[Any],
        Meta(
            description="One for each command: a number, text, null, a list, {base64} for bytes that are no text, "
            "{map: [[key, value], ...]} for pairs, or {error} where the command was refused; others still count."
        ),
    ]
