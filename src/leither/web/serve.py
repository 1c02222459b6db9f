"""Running the application in uvicorn, with the node's bounds. Everything heavy is imported when it starts."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from leither import limits
from leither.http.asgi import App

if TYPE_CHECKING:
    import ssl

    import uvicorn

T = TypeVar("T")
Listen = Callable[[socket.socket, "ssl.SSLContext | None"], Awaitable[asyncio.AbstractServer]]
"""Takes connections on a bound socket, with TLS where a context is given, until what it returns is closed."""
More = Callable[[Listen], contextlib.AbstractAsyncContextManager[object]]


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` on the event loop that front doors want: uvloop, where there is one."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


@contextlib.asynccontextmanager
async def no_more(listen: Listen) -> AsyncIterator[None]:
    """Listen nowhere else."""
    yield


async def serve(
    app: App,
    sockets: Sequence[socket.socket],
    *,
    stop: asyncio.Event,
    ready: Callable[[], None] = lambda: None,
    more: More = no_more,
) -> None:
    """Serve `app` on bound `sockets` until `stop` is set; call `ready` once requests are answered.

    `more` is entered before that, and left first of all; meanwhile it may listen on further sockets, with TLS. New
    connections end at once, answers in work may go on for limits.STOP_S. Signals are the caller's business.

    Raises: StartFailed: when the application could not start; it has told why in the log.
    """
    import uvicorn

    class Server(uvicorn.Server):
        _more = contextlib.AsyncExitStack()

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def listen(self, sock: socket.socket, tls: "ssl.SSLContext | None") -> asyncio.AbstractServer:
            def protocol() -> asyncio.Protocol:
                return self.config.http_protocol_class(  # type: ignore[call-arg]
                    config=self.config, server_state=self.server_state, app_state=self.lifespan.state
                )

            loop = asyncio.get_running_loop()
            bounds: dict[str, Any] = {"backlog": self.config.backlog}
            if tls is not None:
                bounds |= {
                    "ssl_handshake_timeout": limits.TLS_HANDSHAKE_S,
                    "ssl_shutdown_timeout": limits.TLS_CLOSING_S,
                }
            return await loop.create_server(protocol, sock=sock, ssl=tls, **bounds)

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            await self._more.enter_async_context(more(self.listen))
            ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await self._more.aclose()
            await super().shutdown(sockets)

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    server = Server(_config(app))
    watching = asyncio.ensure_future(end())
    try:
        await server.serve(list(sockets))
    except SystemExit:
        raise StartFailed from None
    finally:
        watching.cancel()


class StartFailed(RuntimeError):
    """The application's startup failed."""

    def __init__(self) -> None:
        super().__init__("the HTTP application could not start; the log says why")


def _config(app: App) -> "uvicorn.Config":
    import uvicorn

    bounds: dict[str, Any] = {"h11_max_incomplete_event_size": limits.REQUEST_HEAD_BYTES_MAX}
    if sys.platform != "win32":
        from leither.web.bounded_http import BoundedHttp

        bounds = {"http": BoundedHttp}
    return uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=limits.WEBSOCKET_MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="on",
        interface="asgi3",
        # Nothing stands in front of a node, so nobody may say on whose behalf a request comes.
        proxy_headers=False,
        server_header=False,
        # An address may hold a one-time code, so none is logged.
        access_log=False,
        log_config=None,
        limit_concurrency=limits.CONNECTIONS_MAX,
        timeout_keep_alive=limits.KEEP_ALIVE_S,
        timeout_graceful_shutdown=limits.STOP_S,
        **bounds,
    )
