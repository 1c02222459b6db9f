"""Changing `cur`, whatever the kind of MiMei."""

from collections.abc import Callable
from typing import TypeVar

from leither.crypto import MimeiId
from leither.ports import Transaction
from leither.service.complete import CompleteEdit
from leither.service.cur import Edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, load

T = TypeVar("T")


def open_edit(engines: Engines, transaction: Transaction, mimei: Mimei) -> Edit:
    """Return the working copy of `mimei` to be changed in `transaction`; `save` of it must follow."""
    kind = CompleteEdit if mimei.genesis.type == "db" else Edit
    return kind(engines, transaction, mimei)


def edit(engines: Engines, mimei: MimeiId, change: Callable[[Edit], T]) -> T:
    """Run `change` on the working copy in one durable transaction and return its result."""

    def run(transaction: Transaction) -> tuple[T, bool]:
        editing = open_edit(engines, transaction, load(engines, transaction, mimei))
        result = change(editing)
        if editing.touched:
            editing.save()
        return result, editing.touched

    result, touched = engines.state.write(run)
    if touched:
        engines.events.tell(Event(mimei, "change"))
    return result
