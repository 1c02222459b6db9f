"""From bytes to a connection: agree on Noise, prove who is who, agree on Yamux."""

from collections.abc import Callable

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.net.pipe import Pipe, PipeReader
from leither.wire import noise, yamux
from leither.wire.multistream import Choice, Proposal
from leither.wire.noise import Handshake, HandshakeFailed, Secured

Token = Callable[[int], bytes]
"""Returns that many bytes nobody can guess."""


class UnexpectedPeer(HandshakeFailed):
    """Somebody else answered than was dialled."""

    code = "unexpected-peer"

    def __init__(self, expected: PeerId, found: PeerId) -> None:
        self.expected = expected
        self.found = found
        super().__init__(f"{found} answered where {expected} was dialled")


async def secure(
    pipe: Pipe, key: HostKey, token: Token, *, initiator: bool, expected: PeerId | None = None
) -> tuple[PipeReader, Secured, bytes]:
    """Make sure who is at the other end; return what reads on, the keys, and what came behind them decrypted.

    Raises: HandshakeFailed, NegotiationFailed, PipeBroken.
    """
    reader = PipeReader(pipe)
    await _agree(reader, noise.PROTOCOL, initiator=initiator)
    handshake = Handshake(key, initiator=initiator, static=token(32), ephemeral=token(32), muxers=(yamux.PROTOCOL,))
    if initiator:
        _send(pipe, handshake.start())
    while handshake.secured is None:
        frame = await reader.exactly(int.from_bytes(await reader.exactly(2), "big"))
        answer = handshake.receive(frame)
        if answer is not None:
            _send(pipe, answer)
    secured = handshake.secured
    if expected is not None and secured.peer != expected:
        raise UnexpectedPeer(expected, secured.peer)
    early = b""
    if yamux.PROTOCOL not in secured.muxers:
        early = await _agree_secured(reader, secured, initiator=initiator)
    return reader, secured, early


def _send(pipe: Pipe, frame: bytes) -> None:
    pipe.writelines((len(frame).to_bytes(2, "big"), frame))


async def _agree(reader: PipeReader, protocol: str, *, initiator: bool) -> None:
    """Agree on one protocol in the clear. Raises: NegotiationFailed, PipeBroken."""
    talk: Proposal | Choice = Proposal([protocol]) if initiator else Choice({protocol})
    if isinstance(talk, Proposal):
        reader.pipe.writelines((talk.start(),))
    while talk.agreed is None:
        reader.pipe.writelines((talk.receive(await reader.some()),))
    reader.put_back(talk.rest)


async def _agree_secured(reader: PipeReader, secured: Secured, *, initiator: bool) -> bytes:
    """Agree on Yamux inside the encryption, for peers that didn't say it in the handshake; return what came behind."""
    talk: Proposal | Choice = Proposal([yamux.PROTOCOL]) if initiator else Choice({yamux.PROTOCOL})
    if isinstance(talk, Proposal):
        reader.pipe.writelines(secured.frames(talk.start()))
    while talk.agreed is None:
        frame = await reader.exactly(int.from_bytes(await reader.exactly(2), "big"))
        reader.pipe.writelines(secured.frames(talk.receive(secured.receiving.decrypt(frame))))
    return talk.rest
