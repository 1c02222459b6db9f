"""Finding the programs that figures are compared with. One that can't be had is said to be missing, never made up."""

import os
import shutil
import subprocess
import venv
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
BUILT = Path(__file__).parents[2] / "build" / "peers"


@cache
def kubo() -> Path | None:
    """Return an `ipfs` binary: the one that BENCH_KUBO names, one on the PATH, or one built from its module."""
    named = os.environ.get("BENCH_KUBO")
    if named:
        return Path(named)
    found = shutil.which("ipfs")
    if found:
        return Path(found)
    built = BUILT / "ipfs"
    if not built.exists() and shutil.which("go"):
        print("building Kubo from its Go module, once; this takes some minutes", flush=True)
        environment = os.environ | {"GOBIN": str(BUILT), "GOFLAGS": "-buildvcs=false"}
        command = ["go", "install", "github.com/ipfs/kubo/cmd/ipfs"]
        if subprocess.run(command, cwd=HERE / "kubo", env=environment, check=False).returncode:
            return None
    return built if built.exists() else None


@cache
def helia() -> Path | None:
    """Return the folder of the Helia scripts with their packages installed."""
    return _node_packages("helia")


@cache
def solid() -> Path | None:
    """Return the folder of the Community Solid Server's package, installed with all it needs."""
    folder = _node_packages("solid")
    return None if folder is None else folder / "node_modules" / "@solid" / "community-server"


def _node_packages(name: str) -> Path | None:
    if not shutil.which("npm"):
        return None
    folder = BUILT / name
    if not (folder / "node_modules" / ".package-lock.json").exists():
        shutil.copytree(HERE / name, folder, dirs_exist_ok=True)
        command = ["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--silent"]
        if subprocess.run(command, cwd=folder, check=False).returncode:
            return None
    return folder


@cache
def wsgidav() -> Path | None:
    """Return a Python that has WsgiDAV, in an environment of its own."""
    return _python_packages("wsgidav")


@cache
def doltlite() -> Path | None:
    """Return a Python that has doltlite, in an environment of its own, because it takes the place of SQLite."""
    return _python_packages("doltlite")


def _python_packages(name: str) -> Path | None:
    folder = BUILT / name
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        venv.create(folder, with_pip=True, clear=True)
        options = ["--quiet", "--no-deps", "--require-hashes"]
        command: list[str | Path] = [python, "-m", "pip", "install", *options, "-r", HERE / name / "requirements.txt"]
        if subprocess.run(command, check=False).returncode:
            return None
        (folder / "complete").touch()
    return python


def kubo_environment(home: Path) -> dict[str, str]:
    """Return the environment of an `ipfs` that works offline in `home`, made on first use."""
    environment = os.environ | {"IPFS_PATH": str(home), "IPFS_TELEMETRY": "off", "DO_NOT_TRACK": "1"}
    if not (home / "config").exists():
        run = [str(kubo()), "init", "--profile=test,unixfs-v1-2025"]
        subprocess.run(run, env=environment, check=True, stdout=subprocess.DEVNULL)
    return environment
