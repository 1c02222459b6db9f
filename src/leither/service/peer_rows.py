"""The peers that somebody chose, in the state: their ids, and the addresses they were last reached at."""

from collections.abc import Sequence

from leither.codec import dagcbor
from leither.crypto import PeerId, parse_peer_id, peer_id_bytes
from leither.ports import Known, State, Transaction, prefix_end
from leither.service.tables import PEERS


def read_peers(state: State) -> list[Known]:
    """Return the chosen peers."""
    with state.read() as view:
        rows = list(view.scan(PEERS, prefix_end(PEERS)))
    return [Known(parse_peer_id(key[len(PEERS) :]), tuple(_addresses(value))) for key, value in rows]


def keep_peer(transaction: Transaction, peer: PeerId, addresses: Sequence[str] | None) -> None:
    """Keep a chosen peer with its addresses, or with None forget it."""
    key = PEERS + peer_id_bytes(peer)
    if addresses is None:
        transaction.delete(key)
    else:
        transaction.put(key, dagcbor.encode(list(addresses)))


def _addresses(value: bytes) -> list[str]:
    found = dagcbor.decode(value)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
