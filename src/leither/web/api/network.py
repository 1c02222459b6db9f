"""Other nodes: how far this one reaches, who is connected, and which peers were chosen."""

from collections.abc import Sequence
from typing import Annotated

from litestar import delete, get, post, put
from litestar.params import JSONBody, PathParameter

from leither.crypto import parse_peer_id
from leither.ports import Known, Peer, Reach
from leither.ports.network_errors import NetworkOff
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment
from leither.web.api.parameters import CallerGiven
from leither.web.network import NetworkOffice
from leither.web.schema_network import NetworkInfo, PeerChosen, PeerGiven, PeerInfo, ReachGiven


def _office(caller: Caller, what: str) -> NetworkOffice:
    """Return what knows of other nodes, for the owner. Raises: Denied, NetworkOff."""
    caller.principal.require_owner(what)
    if caller.context.network is None:
        raise NetworkOff
    return caller.context.network


async def _info(caller: Caller, office: NetworkOffice) -> NetworkInfo:
    facts = await caller.run(office.facts)
    return NetworkInfo(
        id=facts.id,
        reach=facts.reach.value,
        running=facts.running,
        addresses=list(facts.addresses),
        peers=len(facts.peers),
        bytes_received=sum(peer.bytes_received for peer in facts.peers),
        bytes_sent=sum(peer.bytes_sent for peer in facts.peers),
    )


@get("/network", operation_id="getNetwork", tags=["network"])
async def get_network(caller: CallerGiven) -> NetworkInfo:
    """Say how far the node reaches, and where others reach it."""
    return await _info(caller, _office(caller, "reading how the node stands among others"))


@put("/network", operation_id="setNetwork", tags=["network"])
async def set_network(caller: CallerGiven, data: JSONBody[ReachGiven]) -> NetworkInfo:
    """Let the node reach further, or less far, from now on and after the next start."""
    office = _office(caller, "switching the network")
    await caller.run(office.switch, Reach(data.reach))
    return await _info(caller, office)


@get("/peers", operation_id="listPeers", tags=["network"])
async def list_peers(caller: CallerGiven) -> Sequence[PeerInfo]:
    """List the peers that are connected, and those that were chosen and are away."""
    facts = await caller.run(_office(caller, "reading who is connected").facts)
    here = {peer.id for peer in facts.peers}
    return [_connected(peer) for peer in facts.peers] + [_away(each) for each in facts.kept if each.id not in here]


@post("/peers", operation_id="addPeer", tags=["network"])
async def add_peer(caller: CallerGiven, data: JSONBody[PeerGiven]) -> PeerChosen:
    """Choose the peer at an address: it is dialled now, and whenever it is away, with growing pauses."""
    office = _office(caller, "choosing a peer")
    return PeerChosen(await caller.run(office.add, data.address))


@delete("/peers/{id:str}", operation_id="removePeer", tags=["network"])
async def remove_peer(
    caller: CallerGiven, id: Annotated[str, PathParameter(description="The peer's id.", max_length=64)]
) -> None:
    """Forget a chosen peer, and end the connection with it."""
    office = _office(caller, "forgetting a peer")
    await caller.run(office.remove, parse_peer_id(id))


def _connected(peer: Peer) -> PeerInfo:
    return PeerInfo(
        id=peer.id,
        chosen=peer.kept,
        connected=known_moment(peer.connected_ms),
        addresses=[peer.address],
        agent=peer.agent,
        protocols=sorted(peer.protocols),
        relayed=peer.relayed,
        inbound=peer.inbound,
        rtt_ms=None if peer.rtt_s is None else round(1000 * peer.rtt_s, 3),
        bytes_received=peer.bytes_received,
        bytes_sent=peer.bytes_sent,
        score=peer.score,
    )


def _away(known: Known) -> PeerInfo:
    return PeerInfo(
        id=known.id,
        chosen=True,
        connected=None,
        addresses=list(known.addresses),
        agent="",
        protocols=[],
        relayed=False,
        inbound=False,
        rtt_ms=None,
        bytes_received=0,
        bytes_sent=0,
        score=0,
    )


OPERATIONS = (get_network, set_network, list_peers, add_peer, remove_peer)
