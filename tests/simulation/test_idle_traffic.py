"""What a node with fifty peers and nothing to follow sends and receives in a day, in virtual time.

Everything up to the bytes of a socket is what a node runs: handshakes, frames, streams, the DHT, gossip, AutoNAT.
Services add nothing while nothing is followed; `test_soak.py` measures whole nodes.
"""

from __future__ import annotations

import asyncio

import pytest

from leither.net.joining import REFRESH_S
from leither.net.node import PING_S
from tests.simulation.virtual import HEADER_BYTES, VirtualLoop, Wire, run

PEERS = 50
DAY_S = 86_400
BUDGET_BYTES = 50_000_000
SETTLE_S = 60
"""Until the peers have come to know each other."""
MEASURED_S = 600


async def idle(loop: VirtualLoop) -> tuple[int, int, int]:
    """Return the bytes and segments of the measured time, and how many peers were connected at its end."""
    wire = Wire(seed=1)
    node, *peers = [await wire.node(loop) for _ in range(PEERS + 1)]
    for peer in peers:
        await peer.connect(node.host.peer_id, node.addresses())
    await asyncio.sleep(SETTLE_S)
    before = wire.passed(node)
    await asyncio.sleep(MEASURED_S)
    after = wire.passed(node)
    return after[0] - before[0], after[1] - before[1], len(node.host.connections)


def test_an_idle_node_with_fifty_peers_stays_within_its_budget() -> None:
    size_bytes, segments, connected = run(idle)
    # Each segment has headers of its own, and is acknowledged by one that has nothing else.
    on_the_line = size_bytes + segments * 2 * HEADER_BYTES
    a_day = on_the_line * DAY_S // MEASURED_S
    told = (
        f"({size_bytes:,} bytes + {segments:,} segments x {2 * HEADER_BYTES}) x {DAY_S:,} s / {MEASURED_S} s "
        f"= {a_day:,} bytes a day, {size_bytes * DAY_S // MEASURED_S:,} of them inside TCP"
    )
    print(told)
    assert connected == PEERS
    assert a_day <= BUDGET_BYTES, told
    # Were less counted than a ping and its answer for each peer and minute, it would not be counted right.
    assert segments >= PEERS * 2 * (MEASURED_S // PING_S) * 3 // 4, told


@pytest.mark.parametrize("period_s", [PING_S, REFRESH_S])
def test_what_was_measured_holds_every_period_in_whole(period_s: int) -> None:
    assert MEASURED_S % period_s == 0
