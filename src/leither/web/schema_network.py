"""What the HTTP API takes and gives about other nodes."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leither.web.schema import Bytes, Count, Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


ReachText = Annotated[
    Literal["off", "lan", "peers", "public"],
    _about(
        "How far the node speaks with others: off (this machine only), lan, peers (those that were chosen, wherever "
        "they are), public (the public IPFS network as well)."
    ),
]
PeerText = Annotated[str, Meta(max_length=64, description="A peer id of libp2p, in base58.")]
AddressText = Annotated[
    str, Meta(max_length=512, description="Where a peer is: a multiaddr such as /ip4/192.168.1.20/tcp/4801/p2p/….")
]


class NetworkInfo(Struct, frozen=True, kw_only=True):
    """How the node stands among others."""

    id: PeerText
    reach: ReachText
    running: Annotated[bool, _about("Whether it speaks with others now.")]
    addresses: Annotated[list[AddressText], _about("Where others reach it, widest first.")]
    peers: Count
    bytes_received: Bytes
    bytes_sent: Bytes


class ReachGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """How far the node is to reach from now on."""

    reach: ReachText


class PeerInfo(Struct, frozen=True, kw_only=True):
    """A peer: one that is connected, or that was chosen."""

    id: PeerText
    chosen: Annotated[bool, _about("Whether somebody chose it, so that it is dialled whenever it is away.")]
    connected: Annotated[Moment | None, _about("Since when it is connected; null while it is away.")]
    addresses: Annotated[list[AddressText], _about("The address it is connected by, or those it is dialled at.")]
    agent: Annotated[str, _about("What it says its program is.")]
    protocols: Annotated[list[str], _about("What it speaks.")]
    relayed: Annotated[bool, _about("Whether it is reached through another peer only.")]
    inbound: Annotated[bool, _about("Whether it dialled this node.")]
    rtt_ms: Annotated[float | None, _about("How long a round trip takes; null before the first.")]
    bytes_received: Bytes
    bytes_sent: Bytes
    score: Annotated[int, _about("Its standing: 0, or less if it misbehaved.")]


class PeerGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """A peer to choose."""

    address: AddressText


class PeerChosen(Struct, frozen=True):
    """The peer that was chosen."""

    id: PeerText
