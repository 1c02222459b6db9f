"""Dialling a peer: its addresses, each a little after the one before, until one answers as who it should."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from leither.codec.multiaddr import Multiaddr
from leither.errors import LeitherError
from leither.limits import DIAL_S
from leither.net.connection import Connection
from leither.net.pipe import Pipe, SocketPipe

STAGGER_S = 0.1
"""Head start of an address before the next one is tried beside it."""

Dial = Callable[[Multiaddr], Awaitable[Connection]]


async def dial_socket(address: Multiaddr) -> Pipe:
    """Open a TCP connection, and a WebSocket on it where the address says so. Raises: OSError, PipeBroken."""
    host, port = address.parts[0][1], int(address.value("tcp") or 0)
    _, pipe = await asyncio.get_running_loop().create_connection(lambda: SocketPipe(address), host, port)
    if not any(name == "ws" for name, _ in address.parts):
        return pipe
    from leither.net.websocket import dial_websocket

    return await dial_websocket(pipe, f"{host}:{port}")


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
