"""Histories of a database: what clients asked, when they asked and were answered, and whether that can be so."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

CHECKER = Path(__file__).parent / "linearizable"
TIMEOUT_S = 200

Kind = Literal["run", "exec", "watch", "unwatch", "kill"]
Words = list[str]


@dataclass
class Call:
    """What one client asked: a command, a transaction as EXEC runs it, WATCH or UNWATCH. Or the server's being killed.

    Fields: call, end: nanoseconds of one monotonic clock. known: whether an answer came. replies: one a command, as
    JSON has them; None for an EXEC that did nothing. life: how often the server had been killed.
    """

    client: int
    kind: Kind
    commands: list[Words]
    call: int
    end: int = 0
    known: bool = False
    replies: list[object] | None = None
    life: int = 0

    def line(self) -> str:
        told = asdict(self)
        told["return"] = told.pop("end")
        return json.dumps(told)


class Recorder:
    """A history as it grows. Thread-safe."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._life = 0
        self._lock = threading.Lock()
        self._answered = threading.Semaphore(0)

    def begin(self, client: int, kind: Kind, *commands: Words) -> Call:
        """Note that a call is made now."""
        call = Call(client, kind, list(commands), time.monotonic_ns(), life=self._life)
        with self._lock:
            self.calls.append(call)
        return call

    def answer(self, call: Call, replies: list[object] | None) -> None:
        """Note that a call is answered now."""
        call.end = time.monotonic_ns()
        call.known, call.replies = True, replies
        self._answered.release()

    def await_answers(self, count: int) -> None:
        """Wait until so many more calls are answered."""
        for _ in range(count):
            assert self._answered.acquire(timeout=TIMEOUT_S), "no answer comes"

    def killed(self) -> None:
        """Note that the server is gone: what is not answered happened before this moment, or never will."""
        kill = self.begin(0, "kill")
        self.answer(kill, None)
        self._life += 1
        for call in self.calls:
            if not call.known:
                call.end = call.end or kill.end + 1


def build(folder: Path) -> Path:
    """Build the checker and return its path."""
    program = shutil.which("go")
    assert program is not None, "go is not on this machine; tools/debian-packages.txt names its package"
    made = folder / "linearizable"
    done = subprocess.run(
        [program, "build", "-o", made, "."], cwd=CHECKER, capture_output=True, text=True, timeout=TIMEOUT_S
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return made


def judged(checker: Path, calls: Iterable[Call], *options: str) -> str:
    """Return what the checker says of a history."""
    lines = "\n".join(call.line() for call in sorted(calls, key=lambda call: call.call))
    done = subprocess.run([checker, *options], input=lines, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout
