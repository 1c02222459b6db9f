"""A MiMei mounted as a folder by davfs2, through the kernel's FUSE."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.dav_node import DavNode

_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
_FUSE = Path("/dev/fuse")
_CAP_SYS_ADMIN = 21
_SETTINGS = "delay_upload 0\nbuf_size 256\n"
"""Linux 6.16 and newer read directories in pieces of up to 128 KiB, which davfs2 before 1.7.2 refuses as invalid unless
its buffer, 16 KiB by default, is larger."""


def why_no_mount() -> str:
    """Say what keeps this process from mounting; nothing where it can."""
    status = Path("/proc/self/status")
    if os.geteuid() != 0 or not status.exists():
        return "only root can mount, on Linux"
    held = next(line for line in status.read_text().splitlines() if line.startswith("CapEff:"))
    if not int(held.split()[1], 16) >> _CAP_SYS_ADMIN & 1:
        return "this root may not mount (no CAP_SYS_ADMIN)"
    try:
        os.close(os.open(_FUSE, os.O_RDWR))
    except OSError as error:
        return f"{_FUSE} can't be opened ({error.strerror})"
    return ""


@contextmanager
def mounted(node: DavNode) -> Iterator[Path]:
    """Yield the folder the MiMei is mounted at. What was written there has arrived once the context ends."""
    reason = why_no_mount()
    if reason:
        pytest.skip(f"davfs2 is not tried: {reason}")
    with tempfile.TemporaryDirectory(prefix="leither-mount-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # davfs2 works as a user of its own
        at, cache, settings = folder / "at", folder / "cache", folder / "davfs2.conf"
        at.mkdir()
        cache.mkdir()
        shutil.chown(cache, group="davfs2")
        cache.chmod(0o775)
        settings.write_text(f"cache_dir {cache}\n{_SETTINGS}")
        environment = node.environment | {"PATH": _PATH}
        # Its daemon keeps the standard streams for a while, so what it says goes to a file.
        with (folder / "said").open("w+") as said:
            command = ["mount.davfs", "-o", f"conf={settings}", node.url, str(at)]
            signing_in = f"anybody\n{node.token}\n"
            done = subprocess.run(
                command, env=environment, input=signing_in, stdout=said, stderr=said, text=True, timeout=60, check=False
            )
            said.seek(0)
            assert done.returncode == 0, said.read()
        try:
            yield at
        finally:
            subprocess.run(["umount", str(at)], env=environment, check=True, timeout=60, stdout=subprocess.DEVNULL)
