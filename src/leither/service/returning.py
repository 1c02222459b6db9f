"""Being back on an empty node: all that a paired node kept comes, the index first, since the rest may need it."""

from collections.abc import Iterator
from dataclasses import dataclass

from leither.crypto import MimeiId, PeerId
from leither.errors import LeitherError, PeerError
from leither.service.engines import Engines
from leither.service.pair_rows import peer_of, read_told
from leither.service.pairs import Pairs
from leither.service.person_index import index_id


class NotAllReturned(PeerError):
    """A paired node did not give all back that it keeps."""

    code = "not-all-returned"

    def __init__(self, peer: PeerId, lacking: int, first: str) -> None:
        self.peer = peer
        self.lacking = lacking
        self.first = first
        super().__init__(
            f"{lacking:,} MiMei did not come back from {peer}: {first}; what came is here: run the same command again, "
            "or with the address of another node that you are paired with"
        )


@dataclass(frozen=True, slots=True)
class Returned:
    """What became of one MiMei: `state` as an import says it; error: why it did not come."""

    mimei: MimeiId
    state: str
    error: LeitherError | None = None


def kept_there(engines: Engines, node: bytes) -> list[MimeiId]:
    """Return what a paired node keeps for the owner, as it has told: the index first."""
    index = index_id(engines.identity.person.public)
    with engines.state.read() as view:
        return sorted((mimei for mimei, _ in read_told(view, node)), key=lambda mimei: (mimei != index, mimei))


def bring_back(engines: Engines, pairs: Pairs, node: bytes) -> Iterator[Returned]:
    """Bring everything that a paired node keeps for the owner; yield what became of each, as it comes."""
    for mimei in kept_there(engines, node):
        try:
            yield Returned(mimei, pairs.wishing.fetch(node, mimei))
        except LeitherError as error:
            yield Returned(mimei, "missing", error)


def require_all(node: bytes, returned: list[Returned]) -> None:
    """Check that everything came. Raises: NotAllReturned."""
    lacking = [one.error for one in returned if one.error is not None]
    if lacking:
        raise NotAllReturned(peer_of(node), len(lacking), str(lacking[0]))
