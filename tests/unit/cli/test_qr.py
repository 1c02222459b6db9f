"""QR codes in a terminal."""

from __future__ import annotations

import pytest
import segno

from leither.cli.qr import qr_text

URL = "https://192.168.1.5:4800/trust#sha256=" + "AB" * 32
_HALVES = {"█": (0, 0), " ": (1, 1), "▀": (0, 1), "▄": (1, 0)}
"""Whether the upper and the lower half of a cell are dark."""


def modules(drawn: str) -> list[list[int]]:
    """The dark and light squares that half blocks show."""
    rows = []
    for line in drawn.splitlines():
        rows += [[_HALVES[cell][half] for cell in line] for half in (0, 1)]
    return rows


def test_a_code_shows_every_square_with_light_around() -> None:
    expected = [list(row) for row in segno.make(URL, error="l", micro=False).matrix_iter(border=2)]
    shown = modules(qr_text(URL, coloured=False))
    assert shown[: len(expected)] == expected


def test_a_code_fits_a_small_terminal() -> None:
    lines = qr_text(URL, coloured=False).splitlines()
    assert (len(lines) <= 24, len(lines[0]) <= 80) == (True, True)


@pytest.mark.parametrize("coloured", [True, False])
def test_a_code_is_light_on_dark_whatever_the_terminals_colours(coloured: bool) -> None:
    lines = qr_text(URL, coloured=coloured).splitlines()
    assert all(line.startswith("\x1b[97;40m") and line.endswith("\x1b[0m") for line in lines) is coloured
    assert any("\x1b" in line for line in lines) is coloured
