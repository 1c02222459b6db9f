"""A network of the test's own: a namespace in which this machine has LAN addresses, and no way out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.program import PROGRAM, TIMEOUT_S, Answer, environment

ADDRESS, ADDRESS_6 = "192.168.77.1", "fd00:77::1"
PUBLIC = "203.0.113.9"
_SETUP = f"""
PATH=$PATH:/sbin:/usr/sbin
ip link set lo up
ip address add {ADDRESS}/24 dev lo
ip address add {ADDRESS_6}/64 dev lo nodad
ip address add {PUBLIC}/32 dev lo
echo ready
exec cat
"""


@dataclass(frozen=True)
class Namespace:
    """`within` runs a command in it."""

    within: tuple[str, ...]

    def run(self, *command: str, home: Path, **more: str) -> Answer:
        """Run a command to its end; `leither` is the program."""
        words = [str(PROGRAM), *command[1:]] if command[0] == "leither" else list(command)
        done = subprocess.run(
            [*self.within, *words],
            env={**environment(home, **more), "NO_PROXY": "*"},
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


@contextmanager
def namespace() -> Iterator[Namespace]:
    """Have a namespace while the context lasts. Skips the test where the system lets nobody make one."""
    holder = subprocess.Popen(
        ["unshare", "--map-root-user", "--net", "sh", "-e", "-c", _SETUP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no network namespace can be made here: {holder.communicate()[1]}")
        target = ("--target", str(holder.pid), "--user", "--net")
        yield Namespace(("nsenter", *target, "--preserve-credentials", "--"))
    finally:
        holder.kill()
        holder.communicate(timeout=TIMEOUT_S)
