"""The answer that tells of several resources or properties at once. Source: RFC 4918 section 13."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from xml.sax.saxutils import escape

from leither.dav.element import DAV, element_bytes, empty_element, parse_xml
from leither.dav.live import LIVE, ON_REQUEST, Shown
from leither.errors import InputError

OPENING = '<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">'
CLOSING = "</D:multistatus>\n"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What PROPFIND asks for.

    Fields: names: the properties, None for all. only_names: whether their values are left out. also: names besides all.
    """

    names: Sequence[str] | None
    only_names: bool = False
    also: Sequence[str] = ()


def propstat(inner: str, status: int, *, condition: str = "") -> str:
    """Return one group of properties with its status."""
    error = f"<D:error><D:{condition}/></D:error>" if condition else ""
    phrase = HTTPStatus(status).phrase
    return f"<D:propstat><D:prop>{inner}</D:prop><D:status>HTTP/1.1 {status} {phrase}</D:status>{error}</D:propstat>"


def response(href: str, propstats: Iterable[str]) -> str:
    """Return what is told of one resource."""
    return f"<D:response><D:href>{escape(href)}</D:href>{''.join(propstats)}</D:response>\n"


def described(href: str, shown: Shown, dead: dict[str, bytes], wanted: Wanted) -> str:
    """Return what PROPFIND tells of a resource; `dead` holds the properties clients gave it, as XML elements."""
    if wanted.only_names:
        names = [name for name, make in LIVE.items() if name not in dead and make(shown) is not None]
        return response(href, [propstat("".join(map(empty_element, [*names, *dead])), 200)])
    asked = wanted.names
    if asked is None:
        live = [name for name in LIVE if name not in ON_REQUEST or name in wanted.also]
        asked = [*live, *(name for name in dead if name not in LIVE)]
    found: list[str] = []
    missing: list[str] = []
    for name in asked:
        kept = _kept(name, dead.get(name))
        if kept is not None:
            found.append(kept)
            continue
        make = LIVE.get(name)
        value = make(shown) if make is not None else None
        if value is not None:
            local = name[len(DAV) :]
            found.append(f"<D:{local}>{value}</D:{local}>" if value else f"<D:{local}/>")
        elif wanted.names is not None:
            missing.append(empty_element(name))
    groups = [propstat("".join(found), 200)] if found or not missing else []
    if missing:
        groups.append(propstat("".join(missing), 404))
    return response(href, groups)


def _kept(name: str, value: bytes | None) -> str | None:
    """Return a property that a client set, None where there is none, or none that can be shown.

    It may come from another node, so it is parsed once more, lest it reaches out of its place.
    """
    if value is None:
        return None
    try:
        element = parse_xml(value)
    except InputError:
        return None
    return element_bytes(element).decode() if element.tag == name else None
