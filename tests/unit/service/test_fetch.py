"""Fetching a DAG from peers and gateways at once."""

from __future__ import annotations

import time

import pytest

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.service.fetch import BlocksNotFound, Fetch, FetchCancelled
from leither.store import MemoryBlocks
from leither.testing.memory_gateway import Manner, MemoryGateway
from tests.unit.service.exchange_nodes import Node, file_of, nodes

MIB = 1 << 20
DATA, ROOT, BLOCKS = file_of(5 * MIB + 1234)


def holds_all(node: Node) -> bool:
    return all(node.blocks.get(block.cid) == block.data for block in BLOCKS)


def gateway(name: str, manner: Manner = Manner.HONEST, *, but: int | None = None) -> MemoryGateway:
    held = {block.cid: block.data for number, block in enumerate(BLOCKS) if number != but}

    def get(cid: Cid) -> bytes:
        if cid not in held:
            raise BlockMissing(cid)
        return held[cid]

    return MemoryGateway(f"http://{name}", get, manner)


def from_gateways(*gateways: MemoryGateway) -> MemoryBlocks:
    blocks = MemoryBlocks()
    with Fetch(blocks, ROOT, exchange=None, monotonic_s=time.monotonic) as fetch:
        for each in gateways:
            fetch.add_gateway(each)
        fetch.run()
    return blocks


def test_a_dag_is_fetched_from_a_peer() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            progress = fetch.run()
        assert holds_all(bob)
        assert progress.blocks == len(BLOCKS)
        assert progress.size_bytes == progress.total_bytes == sum(len(block.data) for block in BLOCKS)


def test_a_peer_that_is_connected_is_asked_without_being_named() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        bob.network.connect(ada.known)
        with bob.fetch(ROOT) as fetch:
            fetch.run()
        assert holds_all(bob)


def test_a_peer_that_provides_the_root_is_found() -> None:
    with nodes("ada", "bob", "between") as (ada, bob, between):
        ada.put(*BLOCKS)
        ada.network.connect(between.known)
        bob.network.connect(between.known)
        ada.network.provide([bytes(ROOT[2:])])
        with bob.fetch(ROOT) as fetch:
            fetch.run()
        assert holds_all(bob)


def test_parts_are_fetched_from_whoever_has_them() -> None:
    with nodes("ada", "bob", "eve") as (ada, bob, eve):
        ada.put(*BLOCKS[::2])
        eve.put(*BLOCKS[1::2], BLOCKS[-1])
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            fetch.add_peer(eve.known)
            fetch.run()
        assert holds_all(bob)


def test_what_is_here_is_not_fetched_again() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        bob.put(*BLOCKS[:3], BLOCKS[-1])
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            progress = fetch.run()
        assert holds_all(bob)
        assert (progress.blocks, progress.found_blocks) == (len(BLOCKS) - 4, 4)


def test_what_came_before_a_fetch_failed_is_kept_for_the_next() -> None:
    with nodes("ada", "bob", "eve") as (ada, bob, eve):
        ada.put(*BLOCKS[1:])
        eve.put(*BLOCKS)
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            with pytest.raises(BlocksNotFound) as failed:
                fetch.run()
        assert failed.value.missing == [BLOCKS[0].cid.text]
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(eve.known)
            assert fetch.run().blocks == 1
        assert holds_all(bob)


def test_a_block_that_may_not_be_given_is_told_as_absent() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        ada.denied.add(BLOCKS[2].cid)
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            with pytest.raises(BlocksNotFound):
                fetch.run()
        assert not bob.blocks.has(BLOCKS[2].cid)


def test_with_nobody_to_ask_nothing_is_found() -> None:
    with nodes("bob") as (bob,), bob.fetch(ROOT) as fetch, pytest.raises(BlocksNotFound):
        fetch.run()


def test_a_file_is_read_while_it_comes() -> None:
    with nodes("ada", "bob", "cleo") as (ada, bob, cleo):
        ada.put(*(block for number, block in enumerate(BLOCKS) if number != 4))
        cleo.put(BLOCKS[4])
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            pieces = fetch.read()
            assert next(pieces) == DATA[:MIB]
            assert not bob.blocks.has(BLOCKS[4].cid)
            fetch.add_peer(cleo.known)
            assert b"".join(pieces) == DATA[MIB:]


