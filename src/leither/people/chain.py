"""Proving a chain of grants: who gave what to whom, down to its holder. What it shows doesn't change with time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from itertools import pairwise

from leither import limits
from leither.crypto import MimeiId
from leither.errors import InputError, LimitError
from leither.people.grant import Grant
from leither.people.period import Period
from leither.people.revoked import revoked_grant, revoked_key
from leither.people.right import Act, act_names


class ChainTooLong(LimitError):
    """A right was passed on more often than is followed."""

    code = "grant-chain-too-long"

    def __init__(self) -> None:
        super().__init__(
            f"this right was passed on through more than {limits.GRANT_DEPTH_MAX} grants, the limit; "
            "ask somebody nearer to the author for a grant"
        )


class ChainBroken(InputError):
    """A grant says more than who signed it could give."""

    code = "grant-chain-broken"

    def __init__(self, step: int, reason: str) -> None:
        self.step = step
        self.reason = reason
        super().__init__(f"grant {step} of the chain does not count: {reason}; ask who gave it for a sound one")


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that was proved.

    Fields: root: the key that signed its first grant, which must be the author's. to: who holds it. acts, period: of
    the last grant, the narrowest. names: what takes it back if it stands in the author's revoked map. first, digest:
    SHA-256 of the first grant, and of the last, which holds the others. seal: the key that its holder is sent keys
    with, if it says one.
    """

    mimei: MimeiId
    root: bytes
    to: bytes
    acts: Act
    period: Period
    names: frozenset[bytes]
    first: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    seal: bytes | None = None


def prove_chain(data: bytes) -> Chain:
    """Return what the grant in `data`, with the chain it carries, shows: each link narrower than the one before.

    Whether the first signer is the author, whether it is time, and whether a link was taken back is not asked here.
    Cost: a signature a link.  Raises: NotARecord, ChainTooLong, ChainBroken, BadSignature.
    """
    links, digests = _links(data)
    for step, (before, grant) in enumerate(pairwise(links), start=1):
        _require_narrower(step, before, grant)
    for grant in links:
        grant.check()
    first, last = links[0], links[-1]
    names = {revoked_key(first.by), *map(revoked_grant, digests), *(revoked_key(grant.to) for grant in links)}
    mimei, found = MimeiId(last.mimei), frozenset(names)
    return Chain(mimei, first.by, last.to, last.acts, last.period, found, digests[0], digests[-1], last.seal)


def remembering(*, places: int = limits.CHAINS_CACHED_MAX) -> Callable[[bytes], Chain]:
    """Return a `prove_chain` that remembers the chains it has proved. Thread-safe."""
    return lru_cache(maxsize=places)(prove_chain)


def _links(data: bytes) -> tuple[list[Grant], list[bytes]]:
    """Return the grants of a chain, the author's first, and the SHA-256 of each."""
    found: list[Grant] = []
    digests: list[bytes] = []
    rest: bytes | None = data
    while rest is not None:
        if len(found) == limits.GRANT_DEPTH_MAX:
            raise ChainTooLong
        found.append(Grant.decode(rest))
        digests.append(sha256(rest).digest())
        rest = found[-1].passed_on
    return found[::-1], digests[::-1]


def _require_narrower(step: int, before: Grant, grant: Grant) -> None:
    if grant.by != before.to:
        raise ChainBroken(step, "it is signed by another key than the one before was given to")
    if grant.mimei != before.mimei:
        raise ChainBroken(step, "it is for another MiMei than the one before")
    if Act.SHARE not in before.acts:
        raise ChainBroken(step, "the one before doesn't allow passing on")
    if beyond := grant.acts & ~before.acts:
        raise ChainBroken(step, f"it allows {act_names(beyond)}, which the one before doesn't")
    if not grant.period.within(before.period):
        raise ChainBroken(step, "its period reaches beyond that of the one before")
