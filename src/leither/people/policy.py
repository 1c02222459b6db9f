"""Who may do what: the one function that decides it. What nothing allows is denied.

everyone                            what the right gives to everyone
on this node, over what is theirs   the owner, users, and tokens by their scope
by a key that was shown             the author; writers by their rights; members by the right; holders of grants
under a stale control               the author as before; everyone else only reads what everyone may
by a key that was cut or revoked    what everyone may

`basis` says of one act which of these gives it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from leither.crypto import KeyId, MimeiId
from leither.people.chain import Chain
from leither.people.principal import SCOPE_ACTS, Principal, Scope
from leither.people.revoked import revoked_key
from leither.people.right import ALL, Act, everyone, members

READS = Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE
_NONE = Act(0)
_FOREVER_MS = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides over one MiMei, as its control says it, and to whom it belongs on this node.

    Fields: control: the CID of the control, whose change changes all of this. author: the whole key of the author.
    former: the keys that it took the place of. upheld: of the grants that these gave, by their SHA-256, those that go
    on counting. right, org, fresh_until_ms: of the control. writers: the acts of each
    writer that stands, by its key. cut: keys of writers that were cut off. revoked: what the author took back, by the
    names of `revoked`. user: the user of this node to whom it belongs; None for the owner. own: whether that person
    is its author.
    """

    id: MimeiId
    control: bytes
    author: bytes
    right: int
    former: frozenset[bytes] = frozenset()
    upheld: frozenset[bytes] = frozenset()
    org: bytes | None = None
    fresh_until_ms: int | None = None
    writers: Mapping[bytes, Act] = field(default_factory=dict)
    cut: frozenset[bytes] = frozenset()
    revoked: Container[bytes] = frozenset()
    user: KeyId | None = None
    own: bool = False


class Verdict(NamedTuple):
    """What may be done, and the moment (ms) from which on that may change by time alone."""

    acts: Act
    until_ms: int


def allowed(principal: Principal, facts: Facts, now_ms: int, grants: Iterable[Chain] = ()) -> Act:
    """Return what `principal` may do with a MiMei now.

    Args: grants: chains that were proved; those of other keys, MiMei and times are passed over, in any order.
    """
    return decide(principal, facts, now_ms, grants).acts


def decide(principal: Principal, facts: Facts, now_ms: int, grants: Iterable[Chain] = ()) -> Verdict:
    """Return what `principal` may do with a MiMei now, and until when that holds if nothing else changes."""
    clock = _Clock(now_ms)
    public = everyone(facts.right)
    stale = facts.fresh_until_ms is not None and clock.reached(facts.fresh_until_ms + 1)
    if stale:
        public &= READS
    ended = principal.until_ms is not None and clock.reached(principal.until_ms)
    acts = _NONE
    if not ended and principal.only in (None, facts.id):
        acts = _over_their_own(principal, facts, stale=stale)
        if principal.keys:
            for _, given in _by_key(principal, facts, grants, clock, stale=stale):
                acts |= given
    return Verdict(acts & principal.most | public, clock.next_ms)


def basis(principal: Principal, facts: Facts, act: Act, now_ms: int, grants: Iterable[Chain] = ()) -> str | None:
    """Return what gives `principal` one act that `allowed` says it may do; None for one that it may not do.

    own; own, by a token to read or write; everyone; author, writer or members; or `grant` and its name.
    """
    clock = _Clock(now_ms)
    stale = facts.fresh_until_ms is not None and clock.reached(facts.fresh_until_ms + 1)
    ended = principal.until_ms is not None and clock.reached(principal.until_ms)
    heard = not ended and principal.only in (None, facts.id) and act in principal.most
    if heard and act in _over_their_own(principal, facts, stale=stale):
        return "own" if principal.scope is Scope.OWNER else f"own, by a token to {principal.scope.value}"
    if act in everyone(facts.right) and (not stale or act in READS):
        return "everyone"
    if heard and principal.keys:
        for source, given in _by_key(principal, facts, grants, clock, stale=stale):
            if act in given:
                return source if isinstance(source, str) else f"grant {source.digest.hex()}"
    return None


def _over_their_own(principal: Principal, facts: Facts, *, stale: bool) -> Act:
    """Return what a scope gives over a MiMei that belongs to its user on this node."""
    if principal.user != facts.user or (stale and not facts.own):
        return _NONE
    return SCOPE_ACTS[principal.scope]


def _by_key(
    principal: Principal, facts: Facts, grants: Iterable[Chain], clock: "_Clock", *, stale: bool
) -> Iterator[tuple[str | Chain, Act]]:
    """Iterate over what the keys of a person give who was shown to be behind this session, each with whence it is."""
    device = principal.device
    if device is not None and (device in facts.cut or revoked_key(device) in facts.revoked):
        return
    keys = [key for key in principal.keys if revoked_key(key) not in facts.revoked]
    if facts.author in keys:
        yield "author", ALL
        return
    if stale:
        return
    if device is not None:
        yield "writer", facts.writers.get(device, _NONE)
    if facts.org is not None and facts.org in principal.orgs:
        yield "members", members(facts.right)
    for chain in grants:
        if _counts(chain, facts, keys) and clock.within(chain):
            yield chain, chain.acts


def _counts(chain: Chain, facts: Facts, keys: list[bytes]) -> bool:
    """Tell whether a chain leads from the author to one of `keys`, and nothing of it was taken back."""
    if chain.mimei != facts.id or chain.to not in keys or not is_rooted(chain, facts):
        return False
    revoked = facts.revoked
    return not any(name in revoked for name in chain.names)


def is_rooted(chain: Chain, facts: Facts) -> bool:
    """Tell whether a chain begins with the author: under the present key, or by a grant that it upholds."""
    return chain.root == facts.author or (chain.root in facts.former and chain.first in facts.upheld)


class _Clock:
    """Now, and the nearest later moment that was asked about."""

    __slots__ = ("next_ms", "now_ms")

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.next_ms = _FOREVER_MS

    def reached(self, moment_ms: int) -> bool:
        """Tell whether `moment_ms` has come."""
        if moment_ms <= self.now_ms:
            return True
        self.next_ms = min(self.next_ms, moment_ms)
        return False

    def within(self, chain: Chain) -> bool:
        """Tell whether it is time for a chain."""
        return self.reached(chain.period.start_ms) and not self.reached(chain.period.until_ms)
