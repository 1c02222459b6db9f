"""Which versions a MiMei has, and what a selector names."""

from collections.abc import Iterator
from dataclasses import dataclass

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.address import CUR, LAST, RELEASE, Selector
from leither.mimei.version import Version
from leither.people import Act, Principal
from leither.people.policy import READS
from leither.ports import Transaction, View
from leither.service import tables
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, VersionNotFound


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version with its CID. `released` and `last` say whether it is pointed at."""

    cid: Cid
    record: Version
    released: bool
    last: bool


def resolve(engines: Engines, view: View, mimei: Mimei, selector: Selector) -> Cid:
    """Return the CID of the version that `selector` names (`cur` is none). Raises: VersionNotFound."""
    found: bytes | None
    match selector:
        case "last":
            found = mimei.base
        case "release":
            found = mimei.release
        case int():
            found = view.get(tables.version(mimei.id, selector)) if selector < 1 << 63 else None
        case Cid():
            found = selector if is_held(engines, view, mimei, selector) else None
        case _:
            found = None
    if not found:
        raise VersionNotFound(mimei.id, selector)
    return Cid(found)


def is_held(engines: Engines, view: View, mimei: Mimei, version: Cid) -> bool:
    """Tell whether `version` is one of the MiMei's own that was not deleted."""
    return view.get(tables.known(mimei.id, version)) is not None


def act_for(mimei: Mimei, selector: Selector, version: Cid | None) -> Act:
    """Return the act that reading `selector` needs: the released version may be read by any of its names."""
    if selector == CUR:
        return Act.READ_CUR
    if selector == RELEASE or (version is not None and version == mimei.release):
        return Act.READ_RELEASE
    return Act.READ_VERSIONS


def readable_version(engines: Engines, view: View, mimei: Mimei, selector: Selector, principal: Principal) -> Cid:
    """Return the CID of the version that `selector` names (`cur` is none), if `principal` may read it.

    To who may read nothing, nothing is looked up, as for a MiMei that is absent; and who may not read versions can't
    tell those that are there from those that are not. Raises: MimeiNotFound, VersionNotFound.
    """
    acts = mimei.acts(principal)
    if not acts & READS:
        mimei.note_denied(principal, act_for(mimei, selector, None))
        raise MimeiNotFound(mimei.id)
    try:
        version = resolve(engines, view, mimei, selector)
    except VersionNotFound:
        if act_for(mimei, selector, None) not in acts:
            mimei.note_denied(principal, act_for(mimei, selector, None))
            raise MimeiNotFound(mimei.id) from None
        raise
    act = act_for(mimei, selector, version)
    if act not in acts:
        mimei.note_denied(principal, act)
        raise MimeiNotFound(mimei.id)
    mimei.note(principal, act)
    return version


def default_selector(mimei: Mimei, principal: Principal) -> Selector:
    """Return what an address without a version shows: `cur` to who may read it, else the release, else `last`.

    Raises: MimeiNotFound: if `principal` may read none.
    """
    acts = mimei.acts(principal)
    for act, selector in ((Act.READ_CUR, CUR), (Act.READ_RELEASE, RELEASE), (Act.READ_VERSIONS, LAST)):
        if act in acts:
            return selector
    mimei.note_denied(principal, READS)
    raise MimeiNotFound(mimei.id)


def rows(engines: Engines, view: View, mimei: Mimei, *, before: int | None = None) -> Iterator[VersionRow]:
    """Iterate over the numbered versions, newest first; `before` begins below that number."""
    engines = mimei.engines
    start = tables.version(mimei.id, 0)
    stop = tables.version(mimei.id, (1 << 64) - 1 if before is None else before)
    for _, value in view.scan(start, stop, reverse=True):
        cid = Cid(value)
        yield VersionRow(cid, engines.record(Version, cid), cid == mimei.release, cid == mimei.base)


def side_rows(engines: Engines, view: View, mimei: Mimei) -> Iterator[VersionRow]:
    """Iterate over the versions that were merged in and have no number of their own."""
    engines = mimei.engines
    prefix = tables.KNOWN + mimei.id
    for key, n in view.scan(prefix, prefix + b"\xff" * 37):
        cid = Cid(key[len(prefix) :])
        if view.get(tables.VERSIONS + mimei.id + n) != cid:
            yield VersionRow(cid, engines.record(Version, cid), cid == mimei.release, cid == mimei.base)


def number(engines: Engines, transaction: Transaction, mimei: MimeiId, tip: Cid) -> None:
    """Make `tip` the newest numbered version, and number what it stands on.

    That is the parent with the highest n, the first among equals. Where that one was deleted, what is below it keeps
    its numbers.

    Cost: the versions whose number changes.
    """
    cid: Cid | None = tip
    record = engines.record(Version, tip)
    for key, _ in list(transaction.scan(tables.version(mimei, record.n + 1), tables.version(mimei, (1 << 64) - 1))):
        transaction.delete(key)
    while cid is not None:
        if transaction.get(tables.version(mimei, record.n)) == cid:
            return
        transaction.put(tables.version(mimei, record.n), cid)
        transaction.put(tables.known(mimei, cid), tables.u64(record.n))
        cid, record = _numbered_parent(engines, transaction, mimei, record)


def _numbered_parent(
    engines: Engines, transaction: Transaction, mimei: MimeiId, record: Version
) -> tuple[Cid | None, Version]:
    held = [
        (parent, engines.record(Version, parent))
        for parent in record.parents
        if transaction.get(tables.known(mimei, parent)) is not None
    ]
    return next((pair for pair in held if pair[1].n == record.n - 1), (None, record))


def held_versions(view: View, mimei: MimeiId) -> list[Cid]:
    """Return every version of the MiMei that is held, numbered or merged in."""
    prefix = tables.KNOWN + mimei
    return [Cid(key[len(prefix) :]) for key, _ in view.scan(prefix, prefix + b"\xff" * 37)]


def forget_version(transaction: Transaction, mimei: MimeiId, version: Cid) -> None:
    """Let go of a version and its number."""
    n = transaction.get(tables.known(mimei, version))
    if n is not None:
        transaction.delete(tables.known(mimei, version))
        if transaction.get(tables.VERSIONS + mimei + n) == version:
            transaction.delete(tables.VERSIONS + mimei + n)
