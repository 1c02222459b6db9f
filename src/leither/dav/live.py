"""The properties that WebDAV itself defines, of one resource. Source: RFC 4918 section 15, RFC 4331."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from xml.sax.saxutils import escape

from leither.dav.element import DAV, element_bytes, parse_xml, text
from leither.dav.guard import etag_of
from leither.dav.place import Place
from leither.dav.resource import Resource
from leither.http.media_type import media_type
from leither.service.locks import Lock

_WRITE = "<D:locktype><D:write/></D:locktype>"
_SUPPORTED = "".join(
    f"<D:lockentry><D:lockscope><D:{scope}/></D:lockscope>{_WRITE}</D:lockentry>" for scope in ("exclusive", "shared")
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A resource with what its properties are made of.

    Fields: name: what people call it. lockable: whether it stands in a working copy. locks: that cover it.
    """

    place: Place
    resource: Resource
    name: str
    lockable: bool
    locks: Sequence[Lock]


def active_lock(lock: Lock, place: Place, now_ms: int) -> str:
    """Return a lock as lockdiscovery tells it."""
    row = lock.row
    owner = element_bytes(parse_xml(row.owner)).decode() if row.owner else ""
    return (
        f"<D:activelock>{_WRITE}<D:lockscope><D:{'exclusive' if row.exclusive else 'shared'}/></D:lockscope>"
        f"<D:depth>{'infinity' if row.deep else '0'}</D:depth>{owner}"
        f"<D:timeout>Second-{max(0, row.expires_ms - now_ms) // 1000}</D:timeout>"
        f"<D:locktoken><D:href>{escape(lock.token)}</D:href></D:locktoken>"
        f"<D:lockroot><D:href>{escape(place.href(lock.path, collection=False))}</D:href></D:lockroot></D:activelock>"
    )


def _length(shown: Shown) -> str | None:
    return None if shown.resource.is_collection else str(shown.resource.entry.size_bytes)


def _type(shown: Shown) -> str | None:
    return None if shown.resource.is_collection else media_type(shown.name).decode()


def _modified(shown: Shown) -> str | None:
    mtime_ms = shown.resource.entry.mtime_ms
    return http_date(mtime_ms) if mtime_ms else None


def _used(shown: Shown) -> str | None:
    return str(shown.resource.tree.mimei.row.size_bytes) if shown.resource.is_collection else None


def _available(shown: Shown) -> str | None:
    mimei = shown.resource.tree.mimei
    if mimei.control.quota is None or not shown.resource.is_collection:
        return None
    return str(max(0, mimei.control.quota - mimei.row.size_bytes))


def _locks(shown: Shown) -> str:
    now_ms = shown.resource.tree.engines.clock.now_ms()
    return "".join(active_lock(lock, shown.place, now_ms) for lock in shown.locks)


LIVE: dict[str, Callable[[Shown], str | None]] = {
    f"{DAV}resourcetype": lambda shown: "<D:collection/>" if shown.resource.is_collection else "",
    f"{DAV}displayname": lambda shown: text(shown.name),
    f"{DAV}getcontentlength": _length,
    f"{DAV}getcontenttype": _type,
    f"{DAV}getetag": lambda shown: etag_of(shown.resource.entry),
    f"{DAV}getlastmodified": _modified,
    f"{DAV}supportedlock": lambda shown: _SUPPORTED if shown.lockable else "",
    f"{DAV}lockdiscovery": _locks,
    f"{DAV}quota-used-bytes": _used,
    f"{DAV}quota-available-bytes": _available,
}
"""By name, what gives the content of a property as XML, or None where the resource has no such property."""
ON_REQUEST = frozenset({f"{DAV}quota-used-bytes", f"{DAV}quota-available-bytes"})
"""What a request for all properties leaves out, as RFC 4331 asks."""
PROTECTED = frozenset(LIVE.keys() | {f"{DAV}creationdate"}) - {f"{DAV}displayname"}
"""What clients can't set."""


def http_date(ms: int) -> str:
    """Return a time as HTTP writes it."""
    return formatdate(ms // 1000, usegmt=True)
