"""The port to trustless gateways: blocks by HTTP, from whoever serves them.

Adapters: HTTP (`leither.net`) and memory (`leither.testing`). What comes is not checked here.
"""

from collections.abc import Iterator
from typing import Protocol

from leither.codec import Cid


class Gateway(Protocol):
    """One gateway. Thread-safe."""

    @property
    def url(self) -> str:
        """The address that `/ipfs/` follows."""

    def fetch_block(self, cid: Cid) -> bytes | None:
        """Return the bytes that the gateway gives for a block, limits.BLOCK_BYTES_MAX at the most; None if it has none.

        Raises: GatewayFailed.
        """

    def fetch_car(self, root: Cid) -> Iterator[bytes]:
        """Yield, piece by piece, the CAR that the gateway gives for all below `root`. Raises: GatewayFailed.

        Leaving the iterator early ends the request.
        """

    def close(self) -> None:
        """End what is under way, and let no request begin. Idempotent."""


class Gateways(Protocol):
    """Opens gateways by their address."""

    def open(self, url: str) -> Gateway:
        """Return the gateway at `url`; nothing is sent yet. Raises: BadGatewayUrl."""
