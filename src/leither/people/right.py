"""Right: what everyone, and the members of the named organization, may do with a MiMei.

A 64-bit field: bits 0-15 for everyone, bits 16-31 for members, the rest reserved and zero. What a named key may do is
a grant, not a right.
"""

from enum import IntFlag

from leither.errors import InputError


class Act(IntFlag):
    """One thing that may be done to a MiMei."""

    READ_CUR = 1
    READ_VERSIONS = 2
    READ_RELEASE = 4
    WRITE = 8
    BACKUP = 16
    RELEASE = 32
    FORK = 64
    TAG = 128
    SHARE = 256


ACTS = {act.name.lower().replace("_", "-"): act for act in Act if act.name}
ALL = Act(sum(Act))
MEMBERS_SHIFT = 16
_MASK = 0xFFFF


class NotARight(InputError):
    """The text or number is not a right."""

    code = "not-a-right"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:200]
        self.reason = reason
        super().__init__(
            f"{self.given!r} is not a right: {reason}; "
            f"write everyone=ACT,ACT members=ACT with acts from {', '.join(ACTS)}"
        )


def everyone(right: int) -> Act:
    """Return what everyone may do."""
    return Act(right & _MASK)


def members(right: int) -> Act:
    """Return what members of the organization may do."""
    return Act(right >> MEMBERS_SHIFT & _MASK)


def pack(*, everyone: int = 0, members: int = 0) -> int:
    """Return the 64-bit field."""
    return int(everyone) | int(members) << MEMBERS_SHIFT


def check(right: int) -> int:
    """Return `right`. Raises: NotARight: if a reserved bit is set."""
    if right < 0 or right & ~pack(everyone=ALL, members=ALL):
        raise NotARight(hex(right), "reserved bits are set")
    return right


def act_names(acts: Act) -> str:
    """Return the acts as people write them, e.g. `read-release,fork`."""
    return ",".join(name for name, act in ACTS.items() if act in acts)


def parse_acts(given: str) -> Act:
    """Return the acts written as in `act_names`, at least one. Raises: NotARight."""
    found = Act(0)
    for name in filter(None, (part.strip() for part in given.split(","))):
        if name not in ACTS:
            raise NotARight(given, f"unknown act {name!r}")
        found |= ACTS[name]
    if not found:
        raise NotARight(given, "it names no act")
    return found


def text(right: int) -> str:
    """Return the right as people write it, e.g. `everyone=read-release,fork`; `private` for none."""
    parts = [
        f"{who}={act_names(acts)}" for who, acts in (("everyone", everyone(right)), ("members", members(right))) if acts
    ]
    return " ".join(parts) or "private"


def parse(given: str) -> int:
    """Return the right written as in `text`. Raises: NotARight."""
    if given.strip() in {"private", ""}:
        return 0
    found = {"everyone": Act(0), "members": Act(0)}
    for part in given.split():
        who, equals, acts = part.partition("=")
        if not equals or who not in found:
            raise NotARight(given, f"{part!r} does not say who")
        for name in filter(None, acts.split(",")):
            if name not in ACTS:
                raise NotARight(given, f"unknown act {name!r}")
            found[who] |= ACTS[name]
    return pack(everyone=found["everyone"], members=found["members"])
