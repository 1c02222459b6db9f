"""Which MiMei and version a reference or a merge names, as far as the caller may read them."""

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.address import CUR, LAST, RELEASE, parse_address
from leither.people import Act
from leither.service.catalog import authorize
from leither.service.holding import VersionNotFound, load
from leither.web.api.context import Caller


def reference_target(caller: Caller, ref: str, *, follow: bool) -> tuple[MimeiId, Cid | None]:
    """Return the MiMei and version that `ref` names; the version is None where the release is followed.

    Without a selector the release is meant, or the newest version where nothing is released.
    Raises: NotAnAddress, MimeiNotFound, VersionNotFound.
    """
    address = parse_address(ref)
    with caller.engines.state.read() as view:
        mimei = load(caller.engines, view, address.id)
        if follow:
            authorize(caller.principal, mimei, Act.READ_RELEASE)
            return mimei.id, None
        selector = address.version
        if selector is None:
            selector = RELEASE if mimei.release is not None else LAST
        found = caller.readable(view, mimei, selector)
        if found == CUR or not isinstance(found, Cid):
            raise VersionNotFound(mimei.id, CUR)
        return mimei.id, found
