"""A principal: who asks, and what was given to them; whether that is enough, `policy` decides."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from leither.crypto import KeyId, MimeiId, id_text, key_id
from leither.errors import DeniedError
from leither.people.asking import Asking, Front
from leither.people.right import ALL, Act
from leither.people.visit import Visit


class Scope(StrEnum):
    """What a token or session was made for."""

    OWNER = "owner"
    WRITE = "write"
    READ = "read"
    NONE = "none"


SCOPE_ACTS = {
    Scope.OWNER: ALL,
    Scope.WRITE: Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE | Act.WRITE | Act.BACKUP | Act.RELEASE | Act.TAG,
    Scope.READ: Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE,
    Scope.NONE: Act(0),
}


class Denied(DeniedError):
    """A known principal asked for more than it may."""

    code = "denied"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"{what} needs the owner of this node, or a token whose scope allows it; sign in or use another token"
        )


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks: the owner or a user of this node, the holder of a token of theirs, a visitor, or a guest.

    Fields: name: what logs and lists show. scope: what it was given over what belongs to `user`. only: the one MiMei
    it is for, if any. user: the user of this node for whom it acts; None for the owner, and for who is neither.

    Of who has shown a key: keys: the person's whole keys, the present one first, then those it took the place of.
    device: the key that signed for this session. most: all it may be used for, whatever the person may do. until_ms:
    when it ends. orgs: ids of organizations that the person has shown to be a member of.

    asking: how they ask, which decides nothing; None for what the node does of itself, which is not noted.
    """

    name: str
    scope: Scope
    only: MimeiId | None = None
    user: KeyId | None = None
    keys: tuple[bytes, ...] = ()
    device: bytes | None = None
    most: Act = ALL
    until_ms: int | None = None
    orgs: frozenset[bytes] = frozenset()
    asking: Asking | None = field(default=None, compare=False, repr=False)

    @property
    def holder(self) -> str:
        """What tells who holds a token or session from all others of this node: names are each person's own."""
        return self.name if self.user is None else f"{self.name}\n{id_text(self.user)}"

    @property
    def is_owner(self) -> bool:
        """Whether this principal may do everything on this node but with what belongs to other users of it."""
        return self.scope is Scope.OWNER and self.only is None and self.user is None

    @property
    def is_resident(self) -> bool:
        """Whether this is the owner or a user of this node, with all that is theirs here."""
        return self.scope is Scope.OWNER and self.only is None

    @property
    def is_guest(self) -> bool:
        """Whether nothing is known of who asks."""
        return self.scope is Scope.NONE and not self.keys

    def through(self, asking: Asking | None) -> "Principal":
        """Return the same who asks in that way."""
        return replace(self, asking=asking)

    def require_resident(self, what: str) -> None:
        """Check for the owner or a user. `what` names the action in the error. Raises: Denied."""
        if not self.is_resident:
            raise Denied(what)

    def require_owner(self, what: str) -> None:
        """Check for the owner. `what` names the action in the error. Raises: Denied."""
        if not self.is_owner:
            raise Denied(what)


OWNER = Principal("owner", Scope.OWNER)
GUEST = Principal("guest", Scope.NONE)


def guest(front: Front, *, lasting: bool = False) -> Principal:
    """Return a guest who asks once through that door, or on one connection."""
    return Principal("guest", Scope.NONE, asking=Asking(front, lasting=lasting))


def visitor(visit: Visit, *, former: tuple[bytes, ...] = (), orgs: frozenset[bytes] = frozenset()) -> Principal:
    """Return the principal of a visit. `former`: keys that the person's took the place of (`successor.lineage`)."""
    return Principal(
        id_text(key_id(visit.person)),
        Scope.NONE,
        visit.only,
        keys=(visit.person, *former),
        device=visit.signer,
        most=visit.most,
        until_ms=visit.until_ms,
        orgs=orgs,
    )
