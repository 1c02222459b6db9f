"""What there is to see of how other machines reach the node: addresses, hosts, and a certificate for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from leither.config import Settings
from leither.crypto.certificate import address_of
from leither.node.certificates import Certificates, Held
from leither.node.given_certificates import GivenCertificates
from leither.node.local_certificates import LocalCertificates
from leither.node.machine import Machine, local_names, served_addresses
from leither.ports import Clock


@dataclass(frozen=True, slots=True)
class Sight:
    """How things stand at a moment. `left_out` are addresses that no certificate can be had for."""

    addresses: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    held: Held | None = None

    @property
    def warnings(self) -> list[str]:
        """What the owner should know."""
        found = list(self.held.warnings) if self.held is not None else []
        if self.left_out:
            found.append(
                f"the node does not listen on {', '.join(self.left_out)}: its own authority vouches for private "
                'addresses alone; for those, get a certificate elsewhere (tls = "files")'
            )
        return found


class Lookout:
    """Looks at the machine and at certificates, when asked."""

    def __init__(self, settings: Settings, machine: Machine, clock: Clock, local: LocalCertificates) -> None:
        self._settings = settings
        self._machine = machine
        self._clock = clock
        self._local = local

    def look(self) -> Sight:
        """Return how things stand now. May wait for the disk."""
        settings = self._settings
        found = served_addresses(settings, self._machine)
        if settings.tls == "off":
            return Sight(tuple(found), hosts=self._hosts(found, ()))
        certificates = self._certificates()
        # An address that is named is not left out in silence: no certificate for it is an error.
        addresses = [each for each in found if certificates.covers(each) or each == self._settings.host]
        hosts = self._hosts(addresses, ())
        names = [host for host in hosts if address_of(host) is None]
        numbers = [host.strip("[]") for host in hosts if address_of(host) is not None]
        left_out = tuple(each for each in found if each not in addresses)
        if not hosts:
            return Sight(left_out=left_out)
        held = certificates.current(names, numbers, self._clock.now_ms())
        if settings.tls == "files":
            hosts = self._hosts(addresses, [name for name in held.facts.names if "*" not in name])
        return Sight(tuple(addresses), left_out, hosts, held)

    def _certificates(self) -> Certificates:
        if self._settings.tls == "local":
            return self._local
        return GivenCertificates(self._settings.tls_certificate, self._settings.tls_key)

    def _hosts(self, addresses: Sequence[str], named: Sequence[str]) -> tuple[str, ...]:
        """Return the hosts the node answers to: chosen names first, then what people can type, then the others."""
        chosen = [name for name in self._settings.names.split(",") if name]
        # A certificate from elsewhere is for the names its owner wanted, and a neighbour's name is not among them.
        local = local_names(self._machine) if self._settings.tls != "files" else []
        short = [address for address in addresses if ":" not in address]
        long = [address for address in addresses if ":" in address]
        found = dict.fromkeys((*chosen, *named, *short, *local, *long))
        return tuple(f"[{host}]" if ":" in host else host for host in found)
