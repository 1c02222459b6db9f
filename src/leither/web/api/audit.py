"""The audit of who asks: what was done with what is theirs, and by their sessions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, cast

from litestar import get
from litestar.params import QueryParameter

from leither import limits
from leither.crypto import KeyId, MimeiId, id_text, parse_id
from leither.errors import InputError
from leither.people.audit import Entry
from leither.service.users import Users
from leither.web.api.describing import known_moment
from leither.web.api.parameters import CallerGiven, Limit
from leither.web.schema_audit import AuditEntry, AuditPage, FrontText, KindText, RoleText


class BadCursor(InputError):
    """The cursor is none that a page gave."""

    code = "bad-audit-cursor"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(f"{self.given!r} is no place in an audit; go on with `next` of the page before")


@get("/audit", operation_id="getAudit", tags=["audit"])
async def get_audit(
    caller: CallerGiven,
    mimei: Annotated[str | None, QueryParameter(description="Only what was done to this MiMei.")] = None,
    who: Annotated[
        str | None,
        QueryParameter(
            max_length=200, description="Only what they did: an id, a user's name, or owner, user, visitor or guest."
        ),
    ] = None,
    kind: Annotated[KindText | None, QueryParameter(description="Only this.")] = None,
    since: Annotated[datetime | None, QueryParameter(description="Only what was done then or later.")] = None,
    until: Annotated[datetime | None, QueryParameter(description="Only what was done before.")] = None,
    limit: Limit = limits.LIST_PAGE_DEFAULT,
    cursor: Annotated[str | None, QueryParameter(description="`next` of the page before.", max_length=100)] = None,
) -> AuditPage:
    """Say who did what with what is the caller's, and where they signed in: the newest first.

    The same done by the same within an hour is one entry with a count. Everybody sees what is theirs alone: the owner
    of the node sees nothing of what is done to what is its users'.
    """
    caller.principal.require_resident("seeing who did what")
    about = MimeiId(parse_id(mimei)) if mimei is not None else None
    since_ms = _ms(since) if since is not None else 0
    until_ms = _ms(until) if until is not None else limits.TIME_MS_MAX
    after_ms, passed = _place(cursor) if cursor is not None else (limits.TIME_MS_MAX, 0)

    def work() -> AuditPage:
        names = names_known(caller.context.users, caller.principal.user)
        found = [
            entry
            for entry in caller.engines.audit.read(caller.principal.user, since_ms=since_ms)
            if entry.last_ms <= after_ms
            and entry.first_ms < until_ms
            and about in (None, entry.trace.mimei)
            and kind in (None, entry.trace.kind)
            and (who is None or who in _called(entry, names))
        ]
        # What happened meanwhile is newer than the place where the page before ended.
        found = found[passed:]
        page = found[:limit]
        return AuditPage(
            [entry_info(caller.principal.user, entry, names) for entry in page],
            _place_after(page, after_ms, passed) if len(found) > limit else None,
        )

    return await caller.run(work)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _place(cursor: str) -> tuple[int, int]:
    """Return the time at which a page goes on (ms), and how many entries of it came before. Raises: BadCursor."""
    ms, dash, passed = cursor.partition("-")
    if not (dash and all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (ms, passed))):
        raise BadCursor(cursor)
    return int(ms), int(passed)


def _place_after(page: Sequence[Entry], after_ms: int, passed: int) -> str:
    last_ms = page[-1].last_ms
    same = sum(entry.last_ms == last_ms for entry in page)
    return f"{last_ms}-{same + passed if last_ms == after_ms else same}"


def names_known(users: Users, user: KeyId | None) -> Mapping[bytes, str]:
    """Return what the people are called whose names a user knows, or the owner, by their ids."""
    if user is not None:
        return {user: users.get(user).row.name}
    return {each.id: each.row.name for each in users.list()}


def _called(entry: Entry, names: Mapping[bytes, str]) -> tuple[str, ...]:
    trace = entry.trace
    return (trace.role, id_text(trace.who), names.get(trace.who, trace.role)) if trace.who else (trace.role,)


def entry_info(user: KeyId | None, entry: Entry, names: Mapping[bytes, str]) -> AuditEntry:
    """Return an entry of the audit of a user, or of the owner. `names`: what people are called that they know."""
    trace = entry.trace
    return AuditEntry(
        kind=cast(KindText, trace.kind),
        front=cast(FrontText, trace.front),
        role=cast(RoleText, trace.role),
        who=id_text(trace.who) if trace.who else None,
        name=names.get(trace.who),
        yours=trace.role == "owner" if user is None else trace.who == user,
        device=id_text(trace.device) if trace.device else None,
        session=trace.session or None,
        label=trace.label or None,
        mimei=id_text(trace.mimei) if trace.mimei else None,
        right=trace.basis or None,
        count=entry.count,
        first=known_moment(entry.first_ms),
        last=known_moment(entry.last_ms),
    )


OPERATIONS = (get_audit,)
