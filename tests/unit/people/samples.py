"""Keys, grants and facts that the tests of this folder share."""

from __future__ import annotations

from typing import Any

from leither.crypto import KeyPair, MimeiId
from leither.people import Act, Chain, Facts, Grant, prove_chain

AUTHOR, BOB, CAROL, DEVICE, NODE, STRANGER = (KeyPair(bytes([number]) * 32) for number in range(1, 7))
MIMEI, OTHER = MimeiId(bytes(range(20))), MimeiId(b"\1" * 20)
NOW = 1_700_000_000_000
HOUR = 3_600_000


def grant(by: KeyPair, to: KeyPair, acts: Act, *, before: Grant | None = None, **more: Any) -> Grant:  # noqa: ANN401
    """A grant for an hour from now."""
    fields: dict[str, Any] = {"mimei": MIMEI, "start_ms": NOW, "until_ms": NOW + HOUR} | more
    passed_on = before.encode() if before else None
    return Grant(to=to.public, rights=int(acts), passed_on=passed_on, by=by.public, **fields).signed(by)


def chain(*args: Any, **more: Any) -> Chain:  # noqa: ANN401 -- as `grant`
    return prove_chain(grant(*args, **more).encode())


def facts(**changes: Any) -> Facts:  # noqa: ANN401 -- of any field
    """What decides over a MiMei of the author's that nobody else may see, here as a copy on somebody's node."""
    given: dict[str, Any] = {
        "id": MIMEI,
        "control": b"control",
        "author": AUTHOR.public,
        "right": 0,
    }
    return Facts(**given | changes)
