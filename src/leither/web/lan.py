"""What the front door needs to know of how other machines reach the node. The node itself tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from leither.crypto import MimeiId


@dataclass(frozen=True, slots=True)
class Authority:
    """The certificate of this node's own authority, in both forms that systems take, and how they show its SHA-256."""

    pem: bytes
    der: bytes
    fingerprint: str
    ends_ms: int


@dataclass(frozen=True, slots=True)
class CertificateHeld:
    """The certificate that other machines are shown. `names` holds its addresses too."""

    fingerprint: str
    names: Sequence[str]
    begins_ms: int
    ends_ms: int


@dataclass(frozen=True, slots=True)
class LanFacts:
    """How other machines reach a node, as it tells its owner.

    Fields: tls: `off`, `local` or `files`. hosts: best first; none where nobody reaches it. warnings: what its owner
    should know, in words. apps: by their ports.
    """

    tls: str = "off"
    secure: bool = False
    hosts: Sequence[str] = ()
    port: int = 0
    redis_port: int = 0
    certificate: CertificateHeld | None = None
    authority: Authority | None = None
    warnings: Sequence[str] = ()
    apps: Mapping[int, MimeiId] = field(default_factory=dict)

    @property
    def urls(self) -> list[str]:
        """The addresses of the node's own page."""
        scheme, own_port = ("https", 443) if self.secure else ("http", 80)
        return [f"{scheme}://{host}{'' if self.port == own_port else f':{self.port}'}/" for host in self.hosts]

    @property
    def redis_urls(self) -> list[str]:
        """The addresses for Redis clients."""
        return [f"{'rediss' if self.secure else 'redis'}://{host}:{self.redis_port}" for host in self.hosts]


class Lan(Protocol):
    """The hosts and ports that other machines use. They change while the node runs."""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""

    @property
    def port(self) -> int:
        """The node's own port."""

    @property
    def authority(self) -> Authority | None:
        """What other machines have to trust, where the node vouches for itself."""

    def answers_to(self, host: str) -> bool:
        """Tell whether `host` is the node: a name or an address in lower case, without a port."""

    def app_at(self, port: int) -> MimeiId | None:
        """Return the app whose origin a port is."""

    def port_of(self, mimei: MimeiId) -> int | None:
        """Return the port of an app, None while it has none."""

    async def open(self, mimei: MimeiId) -> int:
        """Return the port of an app; give it one and listen there, if it has none. Raises: NoPortLeft."""


class LanOffice(Protocol):
    """What the owner can ask and do about it, whether or not the node is reached."""

    def facts(self) -> LanFacts:
        """Return how it stands. May wait for the disk. Raises: what reading the authority raises."""

    async def free(self, mimei: MimeiId) -> Sequence[int]:
        """Let other apps have the ports of `mimei`, and return them. Raises: NoPortGiven."""
