"""A short run of the fuzz targets, so that they keep working; long runs are for `fuzz/` itself."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from tests.conformance.independent import REPOSITORY


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is made for Linux on x86-64 only")
@pytest.mark.parametrize(
    "target", ["bitswap", "car", "names", "network", "pairing", "records", "resp", "sync", "unixfs"]
)
def test_a_short_fuzzing_run_finds_nothing(target: str) -> None:
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "fuzz" / f"{target}.py"), "--runs", "2000"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert "DONE" in done.stderr
