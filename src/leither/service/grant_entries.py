"""Grants as they are kept with a MiMei, and how each of them stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from leither.mimei.entry import GRANT_TYPE, decode_record_value
from leither.people import Chain, Grant
from leither.people.policy import is_rooted
from leither.ports import prefix_end
from leither.service.cur import Cur
from leither.service.holding import Mimei


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant as it is kept: its record's bytes, and what they show."""

    record: bytes
    grant: Grant
    chain: Chain

    @property
    def name(self) -> str:
        """What people call it: the SHA-256 of its bytes, in hex."""
        return self.chain.digest.hex()


def grants_of(cur: Cur) -> Iterator[Kept]:
    """Iterate over the grants of a MiMei, by holder. A fork holds its parent's as well, which are passed over."""
    end = prefix_end(GRANT_TYPE)
    assert end is not None
    for _, value in cur.scan(GRANT_TYPE, end):
        record = decode_record_value(value)
        grant = Grant.decode(record)
        if grant.mimei == cur.mimei.id:
            yield Kept(record, grant, cur.engines.granted.prove(record))


GrantState = Literal["counts", "early", "expired", "revoked", "foreign"]


def state_of(mimei: Mimei, chain: Chain, now_ms: int) -> GrantState:
    """Return how a grant stands: counts, early, expired, revoked or foreign."""
    facts = mimei.facts
    if not is_rooted(chain, facts):
        return "foreign"
    if any(name in facts.revoked for name in chain.names):
        return "revoked"
    if now_ms in chain.period:
        return "counts"
    return "early" if now_ms < chain.period.start_ms else "expired"
