"""Request bodies: JSON ones that may be left out, and streams in pieces of bounded size."""

from collections.abc import AsyncIterator
from typing import Any, cast

from litestar import Request
from litestar.datastructures import State

from leither.http import body
from leither.http.asgi import Receive


class ApiRequest(Request[Any, Any, State]):
    """A request whose JSON body may be left out: nothing counts as an object without members."""

    async def body(self) -> bytes:
        """Return the whole body, bounded by the operation's limit."""
        return await super().body() or b"{}"


def pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """Iterate over the body, as `leither.http.body.pieces` does. Raises: ClientGone."""
    return body.pieces(cast(Receive, request.receive))
