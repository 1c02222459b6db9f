"""Kinds of values on the command line."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40, "P": 1 << 50}
_SIZE = re.compile(r"(\d{1,19})\s*(?:([KMGTP])(?:iB|B)?|B|bytes)?", re.IGNORECASE)


class Size(click.ParamType[int]):
    """A size in bytes, written as a number or with a unit of 1024, such as 10GiB."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes, or fail with what is allowed."""
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value).strip())
        if not found:
            self.fail(
                f"{value!r} is not a size; write bytes, or a number with K, M, G, T (of 1024), such as 10G", param, ctx
            )
        return int(found[1]) * _UNITS[(found[2] or "").upper()]


SIZE = Size()


_SPANS = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "y": 365 * 24 * 3600}
_SPAN = re.compile(r"(\d{1,9})\s*([smhdy])", re.IGNORECASE)


class Duration(click.ParamType[int]):
    """A span of time in seconds, written with a unit, such as 90m, 1h or 30d."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds, or fail with what is allowed."""
        if isinstance(value, int):
            return value
        found = _SPAN.fullmatch(str(value).strip())
        if not found or not int(found[1]):
            self.fail(f"{value!r} is no span of time; write a number with s, m, h, d or y, such as 30d", param, ctx)
        return int(found[1]) * _SPANS[found[2].lower()]


DURATION = Duration()


class Until(click.ParamType[int]):
    """A moment to come, written as a date with or without a time; as the seconds that are left until then."""

    name = "moment"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds from now, or fail with what is allowed. Without a zone it is this machine's time."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is no date; write one such as 2027-03-01 or 2027-03-01T18:00", param, ctx)
        left_s = int((moment.astimezone() - datetime.now(UTC)).total_seconds())
        if left_s < 1:
            self.fail(f"{value!r} is over; write a moment to come", param, ctx)
        return left_s


def how_long(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options `--for` and `--until`, which the command gets as `seconds`. `default` is said in the help."""

    def take(context: click.Context, parameter: click.Parameter, value: int | None) -> None:
        if value is None:
            context.params.setdefault("seconds", None)
        elif context.params.get("seconds") is not None:
            raise click.UsageError("either --for, or --until")
        else:
            context.params["seconds"] = value

    options: dict[str, Any] = {"expose_value": False, "callback": take}

    def add(command: Callable[..., None]) -> Callable[..., None]:
        command = click.option("--until", type=Until(), metavar="DATE", help="Until when.", **options)(command)
        help_text = f"For how long, such as 30d; {default}."
        return click.option("--for", type=DURATION, metavar="TIME", help=help_text, **options)(command)

    return add
