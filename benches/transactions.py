"""A load of transactions: clients that each send MULTI, ten SET and EXEC as one piece, again when all is answered.

redis-benchmark sends one command over and over, so it can't. This costs a few microseconds a transaction.
"""

import random
import selectors
import socket
from time import perf_counter

from benches.redis_server import RedisServer

SETS = 10
_REPLY = b"+OK\r\n" + b"+QUEUED\r\n" * SETS + b"*%d\r\n" % SETS + b"+OK\r\n" * SETS
_PIECES = 500


def transactions(server: RedisServer, *, clients: int, count: int, keys: int) -> float:
    """Return transactions a second, of `count` by `clients`, over as many as `keys` keys."""
    pieces = _pieces(keys)
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            connection = server.connect()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(connection, selectors.EVENT_READ, bytearray())
        start = perf_counter()
        for sent, key in enumerate(selector.get_map().values()):
            _socket(key).sendall(pieces[sent % _PIECES])
        _answered(selector, pieces, sent=clients, count=count)
        elapsed = perf_counter() - start
        for key in list(selector.get_map().values()):
            _socket(key).close()
    return count / elapsed


def _answered(selector: selectors.BaseSelector, pieces: list[bytes], *, sent: int, count: int) -> None:
    """Send until `count` are out, and return when all of them are answered."""
    done = 0
    while done < count:
        for key, _ in selector.select():
            connection, reply = _socket(key), key.data
            reply += connection.recv(4096)
            if len(reply) < len(_REPLY):
                continue
            if reply != _REPLY:
                raise RuntimeError(bytes(reply[:200]).decode(errors="replace"))
            reply.clear()
            done += 1
            if sent < count:
                connection.sendall(pieces[sent % _PIECES])
                sent += 1


def _pieces(keys: int) -> list[bytes]:
    dice = random.Random(7)
    value = b"x" * 3  # as redis-benchmark's

    def sets() -> bytes:
        chosen = (b"key:%012d" % dice.randrange(keys) for _ in range(SETS))
        return b"".join(b"*3\r\n$3\r\nSET\r\n$16\r\n%b\r\n$3\r\n%b\r\n" % (key, value) for key in chosen)

    return [b"*1\r\n$5\r\nMULTI\r\n" + sets() + b"*1\r\n$4\r\nEXEC\r\n" for _ in range(_PIECES)]


def _socket(key: selectors.SelectorKey) -> socket.socket:
    assert isinstance(key.fileobj, socket.socket)
    return key.fileobj
