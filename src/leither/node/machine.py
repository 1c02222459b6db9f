"""The machine a node runs on, as other machines find it: its name, and its addresses in their networks."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from leither import limits
from leither.config import LAN, Settings
from leither.crypto.authority import is_private

_EVERY_IPV4, _EVERY = "0.0.0.0", "::"  # noqa: S104 - read from the settings, never bound


@dataclass(frozen=True, slots=True)
class Machine:
    """`name` is what it calls itself; `addresses` tells all it has now, in the order of its interfaces."""

    name: str
    addresses: Callable[[], Sequence[str]]


def this_machine() -> Machine:
    """Return the machine this runs on."""
    return Machine(socket.gethostname(), _addresses)


def served_addresses(settings: Settings, machine: Machine) -> list[str]:
    """Return the addresses that other machines reach and that `settings` want served, best first; see limits.

    One that is named is served whether or not the machine has it; IPv4 comes first, as it is what people can type.
    """
    host = settings.host
    if host not in (LAN, _EVERY_IPV4, _EVERY):
        return [] if settings.is_loopback(host) else [host]
    found = [address for address in machine.addresses() if not settings.is_loopback(address)]
    if host == LAN:
        found = [address for address in found if is_private(ip_address(address))]
    if host == _EVERY_IPV4:
        found = [address for address in found if ":" not in address]
    found.sort(key=lambda address: ":" in address)
    return list(dict.fromkeys(found))[: limits.LAN_ADDRESSES_MAX]


def local_names(machine: Machine) -> list[str]:
    """Return the name by which neighbours find the machine, where its own name makes one. Source: RFC 6762."""
    label = machine.name.partition(".")[0].lower()
    plain = label.isascii() and label.replace("-", "").isalnum() and not label.isdigit() and label != "localhost"
    return [f"{label}.local"] if plain and len(label) <= 63 and not label.startswith("-") else []


def _addresses() -> list[str]:
    import psutil  # only nodes that others reach need it

    up = psutil.net_if_stats()
    found: list[str] = []
    for interface, addresses in psutil.net_if_addrs().items():
        if interface not in up or not up[interface].isup:
            continue
        of_ip = [each.address for each in addresses if each.family in (socket.AF_INET, socket.AF_INET6)]
        # An address with a zone can't stand in a browser's address line.
        found += [address for address in of_ip if "%" not in address]
    return found
