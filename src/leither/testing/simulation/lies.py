"""How nodes of a simulation lie to who asks them: a lie is given what would be said honestly, and says something else.

It returns the bytes to send, none where nothing is said, and None to break off.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

import msgspec

from leither import limits
from leither.codec import DAG_CBOR, RAW, Block, Cid, varint
from leither.crypto import KeyPair, MimeiId
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.wire.sync_frame import Frame, encode
from leither.wire.sync_messages import Ask, Done, Listed, Message, News, Standing, Want

if TYPE_CHECKING:
    from leither.testing.simulation.simulated_node import SimulatedNode

Lie = Callable[["SimulatedNode", Message, Sequence[Frame]], bytes | None]


def join(frames: Sequence[Frame]) -> bytes:
    """Return the bytes of frames."""
    return b"".join(map(encode, frames))


def wrong_bytes(liar: "SimulatedNode", _: Message, frames: Sequence[Frame]) -> bytes:
    """Change the last bit of every block."""
    told = (encode(frame) for frame in frames)
    return b"".join(
        data[:-1] + bytes((data[-1] ^ 1,)) if isinstance(frame, Block) else data
        for frame, data in zip(frames, told, strict=True)
    )


def gibberish(liar: "SimulatedNode", _: Message, frames: Sequence[Frame]) -> bytes:
    """Say what is no message."""
    return varint.encode(40) + liar.world.chance.randbytes(40)


def forged_head(liar: "SimulatedNode", _: Message, frames: Sequence[Frame]) -> bytes:
    """Tell of a head far in front, signed with another key than the one it names, or than a writer's."""

    def forged(standing: Standing) -> tuple[Standing, Block]:
        head = head_of(liar, MimeiId(standing.mimei), standing.control)
        return msgspec.structs.replace(standing, heads=(*standing.heads, head.cid)), head.block

    return _with_forged(frames, forged)


def forged_control(liar: "SimulatedNode", _: Message, frames: Sequence[Frame]) -> bytes:
    """Tell of a control that gives everybody every right, signed with another key than the author's."""

    def forged(standing: Standing) -> tuple[Standing, Block]:
        control = liar.engines.record(Control, standing.control)
        key = liar.engines.identity.person
        taken = msgspec.structs.replace(control, prev=control.cid, right=0, by=key.public, sig=None).signed(key)
        return msgspec.structs.replace(standing, control=taken.cid), taken.block

    return _with_forged(frames, forged)


def stale(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """Say of each MiMei for ever what was true when somebody first asked."""
    if not isinstance(question, Ask):
        return join(frames)
    return liar.said.setdefault(MimeiId(question.mimei), join(frames))


def endless_pages(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """List versions that there are not, and always more of them."""
    standing = next((frame for frame in frames if isinstance(frame, Standing)), None)
    if standing is None:
        return join(frames)
    size = min(limits.SYNC_VERSIONS_MAX, limits.SYNC_LISTED_MAX // 4)
    page = tuple(Listed(Cid.from_digest(DAG_CBOR, liar.world.chance.randbytes(32)), True) for _ in range(size))
    return join([msgspec.structs.replace(standing, versions=page, more=True), Done()])


def endless_blocks(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """Send blocks that nobody asked for, without an end."""
    if not isinstance(question, Ask | Want):
        return join(frames)
    return join(list(takewhile(lambda frame: not isinstance(frame, Done), frames))) + _large_blocks()


def nothing_looked_at(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """Put off every block that is asked for, again and again."""
    return join([Done(left=len(question.blocks))] if isinstance(question, Want) else frames)


def has_not(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """Tell of all, and have nothing of it."""
    return join([frame for frame in frames if not isinstance(frame, Block)])


def vanishes(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes | None:
    """Break off where blocks are asked for, mostly halfway through one."""
    if not isinstance(question, Want):
        return join(frames)
    data = join(frames)
    return data[: len(data) // 2] if liar.world.chance.random() < 0.5 else None


def silent(liar: "SimulatedNode", question: Message, frames: Sequence[Frame]) -> bytes:
    """Say nothing at all."""
    return b""


def _large_blocks() -> bytes:
    """Return more than one answer may bring."""
    size = limits.SYNC_ANSWER_BYTES_MAX // 4
    return join([Block.of(RAW, bytes((number,)) * size) for number in range(6)])


def _with_forged(frames: Sequence[Frame], forge: Callable[[Standing], tuple[Standing, Block]]) -> bytes:
    told: list[Frame] = []
    for frame in frames:
        told += forge(frame) if isinstance(frame, Standing) else (frame,)
    return join(told)


def head_of(liar: "SimulatedNode", mimei: MimeiId, tip: Cid) -> Head:
    """Return a head that no writer signed: in the liar's name, or in somebody's who never saw it."""
    key: KeyPair = liar.engines.identity.node
    head = Head(mimei=mimei, epoch=0, seq=1 << 20, tip=tip, by=key.public).signed(key)
    return head if liar.world.chance.random() < 0.5 else msgspec.structs.replace(head, by=bytes(32))


def forged_news(liar: "SimulatedNode", mimei: MimeiId) -> bytes:
    """Return news of a head that there is not."""
    tip = Cid.from_digest(DAG_CBOR, liar.world.chance.randbytes(32))
    return News(head=head_of(liar, mimei, tip).encode(), control=tip).encode()


PROVABLE: tuple[Lie, ...] = (
    *(wrong_bytes, gibberish, forged_head, forged_control, endless_pages, endless_blocks, nothing_looked_at),
)
"""Lies that give themselves away. The others might be told by who lags, lost something, or is far away."""
LIES: tuple[Lie, ...] = (*PROVABLE, stale, has_not, vanishes, silent)
