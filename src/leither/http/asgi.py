"""The ASGI interface, as types. Source: asgi.readthedocs.io, HTTP & WebSocket, version 2.4."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

Header = tuple[bytes, bytes]

AtOnce = Callable[[Scope], tuple[bytes, bytes] | None]
"""Returns an answer of status 200 that needs no waiting: its header lines, and its body; None to call the application.

The server offers it GETs over HTTP/1.1 on connections that stay open. It must not block.
"""
