"""What was changed in a database since its last version. How it is kept: `complete.py`."""

from collections.abc import Iterator
from heapq import merge
from itertools import groupby

from leither.crypto import MimeiId
from leither.ports import View, prefix_end
from leither.service import tables
from leither.service.holding import Mimei

_TICK = 8


def unsaved(view: View, mimei: Mimei) -> Iterator[tuple[bytes, bytes | None, int]]:
    """Iterate over (key, value or None if deleted, tick) of the entries changed over what is below, by key."""
    row = mimei.row
    if row.base or row.draft:
        yield from changed_in(view, mimei.id, range(row.era_first, row.era + 1), row.saved)
        return
    prefix = tables.cur(mimei.id)
    cut = len(prefix)
    for key, stored in view.scan(prefix, prefix_end(prefix)):
        yield key[cut:], stored[_TICK:] or None, tables.read_u64(stored)


def changed_in(view: View, mimei: MimeiId, eras: range, saved: int) -> Iterator[tuple[bytes, bytes | None, int]]:
    """Iterate over the same of the entries that were changed in `eras` and after the tick `saved`."""
    named = [_keys_of(view, mimei, era) for era in eras]
    keys = named[0] if len(named) == 1 else (key for key, _ in groupby(merge(*named)))
    prefix = tables.cur(mimei)
    for key in keys:
        stored = view.get(prefix + key)
        if stored is None:
            continue
        tick = tables.read_u64(stored)
        if tick > saved:
            yield key, stored[_TICK:] or None, tick


def _keys_of(view: View, mimei: MimeiId, era: int) -> Iterator[bytes]:
    prefix = tables.dirty(mimei, era)
    cut = len(prefix)
    return (key[cut:] for key, _ in view.scan(prefix, prefix_end(prefix)))
