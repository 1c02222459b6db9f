"""Two ends that pair, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leither.crypto import KeyPair, PeerId, person_key
from leither.crypto.peer_id import peer_id_of
from leither.people import Device
from leither.testing.node import SeededRandom, seed_of
from leither.wire.pairing import PairingRun, Role
from leither.wire.pairing_messages import Introduction

NOW = 1_700_000_000_000
CODE = "1234564"


def device_of(name: str, *, person: str | None = None, of: str | None = None) -> Device:
    """The record by which a person vouches for the node `name`, or for another's."""
    signer = person_key(seed_of(person or name))
    node = KeyPair(seed_of(f"node {of or name}"))
    return Device(
        by=signer.public, device=node.public, seal=bytes(32), name=name, start_ms=NOW, until_ms=NOW + 1000
    ).signed(signer)


def peer_of(name: str) -> PeerId:
    return peer_id_of(KeyPair(seed_of(f"node {name}")).public)


@dataclass
class End:
    """One end, its run, and whom it kept."""

    name: str
    run: PairingRun
    kept: list[Device] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)


def end(
    name: str,
    role: Role,
    peer: str,
    *,
    code: str = CODE,
    device: Device | None = None,
    entropy: Callable[[int], bytes] | None = None,
    spend: Callable[[], None] | None = None,
) -> End:
    """One end, which believes that it speaks with the node `peer`."""
    made: End

    def note() -> None:
        made.spent.append(code)
        if spend is not None:
            spend()

    made = End(
        name,
        PairingRun(
            role,
            own=peer_of(name),
            peer=peer_of(peer),
            code=code,
            introduction=Introduction(device=(device or device_of(name)).encode(), addresses=(f"/{name}",)),
            entropy=entropy or SeededRandom(name.encode()).token,
            spend=note,
            keep=lambda _, device: made.kept.append(device),
        ),
    )
    return made


def talk(enters: End, shows: End, change: Callable[[int, bytes], bytes] = lambda _, data: data) -> None:
    """Carry messages until none is left; `change` sees each with its number."""
    waiting = [(shows, message.encode()) for message in enters.run.begin()]
    number = 0
    while waiting:
        to, data = waiting.pop(0)
        other = enters if to is shows else shows
        waiting += [(other, message.encode()) for message in to.run.receive(change(number, data))]
        number += 1
