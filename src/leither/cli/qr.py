"""A QR code in the terminal, for a phone's camera."""

import io
import sys

_COLOURS, _PLAIN = "\x1b[97;40m", "\x1b[0m"
"""White on black, whatever the terminal's own colours are: cameras want the light around the dark."""


def qr_text(text: str, *, coloured: bool | None = None) -> str:
    """Return `text` as lines of half blocks; with colours where standard output is a terminal, or as told."""
    import segno  # 2 MB that nothing else needs

    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    if sys.stdout.isatty() if coloured is None else coloured:
        lines = [f"{_COLOURS}{line}{_PLAIN}" for line in lines]
    return "\n".join(lines)
