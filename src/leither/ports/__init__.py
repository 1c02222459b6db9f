"""What services need from the outside, as protocols; adapters live in `store`, `net` and `runtime`."""

from leither.ports.blocks import Blocks, BlockStats, Checked, Fault, Lease, Reclaimed
from leither.ports.clock import Clock, Random
from leither.ports.denied import NOTHING_DENIED, Denied
from leither.ports.network import (
    Known,
    Network,
    Peer,
    PeerEvent,
    Reach,
    Stop,
    Stream,
    TopicMessage,
    Values,
    Verdict,
)
from leither.ports.seeds import Seeds
from leither.ports.state import State, Transaction, View, prefix_end

__all__ = [
    "NOTHING_DENIED",
    "BlockStats",
    "Blocks",
    "Checked",
    "Clock",
    "Denied",
    "Fault",
    "Known",
    "Lease",
    "Network",
    "Peer",
    "PeerEvent",
    "Random",
    "Reach",
    "Reclaimed",
    "Seeds",
    "State",
    "Stop",
    "Stream",
    "TopicMessage",
    "Transaction",
    "Values",
    "Verdict",
    "View",
    "prefix_end",
]
