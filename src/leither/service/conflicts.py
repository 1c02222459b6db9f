"""What a merge could not show: siblings, and choosing among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from leither.crypto import MimeiId
from leither.errors import Conflict
from leither.merkle import Entry, conflicts, siblings
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import Path, path_key, path_text
from leither.ports import View
from leither.service.cur import Cur, Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import Mimei, base_version
from leither.service.paths import assign, clear, make_parents


class NoSuchSibling(Conflict):
    """There is no such entry to choose."""

    code = "no-such-sibling"

    def __init__(self, path: Path, writer: int, seq: int) -> None:
        self.path = path_text(path)
        self.writer = writer
        self.seq = seq
        super().__init__(f"{self.path!r} has nothing by writer {writer}, seq {seq} to choose; see `leither conflicts`")


@dataclass(frozen=True, slots=True)
class Contested:
    """A key for which several entries were kept. `shown` is what `last` shows there, if anything; `others` the rest."""

    key: bytes
    shown: Entry | None
    others: tuple[Entry, ...]


def contested(engines: Engines, view: View, mimei: Mimei) -> Iterator[Contested]:
    """Iterate over what is contested in `last` and was not settled in `cur` since."""
    base = base_version(engines, mimei)
    if base is None or base.siblings is None:
        return
    side = mimei.engines.map(base.side, base.salt)
    settled = {key for key, _, _ in Cur(engines, view, mimei).changes()}
    for key, group in groupby(conflicts(side.nodes, base.siblings), lambda entry: entry.key):
        shown = side.get(key)
        # Two who set the same value agree, although each has a stamp of their own.
        others = tuple(entry for entry in group if shown is None or entry.value != shown.value)
        if others and key not in settled:
            yield Contested(key, shown, others)


def take(engines: Engines, mimei: MimeiId, path: Path, writer: int, seq: int) -> Entry:
    """Settle a contested path: what that writer set becomes a change of `cur`, which the next backup keeps.

    Raises: NoSuchSibling, NotADirectory.
    """
    key = path_key(path)

    def change(editing: Edit) -> Entry:
        base = base_version(engines, editing.mimei)
        side = editing.engines.map(base.side, base.salt) if base else None
        shown = side.get(key) if side else None
        held = siblings(side.nodes, base.siblings, key) if side and base else []
        chosen = next((entry for entry in (shown, *held) if entry and entry.stamp == (writer, seq)), None)
        if chosen is None:
            raise NoSuchSibling(path, writer, seq)
        make_parents(editing, path)
        entry = decode_path_entry(chosen.value)
        if not entry.is_directory:
            clear(editing, [found for found, _ in editing.walk(path)])
        assign(editing, path, entry, resolve=True)
        return chosen

    return edit(engines, mimei, change)
