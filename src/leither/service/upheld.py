"""Grants that go on counting after their giver's key gave way to another: those that stand when the new key signs."""

from leither.mimei.entry import GRANT_TYPE, decode_record_value
from leither.people.policy import is_rooted
from leither.ports import prefix_end
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import Mimei


def upheld(engines: Engines, held: Mimei) -> tuple[bytes, ...]:
    """Return the SHA-256, sorted, of the author's grants on which those rest that are kept with a MiMei and count.

    What somebody else signs later with the former key is none of them. Cost: O(grants).
    """
    found: set[bytes] = set()
    now_ms, facts = engines.clock.now_ms(), held.facts
    with engines.state.read() as view:
        for _, value in Cur(engines, view, held).scan(GRANT_TYPE, prefix_end(GRANT_TYPE) or b""):
            chain = engines.granted.prove(decode_record_value(value))
            if (
                chain.mimei == held.id
                and chain.period.until_ms > now_ms
                and is_rooted(chain, facts)
                and not any(name in facts.revoked for name in chain.names)
            ):
                found.add(chain.first)
    return tuple(sorted(found))
