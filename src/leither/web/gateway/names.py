"""`/ipns/<name>[/path]`: the release of a MiMei by its name of IPNS, as far as it is here."""

import threading

from leither.codec import NotACid
from leither.codec.cid_text import parse_cid
from leither.codec.foreign import ForeignCid
from leither.crypto import MimeiId, NotAPeerId, id_text, parse_peer_id, peer_public_key
from leither.errors import NotFound
from leither.http.exchange import Exchange
from leither.http.request import BadRequest
from leither.people import GUEST, Act
from leither.service.denied import ContentDenied
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, load_all

_MULTIHASH_AT = 2
_CACHE = (b"cache-control", b"no-cache")


class NameNotHere(NotFound):
    """No MiMei here has the name."""

    code = "name-not-here"

    def __init__(self, name: str) -> None:
        self.name = name[:200]
        super().__init__(
            f"no MiMei on this node has the name {name[:200]!r}, and names of others and of domains are not resolved "
            "here; bring the MiMei here by its id with `leither get`, or use /ipfs/<cid>"
        )


class NamePaths:
    """Leads names to what they stand for."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._known: dict[bytes, MimeiId] | None = None
        self._guard = threading.Lock()

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        if event.what != "change":
            with self._guard:
                self._known = None

    async def serve(self, exchange: Exchange) -> None:
        """Send the client on to the release that a name stands for, if everybody may read it.

        Raises: BadRequest, NameNotHere, ContentDenied.
        """
        request = exchange.request
        exchange.require_read()
        if len(request.names) < 2:
            raise BadRequest("the address is /ipns/<name> or /ipns/<name>/path")
        name, path = request.names[1], request.names[2:]
        if self._engines.denied.denies_name(name) or self._engines.denied.denies_name(name, path):
            raise ContentDenied("/".join(("/ipns", name, *path)))
        key = _public_key(name)
        mimei = self._names().get(key) if key is not None else None
        if mimei is None:
            raise NameNotHere(name)
        rest = b"".join(request.raw_path.split(b"/", 3)[3:])
        query = b"?" + request.raw_query if request.raw_query else b""
        location = f"/mm/{id_text(mimei)}@release/".encode() + rest + query
        await exchange.redirect(location, headers=(_CACHE,))

    def _names(self) -> dict[bytes, MimeiId]:
        """Return whose name each key is. Cost: O(MiMei) after a change."""
        with self._guard:
            if self._known is None:
                with self._engines.state.read() as view:
                    held = [(one.control.ipns, one.id) for one in load_all(self._engines, view) if _is_public(one)]
                self._known = {name: mimei for name, mimei in held if name is not None}
            return self._known


def _is_public(mimei: Mimei) -> bool:
    """Tell whether everybody may read a MiMei. What a name led to and no longer may be read is as good as absent."""
    return bool(mimei.acts(GUEST) & (Act.READ_RELEASE | Act.READ_VERSIONS))


def _public_key(name: str) -> bytes | None:
    """Return the key that a name stands for; None if it is no Ed25519 key's."""
    try:
        cid = parse_cid(name)
        multihash = bytes(cid[_MULTIHASH_AT:]) if isinstance(cid, ForeignCid) else b""
        return peer_public_key(parse_peer_id(multihash))
    except NotACid:
        pass  # a peer id stands alone, in base58
    except NotAPeerId:
        return None
    try:
        return peer_public_key(parse_peer_id(name))
    except NotAPeerId:
        return None
