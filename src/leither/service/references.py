"""Counted references from one MiMei to others, and the index of who refers to whom."""

from leither import limits
from leither.crypto import MimeiId, id_text
from leither.errors import InputError, LimitError
from leither.mimei.contents import Contents
from leither.mimei.entry import REFERENCE_TYPE, Reference, decode_count, decode_reference, encode_count
from leither.ports import prefix_end
from leither.service.cur import Edit
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.entries import Entries, VersionEntries


class CountBelowZero(InputError):
    """A reference would be counted less than zero times."""

    code = "count-below-zero"

    def __init__(self, reference: Reference, count: int, delta: int) -> None:
        self.reference = str(reference)
        self.count = count
        self.delta = delta
        super().__init__(f"the reference to {self.reference} is counted {count} times; {delta:+} would go below zero")


class TooManyReferencesHeld(LimitError):
    """A MiMei refers to as many others as it can."""

    code = "too-many-references-held"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(f"{self.id} refers to {limits.REFERENCES_MAX:,} others, the limit; remove some, or split it")


def count_reference(editing: Edit, reference: Reference, delta: int, *, floor: bool = False) -> int:
    """Change how often `editing`'s MiMei refers to another; return the new count.

    With `floor` it stops at zero: a merge keeps one writer's count, which may be less than the paths of both.
    Raises: CountBelowZero, TooManyReferencesHeld.
    """
    stored = editing.get(reference.key)
    before = decode_count(stored) if stored else 0
    if delta > 0 and reference.version is not None:
        editing.refuse_pinned(reference.mimei)
    count = before + delta
    if count < 0 and floor:
        count = 0
    if count < 0:
        raise CountBelowZero(reference, before, delta)
    if count >= 1 << 63 or (before == 0 and len(of(editing)) >= limits.REFERENCES_MAX):
        raise TooManyReferencesHeld(editing.mimei.id)
    if count:
        editing.put(reference.key, encode_count(count))
    else:
        editing.delete(reference.key)
    return count


def add(engines: Engines, mimei: MimeiId, reference: Reference, *, delta: int = 1) -> int:
    """Count a reference `delta` times more (or less); return the new count. Raises: as `count_reference`."""
    return edit(engines, mimei, lambda editing: count_reference(editing, reference, delta))


def of(entries: Entries) -> list[tuple[Reference, int]]:
    """Return (reference, count) of everything a state of a MiMei refers to."""
    end = prefix_end(REFERENCE_TYPE)
    assert end is not None
    return [(decode_reference(key), decode_count(value)) for key, value in entries.scan(REFERENCE_TYPE, end)]


def of_version(engines: Engines, version: Contents) -> list[tuple[Reference, int]]:
    """Return (reference, count) of everything a version or draft refers to."""
    return of(VersionEntries(engines.map(version.side, version.salt)))
