"""Dialling a peer: its addresses, each a little after the one before, until one answers as who it should."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from leither.codec.multiaddr import Multiaddr
from leither.errors import LeitherError
from leither.limits import DIAL_S
from leither.net.connection import Connection
from leither.net.listening import share_port
from leither.net.pipe import Pipe, SocketPipe

STAGGER_S = 0.1
"""Head start of an address before the next one is tried beside it."""

Dial = Callable[[Multiaddr], Awaitable[Connection]]
Trust = Callable[[], ssl.SSLContext]
"""Returns what certificates of others are held against."""


async def dial_socket(address: Multiaddr, *, source_port: int = 0, trust: Trust = ssl.create_default_context) -> Pipe:
    """Open a TCP connection, and a WebSocket on it, and that in TLS, where the address says so.

    source_port: the port that is listened on, so that a router sees one inside for both; 0 for any. trust: whose
    certificates count. Raises: OSError, PipeBroken.
    """
    host, port = address.parts[0][1], int(address.value("tcp") or 0)
    loop = asyncio.get_running_loop()
    names = {name for name, _ in address.parts}
    shown = address.value("sni") or host
    tls: dict[str, Any] = {"ssl": trust(), "server_hostname": shown} if names & {"wss", "tls"} else {}
    if source_port and address.ip is not None:
        _, pipe = await loop.create_connection(
            lambda: SocketPipe(address), sock=await _from_port(source_port, host, port), **tls
        )
    else:
        _, pipe = await loop.create_connection(lambda: SocketPipe(address), host, port, **tls)
    if not names & {"ws", "wss"}:
        return pipe
    from leither.net.websocket import dial_websocket

    return await dial_websocket(pipe, f"{'wss' if tls else 'ws'}://{shown}:{port}/")


async def _from_port(source_port: int, host: str, port: int) -> socket.socket:
    """Return a connected socket whose own port is one that is listened on. Raises: OSError."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setblocking(False)
        share_port(made)
        made.bind(("::" if ":" in host else "0.0.0.0", source_port))  # noqa: S104 - where it is dialled from
        await asyncio.get_running_loop().sock_connect(made, (host, port))
    except BaseException:
        made.close()
        raise
    return made


async def dial_first(addresses: Sequence[Multiaddr], dial: Dial) -> tuple[Connection | None, list[str]]:
    """Return the first connection that comes about, and why the others didn't; those under way are given up.

    Relayed addresses come last, as they cost somebody else.
    """
    reasons: list[str] = []
    waiting = sorted(addresses, key=lambda address: address.relayed)
    running: dict[asyncio.Task[Connection], Multiaddr] = {}
    try:
        while waiting or running:
            if waiting:
                address = waiting.pop(0)
                running[asyncio.ensure_future(_bounded(dial, address))] = address
            done, _ = await asyncio.wait(
                running, timeout=STAGGER_S if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                address = running.pop(task)
                error = task.exception()
                if error is None:
                    return task.result(), reasons
                if not isinstance(error, LeitherError | OSError | TimeoutError):
                    raise error
                reasons.append(f"{address}: {str(error) or 'no answer in time'}")
    finally:
        for task in running:
            task.cancel()
    return None, reasons


async def _bounded(dial: Dial, address: Multiaddr) -> Connection:
    async with asyncio.timeout(DIAL_S):
        return await dial(address)
