"""How the demo tells and ends. The demo itself is played by `make demo`, and in `make soak`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tools.demo.telling import Telling


def told(*claims: bool) -> tuple[int, list[str]]:
    said: list[str] = []
    telling = Telling(said.append)
    for number, is_proved in enumerate(claims):
        telling.claim(f"claim {number}", is_proved)
    return telling.end(), said


def test_it_ends_well_only_if_everything_was_proved() -> None:
    assert told(True, True)[0] == 0
    assert told(True, False)[0] == 1


def test_a_demo_that_claims_nothing_does_not_end_well() -> None:
    assert told()[0] == 1


def test_the_end_names_what_was_proved_and_what_was_not() -> None:
    _, said = told(True, False)
    assert said[-2:] == [" + claim 0", " - claim 1"]


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_the_demo_proves_everything_that_it_claims() -> None:
    done = subprocess.run([sys.executable, "-m", "tools.demo"], capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
