"""What differs between two states of a MiMei, entry by entry."""

from collections.abc import Iterator
from dataclasses import dataclass

from leither.codec import Cid
from leither.merkle import Change
from leither.mimei.contents import Contents
from leither.ports import View
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import Mimei


@dataclass(frozen=True, slots=True)
class Difference:
    """One side map entry that differs; None where it is absent."""

    key: bytes
    before: bytes | None
    after: bytes | None


def diff(engines: Engines, view: View, mimei: Mimei, before: Cid | None, after: Cid | None) -> Iterator[Difference]:
    """Iterate, by key, over what differs from version `before` to version `after`; None stands for `cur`.

    Cost: in proportion to what differs, and to the unsaved changes where `cur` is meant.
    """
    engines = mimei.engines
    if before is None and after is None:
        return iter(())
    if after is None:
        assert before is not None
        return _to_cur(engines, view, mimei, before)
    if before is None:
        return (Difference(found.key, found.after, found.before) for found in _to_cur(engines, view, mimei, after))
    return (found for change in _between(engines, before, after) for found in _real(_difference(change)))


def _between(engines: Engines, before: Cid, after: Cid) -> Iterator[Change]:
    old, new = engines.record(Contents, before), engines.record(Contents, after)
    return engines.map(old.side, old.salt).diff(engines.map(new.side, new.salt))


def _difference(change: Change) -> Difference:
    return Difference(
        change.key, change.before.value if change.before else None, change.after.value if change.after else None
    )


def _to_cur(engines: Engines, view: View, mimei: Mimei, version: Cid) -> Iterator[Difference]:
    """Merge what differs from `version` to what is below `cur` with the changes over it."""
    cur = Cur(engines, view, mimei)
    record = engines.record(Contents, version)
    old = engines.map(record.side, record.salt)
    saved = iter(()) if mimei.below in (None, version) else _between(engines, version, mimei.below)
    pending = next(saved, None)
    for key, value, _ in cur.changes():
        while pending is not None and pending.key < key:
            yield from _real(_difference(pending))
            pending = next(saved, None)
        if pending is not None and pending.key == key:
            pending = next(saved, None)
        held = old.get(key)
        yield from _real(Difference(key, held.value if held else None, value))
    while pending is not None:
        yield from _real(_difference(pending))
        pending = next(saved, None)


def _real(difference: Difference) -> Iterator[Difference]:
    """Leave out what differs in its stamp only."""
    if difference.before != difference.after:
        yield difference
