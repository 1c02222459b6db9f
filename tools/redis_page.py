"""The page of the reference that lists the commands of the Redis front door."""

from __future__ import annotations

from leither.db.refused import REFUSED
from leither.resp.table import Commands

_GROUPS = {
    "mimei": "MiMei",
    "string": "Strings",
    "bitmap": "Bits",
    "hash": "Hashes",
    "list": "Lists",
    "set": "Sets",
    "sorted-set": "Sorted sets",
    "generic": "Keys",
    "transactions": "Transactions",
    "pubsub": "Channels",
    "connection": "Connection",
    "server": "Server",
}


def redis_page() -> str:
    """Return `docs/reference/redis.md`: every command with its sentence, and what is refused with its reason."""
    commands = Commands()
    lines = [
        "# Redis commands",
        "",
        "Made from the command table by `make fix`. Commands, replies and error texts are those of Redis 7.0; what a",
        "command does in detail stands in Redis' own documentation. [How to use a database from a Redis client]",
        "(../howto/redis.md) says how to connect.",
    ]
    for group, title in _GROUPS.items():
        lines += ["", f"## {title}", "", "| Command | What it does |", "|---|---|"]
        for command in commands.top:
            if command.group != group:
                continue
            for each in commands.inside(command) or [command]:
                shown = each.name.decode().upper().replace("|", " ")
                lines.append(f"| `{shown}` | {each.summary.replace('|', chr(92) + '|')} |")
    lines += ["", "## Refused", "", "Redis has these, a MiMei has not.", "", "| Commands | Why |", "|---|---|"]
    reasons: dict[str, list[str]] = {}
    for name, reason in REFUSED.items():
        reasons.setdefault(reason, []).append(f"`{name.decode().upper()}`")
    lines += [f"| {', '.join(sorted(names))} | {reason} |" for reason, names in reasons.items()]
    return "\n".join(lines).replace("client]\n(", "client](") + "\n"
