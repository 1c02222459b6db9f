"""What an audit says: who did what, when, through which front door and by which right; and what makes room in one.

The same done by the same within an hour is one entry with a count.
"""

from collections import deque
from collections.abc import Hashable, Iterable
from enum import StrEnum
from typing import TypeVar

import msgspec

from leither.crypto import key_id
from leither.people.asking import Asking
from leither.people.principal import Principal, Scope
from leither.people.right import Act

HOUR_MS = 3_600_000
K = TypeVar("K", bound=Hashable)


class Kind(StrEnum):
    """What was done."""

    READ = "read"
    CHANGE = "change"
    BACKUP = "backup"
    RELEASE = "release"
    FORK = "fork"
    RIGHTS = "rights"
    GRANT = "grant"
    REVOKE = "revoke"
    CREATE = "create"
    DELETE = "delete"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    DENIED = "denied"
    EXPORT = "export"


class Role(StrEnum):
    """What somebody is to the node."""

    OWNER = "owner"
    USER = "user"
    VISITOR = "visitor"
    GUEST = "guest"
    SEVERAL = "several"
    """Whoever they were: so many did so much at once that they were not told apart."""


_KINDS = (
    (Act.WRITE | Act.TAG, Kind.CHANGE),
    (Act.BACKUP, Kind.BACKUP),
    (Act.RELEASE, Kind.RELEASE),
    (Act.FORK, Kind.FORK),
    (Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE, Kind.READ),
)


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """What makes two deeds the same.

    Fields: role, who: somebody, by the id of a user or of a visitor's key; empty for the owner and guests. stranger:
    whether they are a visitor to whom nothing was granted. device: id of the key that signed for a visitor. session,
    label: the token or session, told only to its holder. mimei: what it was done to, empty for none. basis: by which
    right; of what was denied, what was asked for.
    """

    kind: str
    front: str
    role: str
    who: bytes = b""
    stranger: bool = False
    device: bytes = b""
    session: str = ""
    label: str = ""
    mimei: bytes = b""
    basis: str = ""

    @property
    def bucket(self) -> tuple[str, bytes]:
        """Who has to make room for each other: each person for themselves, strangers and guests among each other."""
        return ("stranger", b"") if self.stranger else (self.role, self.who)


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A deed with its count, and when it was done first and last within one hour (ms)."""

    first_ms: int
    last_ms: int
    count: int
    trace: Trace

    def joined(self, other: "Entry") -> "Entry":
        """Return both as one."""
        return Entry(
            min(self.first_ms, other.first_ms),
            max(self.last_ms, other.last_ms),
            self.count + other.count,
            self.trace,
        )


def kind_of(act: Act) -> Kind | None:
    """Return what doing `act` is called, None for what is noted where it is done."""
    return next((kind for acts, kind in _KINDS if act & acts), None)


def trace_of(
    principal: Principal,
    asking: Asking,
    kind: Kind,
    *,
    own: bool,
    mimei: bytes = b"",
    basis: str = "",
    stranger: bool = False,
) -> Trace:
    """Return the trace of what `principal` does. `own`: whether it goes into that person's own audit."""
    role, who = _role(principal)
    return Trace(
        kind.value,
        asking.front.value,
        role.value,
        who,
        stranger,
        key_id(principal.device) if principal.device is not None else b"",
        asking.session if own else "",
        asking.label if own else "",
        mimei,
        basis,
    )


def _role(principal: Principal) -> tuple[Role, bytes]:
    if principal.keys:
        return Role.VISITOR, key_id(principal.keys[0])
    if principal.scope is Scope.NONE:
        return Role.GUEST, b""
    return (Role.OWNER, b"") if principal.user is None else (Role.USER, principal.user)


def is_theirs(principal: Principal, user: bytes | None) -> bool:
    """Tell whether the audit of `user`, None for the owner, is that of the person who asks."""
    return not principal.keys and principal.scope is not Scope.NONE and principal.user == user


def several(kind: str, front: str) -> Trace:
    """Return what is noted instead where too much at once would be told apart."""
    return Trace(str(kind), str(front), Role.SEVERAL.value)


def surplus(held: Iterable[tuple[K, Hashable]], *, most: int, of_one: int) -> list[K]:
    """Return what has to go so that no more than `most` is left, and `of_one` of each bucket.

    Args: held: (key, bucket), the oldest first.
    Each time it is the oldest of the bucket that has the most, so that nobody makes what is another's go while more
    is theirs.
    """
    buckets: dict[Hashable, deque[K]] = {}
    for key, bucket in held:
        buckets.setdefault(bucket, deque()).append(key)
    gone: list[K] = []
    for keys in buckets.values():
        gone += [keys.popleft() for _ in range(len(keys) - of_one)]
    for _ in range(sum(map(len, buckets.values())) - most):
        gone.append(max(buckets.values(), key=len).popleft())
    return gone
