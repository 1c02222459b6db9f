"""Controls by which an author takes rights from a writer, and the rule that none of them is ever undone."""

from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.head import Head


def cutting_off(control: Control, number: int, last: Head) -> Control:
    """Return the unsigned control by which a writer is cut off after its head `last`.

    One that was cut off stays so, at the earlier of the two.
    """
    assert control.writer(last.by) == next(entry for entry in control.writers if entry.number == number)
    before = control.cut_of(number)
    cut = before if before is not None and before.seq <= last.seq else Cut(number, last.seq, last.cid)
    others = (other for other in control.cut if other.number != number)
    return control.following(epoch=control.epoch + 1, cut=tuple(sorted((*others, cut), key=_number)))


def lowering(control: Control, number: int, rights: int) -> Control:
    """Return the unsigned control by which a writer keeps no rights but `rights`, of those that it has."""
    writers = tuple(
        WriterEntry(entry.number, entry.key, entry.rights & rights) if entry.number == number else entry
        for entry in control.writers
    )
    return control.following(epoch=control.epoch + 1, writers=writers)


def undone(before: Control, after: Control) -> str | None:
    """Return what `after`, which says that it follows `before`, undoes that can't be undone; None if nothing."""
    if after.genesis != before.genesis:
        return "it is another MiMei's"
    if after.lineage[: len(before.lineage)] != before.lineage:
        return "it is signed by a key whose place another took"
    if after.epoch < before.epoch:
        return f"it goes back from epoch {before.epoch:,} to {after.epoch:,}"
    if (after.key_epoch or 0) < (before.key_epoch or 0):
        return f"it goes back from key epoch {before.key_epoch:,} to {after.key_epoch or 0:,}"
    keys = {entry.number: entry.key for entry in after.writers}
    for entry in before.writers:
        if keys.get(entry.number) != entry.key:
            return f"it forgets writer {entry.number}, or gives its number to another key"
    for cut in before.cut:
        later = after.cut_of(cut.number)
        if later is None or later.seq > cut.seq or (later.seq == cut.seq and later.head != cut.head):
            return f"it takes back that writer {cut.number} was cut off"
    return None


def _number(cut: Cut) -> int:
    return cut.number
