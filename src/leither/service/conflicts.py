"""What a merge could not show: siblings, and choosing among them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from leither.crypto import MimeiId
from leither.db import Space
from leither.db.layout import user_key
from leither.db.merging import rewrite
from leither.errors import Conflict
from leither.merkle import Entry, conflicts, siblings
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import Path, path_key, path_text
from leither.ports import View
from leither.service.cur import Cur, Edit
from leither.service.database import Database
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import Mimei, contents_below, load
from leither.service.paths import assign, clear, make_parents


class NoSuchSibling(Conflict):
    """There is no such entry to choose."""

    code = "no-such-sibling"

    def __init__(self, place: str, writer: int, seq: int) -> None:
        self.place = place[:200]
        self.writer = writer
        self.seq = seq
        super().__init__(f"{self.place!r} has nothing by writer {writer}, seq {seq} to choose; see `leither conflicts`")


@dataclass(frozen=True, slots=True)
class Contested:
    """A key for which several entries were kept. `shown` is what `cur` shows there, if anything; `others` the rest."""

    key: bytes
    shown: Entry | None
    others: tuple[Entry, ...]


def contested(engines: Engines, view: View, mimei: Mimei) -> Iterator[Contested]:
    """Iterate over what is contested below `cur` and was not settled in it since."""
    base = contents_below(mimei)
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


def _chosen(mimei: Mimei, key: bytes, writer: int, seq: int) -> Entry | None:
    """Return what a writer set at a contested key, shown or not."""
    base = contents_below(mimei)
    if base is None:
        return None
    side = mimei.engines.map(base.side, base.salt)
    held = (side.get(key), *siblings(side.nodes, base.siblings, key))
    return next((entry for entry in held if entry is not None and entry.stamp == (writer, seq)), None)


def take_value(engines: Engines, mimei: MimeiId, key: bytes, writer: int, seq: int) -> Entry:
    """Settle a contested entry of a database: what that writer set becomes a change of `cur`, as with `take`.

    Raises: NotADatabase, NoSuchSibling, NotTheAuthor.
    """
    with engines.state.read() as view:
        chosen = _chosen(load(engines, view, mimei), key, writer, seq)
    if chosen is None or (of := user_key(key)) is None:
        raise NoSuchSibling(key.hex(), writer, seq)

    def change(space: Space) -> None:
        space.put(key, chosen.value)
        rewrite(space, [of])

    Database.open(engines, mimei).write(change).result()
    return chosen


def take(engines: Engines, mimei: MimeiId, path: Path, writer: int, seq: int) -> Entry:
    """Settle a contested path: what that writer set becomes a change of `cur`, which the next backup keeps.

    Raises: NoSuchSibling, NotADirectory.
    """
    key = path_key(path)

    def change(editing: Edit) -> Entry:
        chosen = _chosen(editing.mimei, key, writer, seq)
        if chosen is None:
            raise NoSuchSibling(path_text(path), writer, seq)
        make_parents(editing, path)
        entry = decode_path_entry(chosen.value)
        if not entry.is_directory:
            clear(editing, [found for found, _ in editing.walk(path)])
        assign(editing, path, entry, resolve=True)
        return chosen

    return edit(engines, mimei, change)
