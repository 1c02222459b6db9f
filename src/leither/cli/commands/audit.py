"""`leither audit`: who did what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.output import moment
from leither.cli.session import Session, pass_session

KINDS = (
    *("read", "change", "backup", "release", "fork", "rights", "grant", "revoke", "create", "delete"),
    *("sign-in", "sign-out", "denied", "export"),
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHOWN_DEFAULT = 50


@click.command(cls=Command)
@click.argument("mimei", metavar="[ID]", required=False)
@click.option("--who", metavar="WHO", help="Only of them: an id, a user's name, or owner, user, visitor or guest.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this.")
@click.option("--since", metavar="TIME", help="Only what was done since then: 30m, 12h, 7d, or 2026-01-31.")
@click.option(
    "--limit", type=click.IntRange(1), default=_SHOWN_DEFAULT, help="How many lines, the newest; 50 by default."
)
@pass_session
def audit(
    session: Session, mimei: str | None, who: str | None, kind: str | None, since: str | None, limit: int
) -> None:
    """Show who did what with what is yours, and where you signed in.

    The same done by the same within an hour is one line with a count. Guests are counted, and never told apart.
    """
    wanted: dict[str, Any] = {"who": who, "kind": kind, "since": _since(since) if since is not None else None}
    items: list[dict[str, Any]] = []
    with session.api() as api:
        if mimei is not None:
            wanted["mimei"] = resolve_whole(api, mimei)
        given = {name: value for name, value in wanted.items() if value is not None}
        for item in api.pages("/audit", cursor="cursor", **given):
            items.append(item)
            if len(items) == limit:
                break
    columns = ("last", "who", "what", "count", "through", "mimei", "right")
    rows = [
        (
            moment(item["last"]),
            _who(item),
            item["kind"],
            item["count"],
            item["front"],
            item["mimei"] or "",
            item["right"] or "",
        )
        for item in items
    ]
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="nothing was done"))


def _who(item: dict[str, Any]) -> str:
    """Return in a few words who it was, and with what."""
    who = "you" if item["yours"] else item["name"] or item["role"]
    if not item["yours"] and item["name"] is None and item["who"] is not None:
        who = f"{item['role']} {item['who']}"
    return f"{who} ({item['label']})" if item["label"] else who


def _since(given: str) -> str:
    """Return a moment as the API takes it: so long ago, or a day."""
    amount, unit = given[:-1], given[-1:]
    if amount.isascii() and amount.isdigit() and unit in _UNITS:
        return (datetime.now(UTC) - timedelta(**{_UNITS[unit]: int(amount)})).isoformat()
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f"{given!r} is neither like 12h nor like 2026-01-31", param_hint="--since") from None
    return found.astimezone().isoformat()
