"""A real redis-server for comparison, and the wire in both directions, so that replies can be compared whole."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from leither.db import Map, Members, NilArray, Pairs, Refusal, Simple, Wait, format_double

Tree = tuple[str, Any]
"""A reply as it stands on the wire: its type's character and its value; arrays hold trees."""


class Client:
    """One connection that speaks one version of the protocol."""

    def __init__(self, path: Path, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._file = self._socket.makefile("rb")
        if protocol == 3:
            self.run(b"HELLO", b"3")

    def run(self, *arguments: bytes) -> Tree:
        packed = [b"*%d\r\n" % len(arguments), *(b"$%d\r\n%b\r\n" % (len(a), a) for a in arguments)]
        self._socket.sendall(b"".join(packed))
        return self._read()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def _read(self) -> Tree:
        line = self._file.readline()
        kind, rest = chr(line[0]), line[1:-2]
        if kind in "$=":
            return kind, None if rest == b"-1" else self._file.read(int(rest) + 2)[:-2]
        if kind in "*~>":
            return kind, None if rest == b"-1" else [self._read() for _ in range(int(rest))]
        if kind == "%":
            return kind, [self._read() for _ in range(2 * int(rest))]
        return kind, int(rest) if kind == ":" else rest


def tree(reply: object, protocol: int) -> Tree:
    """Return what a front door has to send for `reply`."""
    new = protocol == 3
    match reply:
        case Refusal():
            return "-", str(reply).encode("utf-8", "surrogateescape")
        case None:
            return ("_", b"") if new else ("$", None)
        case NilArray() | Wait():
            return ("_", b"") if new else ("*", None)
        case Simple():
            return "+", reply.encode()
        case bytes():
            return "$", reply
        case int():
            return ":", reply
        case float():
            return ("," if new else "$"), format_double(reply)
        case Map():
            return ("%" if new else "*"), [tree(item, protocol) for pair in reply for item in pair]
        case Pairs() if not new:
            return "*", [tree(item, protocol) for pair in reply for item in pair]
        case Members():
            return ("~" if new else "*"), [tree(item, protocol) for item in reply]
        case list() | tuple():
            return "*", [tree(item, protocol) for item in reply]
    raise AssertionError(reply)


@contextmanager
def running_redis(*options: str) -> Iterator[Path]:
    """Start a redis-server that keeps nothing and listens on a socket file alone; yield the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "redis.sock")
        command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder, *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not _answers(path):
                assert process.poll() is None, "redis-server did not start"
                time.sleep(0.01)
            yield path
        finally:
            process.terminate()
            process.wait(30)


def _answers(path: Path) -> bool:
    probe = socket.socket(socket.AF_UNIX)
    try:
        probe.connect(str(path))
    except OSError:
        return False
    finally:
        probe.close()
    return True
