"""Who asks, and what they may do. Pure."""

from leither.people.asking import Asking, Front
from leither.people.chain import Chain, ChainBroken, ChainTooLong, prove_chain
from leither.people.device import Device, Revocation
from leither.people.grant import Grant
from leither.people.policy import Facts, allowed
from leither.people.presentation import Presentation, check_presentation
from leither.people.principal import GUEST, OWNER, Denied, Principal, Scope, guest, visitor
from leither.people.right import ACTS, ALL, Act, NotARight
from leither.people.successor import Successor, lineage
from leither.people.visit import Visit

__all__ = [
    "ACTS",
    "ALL",
    "GUEST",
    "OWNER",
    "Act",
    "Asking",
    "Chain",
    "ChainBroken",
    "ChainTooLong",
    "Denied",
    "Device",
    "Facts",
    "Front",
    "Grant",
    "NotARight",
    "Presentation",
    "Principal",
    "Revocation",
    "Scope",
    "Successor",
    "Visit",
    "allowed",
    "check_presentation",
    "guest",
    "lineage",
    "prove_chain",
    "visitor",
]
