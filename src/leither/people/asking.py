"""One request, or one connection: through which front door somebody asks, and with what. It decides nothing."""

from collections.abc import Hashable
from enum import StrEnum


class Front(StrEnum):
    """A way in."""

    API = "api"
    GATEWAY = "gateway"
    WEBSOCKET = "websocket"
    REDIS = "redis"
    DAV = "dav"
    NODE = "node"
    """The node itself, as when it makes the token of its command line."""


class Asking:
    """How somebody asks.

    Args: front: the way in. session: the shown id of the token or session, empty for guests. label: what tells people
        which one it is. lasting: whether this is a connection, on which what is done twice counts twice; of a request
        that looks at something twice, that is one look.
    """

    __slots__ = ("_done", "front", "label", "session")

    def __init__(self, front: Front, session: str = "", label: str = "", *, lasting: bool = False) -> None:
        self.front = front
        self.session = session
        self.label = label
        self._done: set[Hashable] | None = None if lasting else set()

    def counts(self, what: Hashable) -> bool:
        """Tell whether `what` is to be counted now."""
        if self._done is None:
            return True
        if what in self._done:
            return False
        self._done.add(what)
        return True
