"""How much of a MiMei is on this node."""

from dataclasses import dataclass

from leither.crypto import MimeiId
from leither.errors import LeitherError
from leither.service.demand_rows import read_demand
from leither.service.demanded import file_roots
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.leaves import leaves


@dataclass(frozen=True, slots=True)
class Copy:
    """How much of the files of a MiMei is here, in bytes, the same bytes counted once.

    Fields: on_demand: whether the rest comes when it is read. fills: whether it comes by and by. error: why it did
    not the last time, since the start.
    """

    on_demand: bool
    fills: bool
    here_bytes: int
    total_bytes: int
    error: LeitherError | None = None


def count_copy(engines: Engines, mimei: MimeiId) -> Copy:
    """Return how much is here. Of a private MiMei nothing is counted, for all of it is.

    Cost: reads the directories, and the inner blocks of files. Raises: MimeiNotFound.
    """
    with engines.state.read() as view:
        held, row = load(engines, view, mimei), read_demand(view, mimei)
        roots = [] if held.is_private else list(file_roots(engines, view, held))
    here: dict[bytes, int] = {}
    lacking: dict[bytes, int] = {}
    for leaf in leaves(engines.blocks.get, roots):
        digest = leaf.cid.digest
        if digest in here or digest in lacking:
            continue
        if engines.blocks.has(leaf.cid):
            here[digest] = engines.blocks.size_bytes(leaf.cid)
        else:
            lacking[digest] = leaf.size_bytes or 0
    come = sum(here.values())
    return Copy(row is not None, row is not None and row.fills, come, come + sum(lacking.values()))
