"""Programs that are told what to do by lines of JSON, and answer by lines of JSON."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TIMEOUT_S = 60
REPOSITORY = Path(__file__).parents[2]


class Told:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.id = str(self.heard())

    def ask(self, command: str, *arguments: object) -> Any:  # noqa: ANN401
        """Send a command; return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._process.stdin.flush()
        return self.heard()

    def heard(self) -> Any:  # noqa: ANN401
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"it ended: {self._process.wait(TIMEOUT_S)}"
        return json.loads(line)


@contextmanager
def told(within: Sequence[str], program: str, *arguments: str) -> Iterator[Told]:
    """Run a module as a program while the context lasts. What it says on its standard error is shown."""
    command = [*within, sys.executable, "-m", program, *arguments]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Told(process)
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()


def answer(first: object, commands: dict[str, Callable[..., object]]) -> None:
    """Say `first`, and answer commands until the input ends."""
    print(json.dumps(first), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(commands[name](*arguments)), flush=True)
