"""Changes as they happen, over a WebSocket."""

import asyncio
import threading
from collections import deque
from contextlib import suppress
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from leither import limits
from leither.crypto import MimeiId, NotAnId, id_text, parse_id
from leither.people import Act, Front, Principal, guest
from leither.service.events import ENDED, Event, TooManyWatchers
from leither.service.holding import MimeiNotFound, load
from leither.service.tokens import BadToken
from leither.web.api.context import ApiContext, Caller, bearer
from leither.web.reach import Reach
from leither.web.schema_node import WatchEvent, WatchRequest

BAD_REQUEST, BAD_TOKEN, TOO_MANY = 4400, 4401, 4429
"""Close codes, after the HTTP statuses they stand for."""
_READS = Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE
_NEEDS = {"release": _READS, "control": _READS, "delete": _READS, "backup": Act.READ_CUR | Act.READ_VERSIONS}
"""Which rights show an event, where READ_CUR alone is not what counts."""


class Backlog:
    """Events on their way to one watcher. `tell` is called by any thread, the rest by the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._events: deque[Event] = deque()
        self._lagged = False
        self._guard = threading.Lock()
        self._ready = asyncio.Event()

    def tell(self, event: Event) -> None:
        """Add an event; when there are too many, say so instead."""
        with self._guard:
            first = not self._events and not self._lagged
            if len(self._events) < limits.WATCH_QUEUE_MAX:
                self._events.append(event)
            else:
                self._lagged = True
        if first:
            # The loop is closed when the node stops, and then nobody watches.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ready.set)

    async def take(self) -> tuple[list[Event], bool]:
        """Wait for events; return them, and whether some after them were dropped."""
        await self._ready.wait()
        with self._guard:
            events, lagged = list(self._events), self._lagged
            self._events.clear()
            self._lagged = False
            self._ready.clear()
        return events, lagged


class Watch:
    """One watcher: what it asked for, and what it may see."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._ids: frozenset[MimeiId] | None = None
        self.caller = Caller(context, guest(Front.WEBSOCKET, lasting=True), None, Reach(context.settings))

    async def sign_in(self, secret: str) -> None:
        """Take the rights of a token. Raises: BadToken."""
        principal = await self.caller.run(self._context.tokens.principal_of, secret, Front.WEBSOCKET)
        self.caller = Caller(self._context, principal, secret, self.caller.reach)

    async def ask(self, message: str | bytes) -> None:
        """Take the watcher's first message. Raises: msgspec.DecodeError, NotAnId, BadToken."""
        request = msgspec.json.decode(message, type=WatchRequest)
        if request.ids is not None:
            self._ids = frozenset(MimeiId(parse_id(text)) for text in request.ids)
        if request.token is not None:
            await self.sign_in(request.token)

    def visible(self, events: list[Event]) -> list[Event]:
        """Return those of `events` that were asked for and may be seen now. Raises: BadToken: if it was revoked."""
        principal = self.caller.principal
        if self.caller.secret is not None:
            principal = self._context.tokens.principal_of(self.caller.secret, Front.WEBSOCKET)
        return [
            event
            for event in events
            if event is not ENDED and (self._ids is None or event.id in self._ids) and self._may_see(principal, event)
        ]

    def _may_see(self, principal: Principal, event: Event) -> bool:
        if event.what == "delete":  # nothing is left to ask
            return principal.is_resident and principal.user == event.user
        engines = self._context.engines
        try:
            with engines.state.read() as view:
                held = load(engines, view, event.id)
        except MimeiNotFound:
            # What is gone has no rights any more; that it was there is for whose it was to know.
            return event.what == "delete" and principal.is_resident and principal.user == event.user
        shown = held.acts(principal) & _NEEDS.get(event.what, Act.READ_CUR)
        if shown:
            held.note(principal, shown)
        return bool(shown)


@websocket("/watch")
async def watch(socket: WebSocket[Any, Any, Any]) -> None:
    """Tell what happens to the MiMei the caller may read, until it goes away."""
    await socket.accept()
    watching = Watch(socket.app.state.context)
    backlog = Backlog(asyncio.get_running_loop())
    try:
        with watching.caller.engines.events.watching(backlog.tell):
            secret = bearer(socket.headers.getall("authorization", []))
            if secret is not None:
                await watching.sign_in(secret)
            await _converse(socket, watching, backlog)
    except BadToken as error:
        await _close(socket, BAD_TOKEN, f"{error.code}: {error}")
    except TooManyWatchers as error:
        await _close(socket, TOO_MANY, f"{error.code}: {error}")
    except (msgspec.DecodeError, NotAnId, RecursionError) as error:
        await _close(socket, BAD_REQUEST, f"not-understood: {error}")


async def _converse(socket: WebSocket[Any, Any, Any], watching: Watch, backlog: Backlog) -> None:
    telling = asyncio.ensure_future(_tell(socket, watching, backlog))
    listening = asyncio.ensure_future(_listen(socket, watching))
    done, pending = await asyncio.wait((telling, listening), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _listen(socket: WebSocket[Any, Any, Any], watching: Watch) -> None:
    """Take the first message; return when the watcher goes away. What else it sends is ignored."""
    asked = False
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if not asked:
            asked = True
            text, data = message.get("text"), message.get("bytes")
            await watching.ask(text if isinstance(text, str) else data if isinstance(data, bytes) else b"{}")


async def _tell(socket: WebSocket[Any, Any, Any], watching: Watch, backlog: Backlog) -> None:
    while True:
        events, lagged = await _taken(backlog)
        lines = [WatchEvent(event.what, id_text(event.id), event.version) for event in await _seen(watching, events)]
        if lagged:
            lines.append(WatchEvent("lagged"))
        for line in lines:
            await socket.send_text(msgspec.json.encode(line))


async def _taken(backlog: Backlog) -> tuple[list[Event], bool]:
    """Wait for events, but not longer than a session that has ended may stay open."""
    try:
        async with asyncio.timeout(limits.WATCH_CHECK_S):
            return await backlog.take()
    except TimeoutError:
        return [], False


async def _seen(watching: Watch, events: list[Event]) -> list[Event]:
    return await watching.caller.run(watching.visible, events)


async def _close(socket: WebSocket[Any, Any, Any], code: int, reason: str) -> None:
    # A close frame has room for 123 bytes of reason.
    with suppress(WebSocketDisconnect):
        await socket.close(code, reason.encode()[:123].decode("utf-8", "ignore"))


OPERATIONS = (watch,)
