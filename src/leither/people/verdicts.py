"""Answers to who may do what, kept for as long as what decided them stays the same."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from leither import limits
from leither.people.chain import Chain
from leither.people.policy import Facts, Verdict, decide
from leither.people.principal import Principal
from leither.people.right import Act


class Verdicts:
    """Asks `policy.decide`, and remembers its answers, the least recently asked for out first. Thread-safe.

    An answer belongs to a principal, the chains it came with, and a control: a new control is asked about anew, and so
    is the same one once a moment has come at which something begins or ends.
    """

    def __init__(self, *, places: int = limits.VERDICTS_CACHED_MAX) -> None:
        self._places = places
        self._found: OrderedDict[object, tuple[Act, int, int]] = OrderedDict()
        self._guard = Lock()

    def allowed(self, principal: Principal, facts: Facts, now_ms: int, grants: Sequence[Chain] = ()) -> Act:
        """Return what `policy.allowed` does. Cost: as `decide`."""
        return self.decide(principal, facts, now_ms, grants).acts

    def decide(self, principal: Principal, facts: Facts, now_ms: int, grants: Sequence[Chain] = ()) -> Verdict:
        """Return what `policy.decide` does. Cost: a few µs where it was asked before."""
        chains = tuple([chain.digest for chain in grants])
        asked = (principal, facts.id, facts.control, facts.user, facts.own, chains)
        with self._guard:
            held = self._found.get(asked)
            if held is not None and held[1] <= now_ms < held[2]:
                self._found.move_to_end(asked)
                return Verdict(held[0], held[2])
        verdict = decide(principal, facts, now_ms, grants)
        with self._guard:
            self._found[asked] = (verdict.acts, now_ms, verdict.until_ms)
            self._found.move_to_end(asked)
            if len(self._found) > self._places:
                self._found.popitem(last=False)
        return verdict
