"""What is known of a client, as CLIENT LIST and CLIENT INFO tell it."""

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Client:
    """One connection's particulars. Times are in seconds of the loop's clock."""

    id: int
    since: float
    name: bytes = b""
    library: bytes = b""
    library_version: bytes = b""
    address: str = ""
    local_address: str = ""
    user: str = "(none)"
    active: float = 0.0
    last_command: bytes = b"NULL"

    def met(self, peer: Any, local: Any) -> None:  # noqa: ANN401 - what a socket says of itself
        """Take the addresses from the socket."""
        self.address, self.local_address = _shown(peer), _shown(local)

    def line(self, now: float, *, resp: int, subscriptions: int, patterns: int, multi: int, watched: int) -> str:
        """Return one line of CLIENT LIST, with Redis' fields as far as they mean anything here."""
        fields = {
            "id": self.id,
            "addr": self.address,
            "laddr": self.local_address,
            "fd": 0,
            "name": self.name.decode("utf-8", "surrogateescape"),
            "age": int(now - self.since),
            "idle": int(now - self.active),
            "flags": "P" if (subscriptions or patterns) else "x" if multi >= 0 else "N",
            "db": 0,
            "sub": subscriptions,
            "psub": patterns,
            "ssub": 0,
            "multi": multi,
            "watch": watched,
            "cmd": self.last_command.decode("utf-8", "surrogateescape"),
            "user": self.user,
            "resp": resp,
        }
        return " ".join(f"{name}={value}" for name, value in fields.items())


def _shown(address: Any) -> str:  # noqa: ANN401
    if isinstance(address, tuple) and len(address) >= 2:
        return f"[{address[0]}]:{address[1]}" if ":" in address[0] else f"{address[0]}:{address[1]}"
    return "local"
