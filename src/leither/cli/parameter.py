"""Kinds of values on the command line."""

import re

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
