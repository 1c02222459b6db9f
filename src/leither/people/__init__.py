"""Who asks, and what they may do. Pure."""

from leither.people.principal import GUEST, OWNER, Denied, Principal, Scope, allowed
from leither.people.right import ACTS, ALL, Act, NotARight

__all__ = ["ACTS", "ALL", "GUEST", "OWNER", "Act", "Denied", "NotARight", "Principal", "Scope", "allowed"]
