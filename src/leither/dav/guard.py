"""What must hold before a request may do its work: its conditions, and the locks of others.

A guard is asked inside the transaction that makes the change, so nothing comes in between.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from leither.crypto import MimeiId, id_text
from leither.dav.fault import Locked, Unmet
from leither.dav.if_header import IfHeader, parse_if
from leither.dav.place import ElsewhereDestination, Place, linked_place
from leither.errors import InputError
from leither.http.request import Request
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import Path
from leither.people import Act, Principal
from leither.ports import View
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, load
from leither.service.locks import Lock, Locks


def etag_of(entry: PathEntry | None) -> str | None:
    """Return the strong entity tag of a file, None for what has none."""
    return f'"{entry.cid.text}"' if entry is not None and entry.type is EntryType.FILE and entry.cid else None


@dataclass(frozen=True, slots=True)
class Guard:
    """The conditions of one request, and who makes it."""

    engines: Engines
    principal: Principal
    request: Request
    place: Place
    lists: IfHeader | None

    @classmethod
    def of(cls, engines: Engines, principal: Principal, request: Request, place: Place) -> "Guard":
        """Return the guard of `request`, which addresses `place`. Raises: BadIf."""
        given = request.header(b"if")
        return cls(engines, principal, request, place, parse_if(given) if given.strip() else None)

    @property
    def tokens(self) -> frozenset[str]:
        """The lock tokens that the request submits."""
        return self.lists.tokens if self.lists is not None else frozenset()

    def check(self, view: View, present: PathEntry | None) -> None:
        """Check every condition; `present` is what the request addresses. Raises: Unmet."""
        self.check_tags(present)
        if self.lists is not None and not self.lists.holds(
            lambda resource, token: self._has_state(view, resource, token),
            lambda resource: self._etag(view, resource, present),
        ):
            raise Unmet("If")

    def check_tags(self, present: PathEntry | None) -> None:
        """Check If-Match, If-None-Match and If-Unmodified-Since. Raises: Unmet. Source: RFC 9110 section 13.2.2."""
        etag = etag_of(present)
        wanted, unwanted = self.request.header(b"if-match"), self.request.header(b"if-none-match")
        if wanted:
            if present is None or (wanted.strip() != "*" and (etag or "") not in _tags(wanted)):
                raise Unmet("If-Match")
        elif present is not None and _changed_since(present, self.request.header(b"if-unmodified-since")):
            raise Unmet("If-Unmodified-Since")
        if unwanted and not self.request.is_read and present is not None:
            plain = {tag.removeprefix("W/") for tag in _tags(unwanted)}
            if unwanted.strip() == "*" or etag in plain:
                raise Unmet("If-None-Match")

    def not_modified(self, present: PathEntry) -> bool:
        """Tell whether a read need not be answered with bytes, by date. Tags are seen to where files are sent."""
        since = self.request.header(b"if-modified-since")
        if not since or self.request.header(b"if-none-match") or not present.mtime_ms:
            return False
        return _date_s(since) is not None and not _changed_since(present, since)

    def claim(self, view: View, mimei: MimeiId, path: Path, *, deep: bool, member: bool) -> None:
        """Check that no lock bars a change of `path`.

        Args:   deep: whether all under it changes too. member: whether it comes into its collection or leaves it.
        Raises: Locked.
        """
        locks = self._locks(view, mimei)
        self._allow(mimei, locks.covering(path))
        if member and path:
            self._allow(mimei, locks.covering(path[:-1]))
        if deep:
            below = locks.below(path)
            for place in {lock.path for lock in below}:
                self._allow(mimei, [lock for lock in below if lock.path == place])

    def _allow(self, mimei: MimeiId, locks: list[Lock]) -> None:
        if not locks:
            return
        tokens = self.tokens
        if not any(lock.token in tokens and lock.row.principal == self.principal.holder for lock in locks):
            raise Locked(locks[0].path, self._href(mimei, locks[0].path))

    def _href(self, mimei: MimeiId, path: Path) -> str:
        segment = self.place.segment if mimei == self.place.address.id else id_text(mimei)
        return Place(self.place.address, path, segment).href(path, collection=False)

    def _locks(self, view: View, mimei: MimeiId) -> Locks:
        return Locks(view, mimei, self.engines.clock.now_ms())

    def _named(self, resource: str | None) -> Place | None:
        if resource is None:
            return self.place
        try:
            return linked_place(self.request, resource)
        except (InputError, ElsewhereDestination):
            return None  # what is named is not here, so it has no state here

    def _has_state(self, view: View, resource: str | None, token: str) -> bool:
        place = self._named(resource)
        if place is None or not place.is_cur:
            return False
        return any(lock.token == token for lock in self._locks(view, place.address.id).covering(place.path))

    def _etag(self, view: View, resource: str | None, present: PathEntry | None) -> str | None:
        place = self._named(resource)
        if place is None:
            return None
        if place == self.place:
            return etag_of(present)
        try:
            mimei = load(self.engines, view, place.address.id, self.principal)
        except MimeiNotFound:
            return None
        if not place.is_cur or Act.READ_CUR not in mimei.acts(self.principal):
            return None
        return etag_of(Cur(self.engines, view, mimei).entry(place.path))


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",") if tag.strip()]


def _date_s(header: str) -> float | None:
    try:
        return parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        return None


def _changed_since(present: PathEntry, header: str) -> bool:
    """Tell whether `present` changed after the date in `header`, to the second; False where either is unknown."""
    since = _date_s(header) if header else None
    return since is not None and present.mtime_ms // 1000 > since
