"""A request with the means to answer it."""

from collections.abc import Iterable
from dataclasses import dataclass

from leither.errors import InputError, LeitherError
from leither.http import answer
from leither.http.asgi import Header, Receive, Send
from leither.http.request import Request


class MethodNotAllowed(InputError):
    """The address does not take that method."""

    code = "method-not-allowed"

    def __init__(self, method: str, allowed: str) -> None:
        self.method = method[:40]
        self.allowed = allowed
        super().__init__(f"{self.method} is not possible here; use {allowed}")


class NotAcceptable(InputError):
    """None of the forms asked for can be given."""

    code = "not-acceptable"

    def __init__(self, given: str, offered: str) -> None:
        self.given = given[:200]
        super().__init__(f"{self.given!r} can't be given; ask for {offered}")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request, and the two callables of ASGI."""

    request: Request
    receive: Receive
    send: Send

    @property
    def is_head(self) -> bool:
        """Whether only the head of the answer is wanted."""
        return self.request.method == "HEAD"

    def require_read(self) -> None:
        """Check that the method is GET or HEAD. Raises: MethodNotAllowed."""
        if not self.request.is_read:
            raise MethodNotAllowed(self.request.method, "GET or HEAD")

    async def answer(
        self, status: int, body: bytes = b"", *, media_type: bytes = b"", headers: Iterable[Header] = ()
    ) -> None:
        """Send a whole answer; to HEAD its head."""
        await answer.answer(self.send, status, body, media_type=media_type, headers=headers, head=self.is_head)

    async def problem(self, error: LeitherError) -> None:
        """Tell an error."""
        fields: list[Header] = []
        if isinstance(error, MethodNotAllowed):
            fields.append((b"allow", error.allowed.replace(" or ", ", ").encode()))
        await answer.problem(self.send, error, headers=fields, head=self.is_head)

    async def redirect(self, location: bytes, *, headers: Iterable[Header] = ()) -> None:
        """Send the client to `location`, a percent-encoded URI reference."""
        await answer.redirect(self.send, location, headers=headers)