def test_of_a_part_of_a_file_no_more_is_fetched_than_it_takes() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        with bob.fetch(ROOT, 2 * MIB - 10, 2 * MIB + 10) as fetch:
            fetch.add_peer(ada.known)
            assert b"".join(fetch.read()) == DATA[2 * MIB - 10 : 2 * MIB + 10]
            assert fetch.progress.blocks == 3


def test_while_nobody_reads_no_more_is_asked_for_than_is_on_its_way() -> None:
    data, root, blocks = file_of(64 * MIB, seed=3)
    held = {block.cid: block.data for block in blocks}
    source = MemoryGateway("http://source", held.__getitem__)
    with Fetch(MemoryBlocks(), root, exchange=None, monotonic_s=time.monotonic) as fetch:
        fetch.add_gateway(source)
        pieces = fetch.read()
        read = next(pieces)
        assert len(source.asked) <= 1 + 2 * 2 * limits.GATEWAY_CONNECTIONS_MAX
        assert read + b"".join(pieces) == data


def test_a_cancelled_fetch_ends() -> None:
    silent = gateway("silent", Manner.SILENT)
    blocks = MemoryBlocks()
    with Fetch(blocks, ROOT, exchange=None, monotonic_s=time.monotonic) as fetch:
        fetch.add_gateway(silent)
        silent.when_asked = fetch.cancel
        with pytest.raises(FetchCancelled):
            fetch.run()


def test_a_peer_that_leaves_is_done_without() -> None:
    with nodes("ada", "bob", "eve") as (ada, bob, eve):
        ada.put(*BLOCKS[-1:])
        eve.put(*BLOCKS)
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            fetch.add_peer(eve.known)
            ada.network.close()
            fetch.run()
        assert holds_all(bob)


def test_a_dag_is_fetched_from_a_gateway() -> None:
    blocks = from_gateways(gateway("one"))
    assert all(blocks.get(block.cid) == block.data for block in BLOCKS)


@pytest.mark.parametrize("manner", [Manner.LIES, Manner.FAILS, Manner.SILENT])
def test_a_gateway_that_misbehaves_is_replaced_by_another(manner: Manner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_STALLED_S", 0.1)
    blocks = from_gateways(gateway("bad", manner), gateway("good"))
    assert all(blocks.get(block.cid) == block.data for block in BLOCKS)


def test_wrong_bytes_of_a_gateway_are_kept_nowhere_and_it_is_asked_no_more() -> None:
    liar = gateway("liar", Manner.LIES)
    blocks = MemoryBlocks()
    with Fetch(blocks, ROOT, exchange=None, monotonic_s=time.monotonic) as fetch:
        fetch.add_gateway(liar)
        with pytest.raises(BlocksNotFound):
            fetch.run()
    assert list(blocks.cids()) == []
    assert liar.asked == [ROOT]


def streamed(source: MemoryGateway, *, blocks: MemoryBlocks | None = None) -> MemoryBlocks:
    found = blocks or MemoryBlocks()
    with Fetch(found, ROOT, exchange=None, monotonic_s=time.monotonic) as fetch:
        fetch.add_gateway(source, streams=True)
        fetch.run()
    assert all(found.get(block.cid) == block.data for block in BLOCKS)
    return found


def test_everything_comes_in_one_answer_of_a_gateway_that_streams() -> None:
    source = gateway("streams")
    streamed(source)
    assert source.asked == []


def test_what_a_stream_leaves_out_is_asked_for_block_by_block() -> None:
    source = gateway("streams")
    source.car_blocks = 3
    streamed(source)
    assert set(source.asked) == {block.cid for block in BLOCKS[2:-1]}


def test_a_gateway_without_streams_is_asked_block_by_block() -> None:
    source = gateway("no CAR")
    source.car_blocks = 0
    streamed(source)
    assert set(source.asked) == {block.cid for block in BLOCKS}


def test_what_does_not_belong_to_the_dag_is_not_kept_from_a_stream() -> None:
    source = gateway("more")
    _, _, others = file_of(3 * MIB, seed=2)
    source.extra = others
    found = streamed(source)
    assert not any(found.has(block.cid) for block in others)


def test_peers_and_gateways_give_together() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS[:2], BLOCKS[-1])
        with bob.fetch(ROOT) as fetch:
            fetch.add_peer(ada.known)
            fetch.add_gateway(gateway("most", but=1))
            fetch.run()
        assert holds_all(bob)
