"""`latency.py PORT PATH HOST CONNECTIONS INTERVAL_MS`: how long answers take, over connections kept alive.

Each connection asks INTERVAL_MS after it asked last, or as soon as it was answered if that is later. It goes on until a
line comes in or standard input ends, and then prints the median and the 99th percentile in milliseconds, and how many
were answered.
"""

import json
import selectors
import socket
import statistics
import sys
from time import perf_counter

_HEAD_END = b"\r\n\r\n"


class _Asking:
    """One connection, its request and when it was sent."""

    def __init__(self, port: int, request: bytes) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._request = request
        self._left = 0
        self._head = b""
        self.sent = 0.0
        self.waiting = False

    def ask(self, now: float) -> None:
        """Send the request."""
        self.socket.sendall(self._request)
        self.sent, self.waiting = now, True

    def take(self) -> bool:
        """Take what has come; tell whether the answer is whole."""
        data = self.socket.recv(1 << 16)
        if not data:
            raise RuntimeError("the server closed a connection")
        if self._left == 0:
            self._head += data
            head, found, body = self._head.partition(_HEAD_END)
            if not found:
                return False
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode("latin-1"))
            length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            self._left, data, self._head = int(length.partition(b":")[2]), body, b""
        self._left -= len(data)
        self.waiting = self._left > 0
        return not self.waiting


def ask(port: int, request: bytes, connections: int, interval_s: float) -> list[float]:
    """Ask until standard input has something to read; return how many seconds each answer took."""
    times: list[float] = []
    asking = [_Asking(port, request) for _ in range(connections)]
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ, None)
        for number, one in enumerate(asking):
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.sent = perf_counter() + interval_s * (number / connections - 1)
        while True:
            now = perf_counter()
            idle = [one for one in asking if not one.waiting]
            for one in idle:
                if now - one.sent >= interval_s:
                    one.ask(now)
            due = min((one.sent + interval_s for one in asking if not one.waiting), default=now + 1)
            for key, _ in selector.select(max(0.0, due - perf_counter())):
                if key.data is None:
                    return times
                if key.data.take():
                    times.append(perf_counter() - key.data.sent)


def main(port: str, path: str, host: str, connections: str, interval_ms: str) -> None:
    """Measure and print."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    times = sorted(ask(int(port), request, int(connections), float(interval_ms) / 1000))
    told = {"median": statistics.median(times), "p99": times[len(times) * 99 // 100]}
    print(json.dumps({name: value * 1000 for name, value in told.items()} | {"answers": len(times)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
