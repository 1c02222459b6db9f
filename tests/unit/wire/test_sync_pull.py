"""A pull told by a node that lies, lags or breaks off."""

from __future__ import annotations

import pytest

from leither import limits
from leither.codec import DAG_CBOR, RAW, Block, Cid, dagcbor
from leither.crypto import MimeiId
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Done, Hello, Listed, Message, No, Standing, Want
from leither.wire.sync_pull import NotTold, Pull, PullTooLarge
from leither.wire.sync_walk import BadAnswer

ID = MimeiId(bytes(range(20)))
GENESIS, HEAD = Block.of(DAG_CBOR, b"\xa0"), Block.of(DAG_CBOR, b"\xa1\x61a\x01")


class Store:
    """Blocks by CID, and in which order they were put."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}

    def put(self, block: Block) -> None:
        assert block.cid not in self.blocks
        self.blocks[block.cid] = block.data

    def has(self, cid: Cid) -> bool:
        return cid in self.blocks

    def pull(self, *, bytes_max: int = 1 << 20) -> Pull:
        return Pull(ID, has=self.has, put=self.put, bytes_max=bytes_max)


def node(*children: Block) -> Block:
    return Block.of(DAG_CBOR, dagcbor.encode([child.cid for child in children]))


def leaf(number: int) -> Block:
    return Block.of(RAW, b"%d" % number)


def told(**changes: object) -> Standing:
    """What is told of a private MiMei, whose blocks need not be versions."""
    fields: dict[str, object] = {"mimei": ID, "genesis": GENESIS.cid, "control": GENESIS.cid, "sealed": True}
    return Standing(**fields | changes)  # type: ignore[arg-type]


def gone_so_far(pull: Pull, *frames: Frame) -> list[Message]:
    sent: list[Message] = []
    for frame in frames:
        sent = pull.receive(frame)
    return sent


@pytest.mark.parametrize(
    "frames",
    [
        (Done(),),
        (leaf(1), Done()),
        (told(mimei=bytes(20)),),
        (told(more=True),),
        (Hello(),),
        (Want(blocks=(leaf(1).cid,)),),
        (told(), Done(), told()),
        (told(), Done(), leaf(1)),
        (told(), Done(), Done(left=1024)),
        (told(), Done(), Done(left=1)),
        (told(), Done(), Done(), Done()),
        (told(more=True, versions=(Listed(leaf(1).cid, True),)), told(sealed=False)),
    ],
)
def test_what_answers_nothing_ends_the_pull(frames: tuple[Frame, ...]) -> None:
    with pytest.raises(BadAnswer):
        gone_so_far(Store().pull(), *frames)


def test_more_records_than_one_answer_has_are_refused() -> None:
    pull = Store().pull(bytes_max=1 << 30)
    block = Block.of(RAW, bytes(limits.BLOCK_BYTES_MAX))
    with pytest.raises(BadAnswer):
        gone_so_far(pull, told(), *[block] * 3)


def test_versions_are_not_listed_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SYNC_LISTED_MAX", 3)
    pull = Store().pull()
    page = told(more=True, versions=(Listed(leaf(1).cid, True), Listed(leaf(2).cid, True)))
    gone_so_far(pull, page, Done())
    with pytest.raises(BadAnswer, match="more versions than the 3"):
        pull.receive(page)


def test_a_node_that_may_not_tell_says_why() -> None:
    with pytest.raises(NotTold) as caught:
        Store().pull().receive(No(reason="absent"))
    assert caught.value.reason == "absent"


def test_no_more_is_taken_than_allowed() -> None:
    pull = Store().pull(bytes_max=3)
    gone_so_far(pull, told(versions=(Listed(leaf(1).cid, True), Listed(leaf(2).cid, True))), Done())
    with pytest.raises(PullTooLarge):
        pull.receive(Block.of(RAW, b"four"))


def test_a_malformed_block_ends_the_pull() -> None:
    broken = Block.of(DAG_CBOR, b"\x86\x02")
    pull = Store().pull()
    gone_so_far(pull, told(versions=(Listed(broken.cid, True),)), Done())
    with pytest.raises(BadAnswer):
        gone_so_far(pull, broken)
