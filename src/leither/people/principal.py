"""A principal, and the one function that says what it may do with a MiMei."""

from dataclasses import dataclass
from enum import StrEnum

from leither.crypto import MimeiId
from leither.errors import DeniedError
from leither.people.right import ALL, Act, everyone


class Scope(StrEnum):
    """What a token or session was made for."""

    OWNER = "owner"
    WRITE = "write"
    READ = "read"
    NONE = "none"


_SCOPE_ACTS = {
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
    """Somebody who asks: the owner, a token's holder, or a guest.

    Fields: name: what logs and lists show. scope: what it was given. only: the one MiMei a token is for, if any.
    """

    name: str
    scope: Scope
    only: MimeiId | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this principal may do everything on this node."""
        return self.scope is Scope.OWNER and self.only is None

    def require_owner(self, what: str) -> None:
        """Check for the owner. `what` names the action in the error. Raises: Denied."""
        if not self.is_owner:
            raise Denied(what)


OWNER = Principal("owner", Scope.OWNER)
GUEST = Principal("guest", Scope.NONE)


def allowed(principal: Principal, mimei: MimeiId, right: int) -> Act:
    """Return what `principal` may do with the MiMei whose Right field is `right`."""
    if principal.is_owner:
        return ALL
    own = _SCOPE_ACTS[principal.scope] if principal.only in (None, mimei) else Act(0)
    return own | everyone(right)
