"""Switching a MiMei to files on demand, and back to having all of it here."""

import msgspec

from leither.crypto import MimeiId, id_text
from leither.errors import Conflict
from leither.ports import Transaction
from leither.service.catalog import referrers
from leither.service.demand_rows import DemandRow, put_demand, read_demand
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import load
from leither.service.pair_rows import kept_row, read_pairs
from leither.service.private import PrivateUnsupported

DEMAND = "demand"
"""The event that says that a MiMei is on demand now, or no more."""


class NeededWhole(Conflict):
    """A MiMei can't be on demand, as something or somebody else counts on all of it."""

    code = "needed-whole"

    def __init__(self, mimei: MimeiId, reason: str) -> None:
        self.id = id_text(mimei)
        self.reason = reason
        super().__init__(f"{self.id} can't be on demand: {reason}; nothing was changed, and it stays whole")


class NotWhole(Conflict):
    """What was asked for needs all of a MiMei here, and it is on demand."""

    code = "not-whole"

    def __init__(self, mimei: MimeiId, what: str) -> None:
        self.id = id_text(mimei)
        self.what = what
        super().__init__(
            f"{self.id} is on demand, so its files need not be here, and {what} needs them; bring all of it "
            f"first, with `leither follow {self.id}`"
        )


def put_on_demand(engines: Engines, mimei: MimeiId) -> None:
    """Let the files of a MiMei come when they are read, and go when there is no room and others have them.

    What was changed here stays. Raises: MimeiNotFound, PrivateUnsupported, NeededWhole.
    """

    def change(transaction: Transaction) -> bool:
        if load(engines, transaction, mimei).is_private:
            raise PrivateUnsupported(mimei, "bringing its files when they are read")
        for source, version, _ in referrers(transaction, mimei):
            if version is not None and read_demand(transaction, source) is None:
                raise NeededWhole(mimei, f"{id_text(source)} refers to a version of it, and needs all of that here")
        if any(kept_row(transaction, node, mimei) is not None for node, _ in read_pairs(transaction)):
            raise NeededWhole(mimei, "a paired node counts on it as a copy")
        row = read_demand(transaction, mimei)
        if row is not None and not row.fills:
            return False
        kept = DemandRow(engines.clock.now_ms()) if row is None else msgspec.structs.replace(row, fills=False)
        put_demand(transaction, mimei, kept)
        return True

    if engines.state.write(change):
        engines.events.tell(Event(mimei, DEMAND))


def begin_to_fill(engines: Engines, mimei: MimeiId) -> bool:
    """Let all of a MiMei come; tell whether it was on demand. `Filling` sees to it."""

    def change(transaction: Transaction) -> bool:
        row = read_demand(transaction, mimei)
        if row is not None and not row.fills:
            put_demand(transaction, mimei, msgspec.structs.replace(row, fills=True))
        return row is not None

    is_due = engines.state.write(change)
    if is_due:
        engines.events.tell(Event(mimei, DEMAND))
    return is_due


def require_whole(engines: Engines, mimei: MimeiId, what: str) -> None:
    """Check that all of a MiMei is to be here. `what` needs it. Raises: NotWhole."""
    with engines.state.read() as view:
        if read_demand(view, mimei) is not None:
            raise NotWhole(mimei, what)
