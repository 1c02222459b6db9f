"""Moments as text with nanoseconds (RFC 3339), as IPNS records have them."""

import re
from datetime import UTC, datetime, timedelta

_MOMENT = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))")
_NS = 1_000_000_000


def format_moment(unix_ns: int) -> str:
    """Return the text of a moment from 1970 to 9999, in nanoseconds since 1970-01-01 UTC."""
    seconds, rest_ns = divmod(unix_ns, _NS)
    whole = datetime.fromtimestamp(seconds, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{rest_ns:09}Z"


def parse_moment(text: bytes) -> int | None:
    """Return the moment in nanoseconds since 1970-01-01 UTC, or None where the text names none."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    whole, fraction, sign, hours, minutes = match.groups()
    try:
        moment = datetime.fromisoformat(whole.decode("ascii")).replace(tzinfo=UTC)
    except ValueError:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    if sign is not None:
        ahead = timedelta(hours=int(hours), minutes=int(minutes))
        since += -ahead if sign == b"+" else ahead
    return (since.days * 86_400 + since.seconds) * _NS + int((fraction or b"").ljust(9, b"0"))
