"""Homes of browsers that trust an authority."""

from __future__ import annotations

import subprocess
from pathlib import Path


def trusting_home(home: Path, authority: bytes) -> Path:
    """Make a home whose Chromium trusts `authority`, a certificate in PEM."""
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True)
    file = home / "authority.pem"
    file.write_bytes(authority)
    certutil = ("certutil", "-d", f"sql:{database}")
    subprocess.run([*certutil, "-N", "--empty-password"], check=True, capture_output=True)
    subprocess.run([*certutil, "-A", "-t", "C,,", "-n", "leither", "-i", str(file)], check=True, capture_output=True)
    return home
