"""Adding one large file durably, as a whole process: `leither mm put`, `ipfs add`, and Helia's importer."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from benches.figure import Figure, in_turns
from benches.peers import helia, kubo, kubo_environment

MIB = 1 << 20
LEITHER = Path(sys.executable).parent / "leither"


def figures(*, file_mib: int = 1024, rounds: int = 3) -> list[Figure]:
    """Return the figures. Needs three times the file's size of disk."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        source = folder / "source"
        _make(source, file_mib)
        workers = {"leither": lambda: _leither(folder, source, file_mib)}
        if kubo():
            workers["Kubo, ipfs add --offline"] = lambda: _kubo(folder, source, file_mib)
        if helia():
            workers["Helia, importer on a folder (no fsync)"] = lambda: _helia(folder, source, file_mib)
        samples = in_turns(rounds, **workers)
        hashing = in_turns(rounds, hashing=lambda: _hash(source, file_mib))["hashing"]
    ours = samples.pop("leither")
    unit = "MiB/s"
    return [
        Figure(
            f"add a {file_mib} MiB file, durable, whole process",
            unit,
            ours,
            samples | {"openssl dgst -sha256 of the same file": hashing},
            ">= 1.5x Kubo",
            more_is_better=True,
        )
    ]


def _make(path: Path, size_mib: int) -> None:
    with path.open("wb") as file:
        for _ in range(size_mib):
            file.write(os.urandom(MIB))


def _timed(command: list[str], size_mib: int, environment: dict[str, str] | None = None) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return size_mib / (perf_counter() - start)


def _leither(folder: Path, source: Path, size_mib: int) -> float:
    home = folder / "leither"
    environment = os.environ | {"LEITHER_HOME": str(home), "LEITHER_WELCOME": "false"}
    create = [str(LEITHER), "mm", "create", "--type", "file", "--mark", "bench", "--json"]
    made = subprocess.run(create, env=environment, check=True, capture_output=True, text=True)
    figure = _timed([str(LEITHER), "mm", "put", json.loads(made.stdout)["id"], str(source)], size_mib, environment)
    shutil.rmtree(home)
    return figure


def _kubo(folder: Path, source: Path, size_mib: int) -> float:
    home = folder / "kubo"
    home.mkdir()
    figure = _timed([str(kubo()), "add", "--offline", "-Q", str(source)], size_mib, kubo_environment(home))
    shutil.rmtree(home)
    return figure


def _helia(folder: Path, source: Path, size_mib: int) -> float:
    store = folder / "helia"
    figure = _timed(["node", str(helia() / "add.mjs"), str(store), str(source)], size_mib)  # type: ignore[operator]
    shutil.rmtree(store)
    return figure


def _hash(source: Path, size_mib: int) -> float:
    return _timed(["openssl", "dgst", "-sha256", str(source)], size_mib)
