"""Chains of grants: what a proved one shows, and what is taken back with what."""

from __future__ import annotations

import pytest

from leither.people import Act, ChainBroken, prove_chain
from leither.people.chain import remembering
from leither.people.revoked import revoked_grant, revoked_key
from tests.unit.people.samples import AUTHOR, BOB, CAROL, HOUR, MIMEI, NOW, grant

FIRST = grant(AUTHOR, BOB, Act.READ_CUR | Act.SHARE)
SECOND = grant(BOB, CAROL, Act.READ_CUR, before=FIRST, until_ms=NOW + 5)


def test_a_chain_shows_its_ends_and_its_last_and_narrowest_link() -> None:
    shown = prove_chain(SECOND.encode())
    assert (shown.mimei, shown.root, shown.to) == (MIMEI, AUTHOR.public, CAROL.public)
    assert (shown.acts, shown.period) == (Act.READ_CUR, (NOW, NOW + 5))
    assert shown.digest == SECOND.cid.digest


def test_each_link_and_each_key_of_a_chain_can_take_it_back() -> None:
    links = {revoked_grant(one.cid.digest) for one in (FIRST, SECOND)}
    assert prove_chain(SECOND.encode()).names == links | {revoked_key(one.public) for one in (AUTHOR, BOB, CAROL)}


def test_a_broken_chain_says_which_link_and_why() -> None:
    wider = grant(BOB, CAROL, Act.READ_CUR | Act.TAG, before=FIRST, until_ms=NOW + HOUR)
    with pytest.raises(ChainBroken, match="grant 1 of the chain") as caught:
        prove_chain(wider.encode())
    assert caught.value.details == {"step": 1, "reason": "it allows tag, which the one before doesn't"}


def test_what_was_proved_once_is_remembered() -> None:
    prove = remembering(places=1)
    shown = prove(SECOND.encode())
    assert prove(SECOND.encode()) is shown
    prove(FIRST.encode())
    assert prove(SECOND.encode()) is not shown
    assert prove(SECOND.encode()) == shown


def test_what_does_not_hold_is_refused_each_time() -> None:
    prove = remembering()
    broken = grant(CAROL, BOB, Act.READ_CUR, before=FIRST).encode()
    for _ in range(2):
        with pytest.raises(ChainBroken):
            prove(broken)
