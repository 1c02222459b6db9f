"""The If header: lists of conditions on states and entity tags. Source: RFC 4918 section 10.4."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from leither import limits
from leither.errors import InputError

_TOKEN = re.compile(
    r'\s*(?:(?P<open>\()|(?P<close>\))|(?P<no>Not(?![\w]))|<(?P<uri>[^<>\s]+)>|\[(?P<tag>(?:W/)?"[^"]*")\])'
)


class BadIf(InputError):
    """The If header is malformed."""

    code = "bad-if"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the If header is malformed: {reason}; see RFC 4918 section 10.4")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: on the state `uri`, or else on the entity tag `tag`. `negated` turns it round."""

    negated: bool
    uri: str | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class ConditionList:
    """Conditions that must all hold of `resource`; None stands for what the request addresses."""

    resource: str | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class IfHeader:
    """The lists of a header. One that holds is enough."""

    lists: tuple[ConditionList, ...]

    @property
    def tokens(self) -> frozenset[str]:
        """Every state token the header names: by that it is submitted."""
        return frozenset(one.uri for each in self.lists for one in each.conditions if one.uri is not None)

    def holds(self, has_state: Callable[[str | None, str], bool], etag: Callable[[str | None], str | None]) -> bool:
        """Tell whether one of the lists holds.

        Args: has_state: whether a resource has a state. etag: the strong entity tag of a resource, if any. Both get
        the resource as the header names it.
        """

        def met(resource: str | None, one: Condition) -> bool:
            found = has_state(resource, one.uri) if one.uri is not None else etag(resource) == one.tag
            return found is not one.negated

        return any(all(met(each.resource, one) for one in each.conditions) for each in self.lists)


def parse_if(header: str) -> IfHeader:
    """Return the lists of an If header. Raises: BadIf."""
    lists: list[ConditionList] = []
    resource: str | None = None
    expects_list = False
    position = count = 0
    header = header.rstrip()
    while position < len(header):
        found = _next(header, position)
        position = found.end()
        if found["uri"]:
            if expects_list or (lists and resource is None):
                raise BadIf("a resource stands where a list is expected")
            expects_list, resource = True, found["uri"]
        elif found["open"]:
            expects_list = False
            conditions, position = _conditions(header, position)
            count += len(conditions)
            lists.append(ConditionList(resource, conditions))
        else:
            raise BadIf(f"unexpected {found[0].strip()!r}")
        if count > limits.DAV_NAMED_MAX:
            raise BadIf(f"it has more than {limits.DAV_NAMED_MAX} conditions")
    if not lists or expects_list:
        raise BadIf("no list, or a resource without one")
    return IfHeader(tuple(lists))


def _conditions(header: str, position: int) -> tuple[tuple[Condition, ...], int]:
    """Return the conditions from behind an opening parenthesis on, and where the list ends."""
    conditions: list[Condition] = []
    negated = False
    while True:
        found = _next(header, position)
        position = found.end()
        if found["no"] and not negated:
            negated = True
        elif found["uri"] or found["tag"]:
            conditions.append(Condition(negated, found["uri"], found["tag"]))
            negated = False
        elif found["close"] and conditions and not negated:
            return tuple(conditions), position
        else:
            raise BadIf(f"unexpected {found[0].strip()!r} within a list")


def _next(header: str, position: int) -> re.Match[str]:
    found = _TOKEN.match(header, position)
    if found is None:
        raise BadIf(f"unexpected {header[position : position + 40]!r}")
    return found
