"""A plain load: connections kept alive, each asking again as soon as it was answered. Prints requests a second."""

import asyncio
import sys
from time import perf_counter


async def _ask(port: int, request: bytes, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 21)
    answered = 0
    while perf_counter() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        answered += 1
    writer.close()
    return answered


async def main(port: str, path: str, host: str, connections: str, seconds: str) -> float:
    """Return requests answered a second. Cost: one core, which may be the limit."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    until = perf_counter() + float(seconds)
    counts = await asyncio.gather(*[_ask(int(port), request, until) for _ in range(int(connections))])
    return sum(counts) / float(seconds)


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(main(*sys.argv[1:])))
