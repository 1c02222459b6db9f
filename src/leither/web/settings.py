"""What the front door needs to know of the node's settings."""

from dataclasses import dataclass, field

from leither.crypto import MimeiId, id_text
from leither.web.lan import Lan


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Where the node is reached.

    Fields: port: of the listening socket. hosts: names and addresses, without port, under which the node itself
    answers. extra_hosts: further values of the Host header to accept, port included, for a proxy in front. lan: how
    other machines reach the node, None if they don't.
    """

    port: int
    hosts: frozenset[str] = field(default=frozenset({"localhost", "127.0.0.1", "[::1]"}))
    extra_hosts: frozenset[str] = field(default=frozenset())
    lan: Lan | None = None

    @property
    def port_suffix(self) -> str:
        """What follows a host name in an address; nothing for the scheme's own port."""
        return "" if self.port == 80 else f":{self.port}"

    @property
    def url(self) -> str:
        """Address of the node's own page."""
        return f"http://localhost{self.port_suffix}/"

    def app_url(self, mimei: MimeiId, path: str = "/") -> str:
        """Return the address of `path` at the origin of the app `mimei`."""
        return f"http://{id_text(mimei)}.localhost{self.port_suffix}{path}"
