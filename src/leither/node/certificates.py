"""The certificate that other machines are shown: where it comes from, and what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from leither.crypto.certificate import CertificateFacts

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate to use: where it and its key are, what it says, what its owner should know."""

    certificate: Path
    key: Path
    facts: CertificateFacts
    warnings: tuple[str, ...] = ()


class Certificates(Protocol):
    """Where the certificate comes from."""

    def current(self, names: Sequence[str], addresses: Sequence[str], now_ms: int) -> Held:
        """Return the certificate to use now for these names and addresses. May wait for the disk."""

    def covers(self, address: str) -> bool:
        """Tell whether a certificate can be had for `address`, so that it makes sense to listen there."""


def day(ms: int) -> str:
    """Return the UTC date of a moment."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d")
