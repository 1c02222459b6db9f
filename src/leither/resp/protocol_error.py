"""What a client sent that is no Redis protocol."""

from leither.errors import InputError


class ProtocolError(InputError):
    """The bytes are no command, so the stream can't be read any further. `commands` came whole before them."""

    code = "redis-protocol"

    def __init__(self, reason: str, commands: list[list[bytes]] | None = None) -> None:
        self.reason = reason
        self.commands = commands or []
        super().__init__(f"Protocol error: {reason}")
