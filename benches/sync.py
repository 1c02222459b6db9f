"""A thousand changes of a database of a million entries, brought to a second node, and changes that are followed live.

Both nodes have the real stores on the disk. What is brought goes through the protocol's bytes, over a network of memory
that takes no time; what is followed live, over libp2p on loopback.
"""

import random
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

from benches import live
from benches.database import BATCH, hash_field
from benches.figure import Figure
from benches.growth import open_engines
from leither.codec import Block
from leither.crypto import MimeiId
from leither.crypto.peer_id import peer_id_of
from leither.db import execute
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.sync_node import SyncNode
from leither.wire.sync_frame import Frames, encode
from leither.wire.sync_messages import Message


@dataclass(frozen=True, slots=True)
class _Brought:
    """What bringing a MiMei to the second node took."""

    ms: float
    processor_ms: float
    sent_bytes: int
    blocks: int
    rounds: int


def figures(*, entries: int = 1_000_000, changes: int = 1000, rounds: int = 5) -> Iterator[Figure]:
    """Measure. Takes two minutes at the default sizes, most of it to fill."""
    dice = random.Random(7)
    with ExitStack() as open_, tempfile.TemporaryDirectory() as folder:
        desk, phone = (
            _opened(open_, Path(folder) / name, seed) for name, seed in (("desk", bytes(32)), ("phone", b"p" * 32))
        )
        mimei = Catalog(desk).create(kind="db", mark="bench")[0].id
        database = Database.open(desk, mimei)
        for first in range(0, entries, BATCH):
            _set(database, range(first, min(first + BATCH, entries)), dice)
        backup(desk, mimei)
        first_time = _bring(desk, phone, mimei)
        yield Figure(f"{entries:,} entries, the first time", "ms", [first_time.ms])
        brought, shares = [], []
        for _ in range(rounds):
            _set(database, dice.sample(range(entries), changes), dice)
            before = desk.blocks.stats().bytes_on_disk
            backup(desk, mimei)
            written = desk.blocks.stats().bytes_on_disk - before
            brought.append(_bring(desk, phone, mimei))
            shares.append(brought[-1].sent_bytes / written)
        of = f"{changes:,} scattered changes"
        yield Figure(of, "ms", [one.ms for one in brought], target="<= 1000")
        yield Figure(f"{of}, processor time of both", "ms", [one.processor_ms for one in brought])
        yield Figure(f"{of}, bytes sent for each byte that changed", "", shares, target="<= 3")
        yield Figure(f"{of}, blocks", "", [float(one.blocks) for one in brought])
        yield Figure(f"{of}, round trips", "", [float(one.rounds) for one in brought])
    yield from live.figures()


def _opened(open_: ExitStack, folder: Path, seed: bytes) -> Engines:
    engines = open_engines(folder, node=seed)
    open_.callback(engines.state.close)
    open_.callback(engines.blocks.close)
    return engines


def _set(database: Database, numbers: range | list[int], dice: random.Random) -> None:
    commands = [hash_field(number, dice.randbytes(30)) for number in numbers]
    database.write(lambda space: [execute(space, words) for words in commands]).result()


def _bring(holder: Engines, taker: Engines, mimei: MimeiId) -> _Brought:
    session = SyncNode(holder).session(peer_id_of(taker.identity.node.public), lambda _: None)
    asked, answered = Frames(), Frames()
    sent_bytes = rounds = 0
    start, busy = perf_counter(), process_time()
    with closing(SyncNode(taker).taking(mimei, peer_id_of(holder.identity.node.public))) as taking:
        questions: deque[Message] = deque(taking.begin())
        while questions:
            rounds += 1
            data = b"".join(map(encode, questions))
            questions.clear()
            for question in asked.receive(data):
                assert not isinstance(question, Block)
                for frame in session.receive(question):
                    answer = encode(frame)
                    sent_bytes += len(answer)
                    for received in answered.receive(answer):
                        questions += taking.receive(received)
        if taking.arrived is None:
            raise RuntimeError("not all has come")
        took_ms, busy_ms = (perf_counter() - start) * 1000, (process_time() - busy) * 1000
        return _Brought(took_ms, busy_ms, sent_bytes, taking.pull.received_blocks, rounds)
