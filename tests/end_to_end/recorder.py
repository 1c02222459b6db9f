"""What passes between two programs, kept; and a search through bytes for words, however they are written there."""

from __future__ import annotations

import base64
import re
import socket
import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
_WORD_BYTES_MIN = 12
"""Shorter words are found by chance in what is sealed, or in base64 are cut to nothing."""


class Recorder:
    """A proxy on loopback in front of a port, which keeps all that passes either way."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._seen: list[bytes] = []
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._run(self._accept)

    @property
    def seen(self) -> bytes:
        """All that has passed, piece by piece as it was read."""
        return b"".join(list(self._seen))

    def close(self) -> None:
        """End it, and what goes through it."""
        for each in (self._server, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _run(self, work: object, *given: object) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return  # closed
            far = socket.create_connection(("127.0.0.1", self._target))
            self._open += (near, far)
            self._run(self._pump, near, far)
            self._run(self._pump, far, near)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._seen.append(data)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@contextmanager
def recorded(target: int) -> Iterator[Recorder]:
    recorder = Recorder(target)
    try:
        yield recorder
    finally:
        recorder.close()


def found(words: Iterable[bytes], data: bytes) -> set[bytes]:
    """Which of the words stand in the bytes: as they are, in hex, in base32 or base64, in UTF-16, or compressed."""
    texts = [data, *_unpacked(data)]
    return {word for word in words if any(form in text for form in _forms(word) for text in texts)}


def _forms(word: bytes) -> Iterator[bytes]:
    assert len(word) >= _WORD_BYTES_MIN, word
    yield word
    yield word.hex().encode()
    yield word.hex().upper().encode()
    yield b"\0".join(word[at : at + 1] for at in range(len(word)))
    for before in range(3):
        # In base64 a word looks otherwise by what stands before it; its ends mix with what is around it.
        text = base64.b64encode(bytes(before) + word)[4 if before else 0 : len(word) // 3 * 4]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))
    for before in range(5):
        text = base64.b32encode(bytes(before) + word)[8 if before else 0 : len(word) // 5 * 8]
        yield text
        yield text.lower()


def _unpacked(data: bytes) -> Iterator[bytes]:
    """Yield what the bytes hold that zlib or gzip made."""
    for match in _ZLIB.finditer(data):
        with suppress(zlib.error):
            yield zlib.decompressobj(47).decompress(data[match.start() :], 1 << 20)
