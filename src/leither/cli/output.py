"""How answers look: tables on a terminal, tab-separated lines in a pipe, one JSON document on request."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

_NUMBERS = frozenset({"size", "n", "versions", "unsaved", "rel", "count"})
_FOLDED = frozenset(
    {"mark", "app", "note", "cid", "version", "name", "value", "what it is", "path", "for", "set aside"}
)
"""Columns that give way on a narrow terminal; the others stay whole, to be read and copied."""
_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


class Output:
    """Standard output and standard error of one run."""

    def __init__(self, *, json: bool) -> None:
        self.json = json

    @property
    def shows_progress(self) -> bool:
        """Whether somebody watches: the answer is for people, and standard error is a terminal."""
        return not self.json and sys.stderr.isatty()

    def document(self, answer: Any) -> None:  # noqa: ANN401
        """Print `answer` as JSON."""
        print(json.dumps(answer, ensure_ascii=False, indent=2))

    def line(self, text: str = "") -> None:
        """Print a line for people."""
        print(clean(text))

    def notice(self, text: str) -> None:
        """Tell something beside the answer, on standard error."""
        print(clean(text), file=sys.stderr)

    def fields(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Print names and values, one a line; None is left out."""
        shown = [(name, clean(_text(value))) for name, value in pairs if value is not None]
        width = max((len(name) for name, _ in shown), default=0)
        for name, value in shown:
            print(f"{name:<{width}}  {value}".rstrip())

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
        """Print rows under their columns; `empty` is said when there are none.

        A pipe gets lines with tabs between the cells and no heading, for `cut` and `awk`.
        """
        cells = [[clean(_text(cell)) for cell in row] for row in rows]
        if not cells:
            self.notice(empty)
        elif sys.stdout.isatty():
            _terminal_table(columns, cells)
        else:
            for row in cells:
                print("\t".join(row))


def _terminal_table(columns: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(
            column,
            overflow="fold",
            no_wrap=column not in _FOLDED,
            justify="right" if column in _NUMBERS else "left",
        )
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def clean(text: str) -> str:
    """Return `text` without characters that steer a terminal or turn the reading direction; they show as escapes.

    Names come from others, and a name must not move the cursor.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _harmless(character) else _escape(character) for character in text)


def _harmless(character: str) -> bool:
    code = ord(character)
    steers = code < 0x20 or 0x7F <= code < 0xA0 or code in {0x2028, 0x2029, 0x061C, 0xFEFF}
    turns = 0x200E <= code <= 0x200F or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return not (steers or turns or 0xD800 <= code <= 0xDFFF)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def size(size_bytes: int | None) -> str | None:
    """Return a size as people read it, e.g. `1.4 MiB`; None stays None."""
    if size_bytes is None:
        return None
    amount, unit = float(size_bytes), 0
    while amount >= 1024 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{size_bytes:,} bytes" if unit == 0 else f"{amount:,.1f} {_UNITS[unit]}"


def moment(text: str | None) -> str | None:
    """Return an RFC 3339 time as local time to the minute; None stays None, and what is no time stays as it is."""
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return text


def count(number: int, one: str, many: str | None = None) -> str:
    """Return e.g. `1 file` or `3,000 files`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
