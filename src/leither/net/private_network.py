"""A private network: who doesn't hold its key can't even begin to speak with its nodes.

Everything on a socket is encrypted once more under the network's key, before libp2p sees it. It hides who speaks what;
who is who is proved inside it. A key file of go-libp2p (`swarm.key`) is understood.
Source: libp2p specs, pnet/Private-Networks-PSK-V1.md; Bernstein, Extending the Salsa20 nonce.
"""

import struct
from collections.abc import Iterable

from Crypto.Cipher import Salsa20

from leither.codec.multiaddr import Multiaddr
from leither.errors import InputError
from leither.net.pipe import Pipe, PipeReader, Sink
from leither.net.upgrade import Token

KEY_BYTES = 32
_NONCE_BYTES = 24
_HEADER = ("/key/swarm/psk/1.0.0/", "/base16/")
_SIGMA = struct.unpack("<4I", b"expand 32-byte k")
_MASK = 0xFFFFFFFF
_ROUNDS = (
    # Columns, then rows: (target, from, and from, how far).
    *((4, 0, 12, 7), (8, 4, 0, 9), (12, 8, 4, 13), (0, 12, 8, 18)),
    *((9, 5, 1, 7), (13, 9, 5, 9), (1, 13, 9, 13), (5, 1, 13, 18)),
    *((14, 10, 6, 7), (2, 14, 10, 9), (6, 2, 14, 13), (10, 6, 2, 18)),
    *((3, 15, 11, 7), (7, 3, 15, 9), (11, 7, 3, 13), (15, 11, 7, 18)),
    *((1, 0, 3, 7), (2, 1, 0, 9), (3, 2, 1, 13), (0, 3, 2, 18)),
    *((6, 5, 4, 7), (7, 6, 5, 9), (4, 7, 6, 13), (5, 4, 7, 18)),
    *((11, 10, 9, 7), (8, 11, 10, 9), (9, 8, 11, 13), (10, 9, 8, 18)),
    *((12, 15, 14, 7), (13, 12, 15, 9), (14, 13, 12, 13), (15, 14, 13, 18)),
)


class NotANetworkKey(InputError):
    """The text is no key of a private network."""

    code = "not-a-network-key"

    def __init__(self) -> None:
        super().__init__(
            "this is no key of a private network; expected three lines: /key/swarm/psk/1.0.0/, /base16/, and 64 "
            "characters of 0-9 and a-f"
        )


def parse_network_key(text: str) -> bytes:
    """Return the key in the text of a key file. Raises: NotANetworkKey."""
    lines = text.split()
    if len(lines) != 3 or tuple(lines[:2]) != _HEADER or len(lines[2]) != 2 * KEY_BYTES:
        raise NotANetworkKey
    try:
        return bytes.fromhex(lines[2])
    except ValueError:
        raise NotANetworkKey from None


def subkey(key: bytes, nonce: bytes) -> bytes:
    """Return the key for a nonce's last 8 bytes that follows from its first 16: HSalsa20."""
    words = struct.unpack("<8I", key)
    state = [
        *(_SIGMA[0], *words[:4], _SIGMA[1]),
        *struct.unpack("<4I", nonce[:16]),
        *(_SIGMA[2], *words[4:], _SIGMA[3]),
    ]
    for _ in range(10):
        for target, one, other, shift in _ROUNDS:
            total = (state[one] + state[other]) & _MASK
            state[target] ^= (total << shift | total >> (32 - shift)) & _MASK
    return struct.pack("<8I", *(state[place] for place in (0, 5, 10, 15, 6, 7, 8, 9)))


class PrivatePipe:
    """What goes through a pipe, under the key of the network."""

    def __init__(self, pipe: Pipe, key: bytes, sent_nonce: bytes, received_nonce: bytes) -> None:
        self._pipe = pipe
        self._sending = Salsa20.new(subkey(key, sent_nonce), sent_nonce[16:])
        self._receiving = Salsa20.new(subkey(key, received_nonce), received_nonce[16:])
        self._sink: Sink | None = None
        self._early = bytearray()
        self._gone: str | None = None

    @property
    def remote(self) -> Multiaddr:
        """The address of the other end."""
        return self._pipe.remote

    def attach(self, sink: Sink) -> None:
        """Hand what comes to `sink` from now on, what came already included."""
        self._sink = sink
        early, self._early = bytes(self._early), bytearray()
        if early:
            sink.received(early)
        if self._gone is not None:
            sink.ended(self._gone)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send bytes, now or when there is room."""
        self._pipe.writelines((self._sending.encrypt(b"".join(pieces)),))

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: PipeBroken."""
        await self._pipe.drained()

    def close(self) -> None:
        """End it once what waits has been sent. Idempotent."""
        self._pipe.close()

    def abort(self) -> None:
        """End it at once. Idempotent."""
        self._pipe.abort()

    def received(self, data: bytes | memoryview) -> None:
        """Take bytes from the pipe."""
        plain = self._receiving.decrypt(bytes(data))
        if self._sink is not None:
            self._sink.received(plain)
        else:
            self._early += plain

    def ended(self, reason: str) -> None:
        """Hear that the pipe is gone."""
        self._gone = reason
        if self._sink is not None:
            self._sink.ended(reason)


async def enter(pipe: Pipe, key: bytes, token: Token) -> Pipe:
    """Exchange nonces; return the pipe under the network's key. Raises: PipeBroken."""
    own = token(_NONCE_BYTES)
    reader = PipeReader(pipe)
    pipe.writelines((own,))
    theirs = await reader.exactly(_NONCE_BYTES)
    private = PrivatePipe(pipe, key, own, theirs)
    reader.hand_over(private)
    return private
