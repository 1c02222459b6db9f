"""What a WebDAV address names, and the addresses that answers give."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from leither.errors import InputError, PeerError
from leither.http.request import Request
from leither.http.segments import split_path
from leither.mimei.address import CUR, Address, parse_address
from leither.mimei.path import Path
from leither.unixfs import check_path

PREFIX = "dav"
_SAFE = "!$&'()*+,;=:@~"


class BadDestination(InputError):
    """The Destination header names no place a copy could go to."""

    code = "bad-destination"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(f"the destination {self.given!r} is not an address below /{PREFIX}/<id>/")


class ElsewhereDestination(PeerError):
    """The Destination header names another server."""

    code = "destination-elsewhere"

    def __init__(self, given: str) -> None:
        self.given = given[:200]
        super().__init__(
            f"the destination {self.given!r} is on another server; copy there with that server's own means"
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A path within one state of a MiMei. `segment` is the address as the client wrote it."""

    address: Address
    path: Path
    segment: str

    @property
    def is_cur(self) -> bool:
        """Whether the address can mean the working copy."""
        return self.address.version in (None, CUR)

    @property
    def base(self) -> str:
        """The percent-encoded path of the MiMei, without a slash at its end."""
        return f"/{PREFIX}/{quote(self.segment, safe=_SAFE)}"

    def href(self, path: Path, *, collection: bool) -> str:
        """Return the percent-encoded address of `path` in the same state."""
        return self.base + "".join("/" + quote_name(name) for name in path) + ("/" if collection else "")


def quote_name(name: str) -> str:
    """Return a path's segment, percent-encoded."""
    return quote(name, safe=_SAFE)


def place_of(names: tuple[str, ...]) -> Place | None:
    """Return what a request path below `/dav` names; None for the list of all MiMei.

    Raises: NotAnAddress, BadName, PathTooLong.
    """
    if len(names) < 2:
        return None
    check_path(names[2:])
    return Place(parse_address(names[1]), names[2:], names[1])


def linked_place(request: Request, address: str) -> Place | None:
    """Return what an absolute or rooted address in a header names, None for what is not here.

    Raises: ElsewhereDestination: for another host. BadPath, NotAnAddress, BadName, PathTooLong.
    """
    try:
        parts = urlsplit(address)
        raw = parts.path.encode("ascii")
    except (ValueError, UnicodeEncodeError):
        raise BadDestination(address) from None
    host = request.header(b"host").lower()
    if parts.netloc and parts.netloc.rpartition("@")[2].lower() != host:
        raise ElsewhereDestination(address)
    names = split_path(raw)
    return place_of(names) if names[:1] == (PREFIX,) else None


def destination(request: Request) -> Place:
    """Return what the Destination header names. Raises: BadDestination and as `linked_place`."""
    given = request.header(b"destination").strip()
    found = linked_place(request, given) if given else None
    if found is None:
        raise BadDestination(given)
    return found
