"""Which addresses may be dialled and told, by how far the network is switched on."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_network

from leither.codec.multiaddr import Multiaddr
from leither.ports.network import Reach

_SHARED = ip_network("100.64.0.0/10")
_DIALLED = {"tcp", "ws", "p2p", "ip4", "ip6", "dns", "dns4", "dns6"}


def is_neighbour(ip: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address lies in a private network or on the same link."""
    return (ip.is_private or ip.is_link_local or ip in _SHARED) and not ip.is_unspecified


def may_dial(address: Multiaddr, reach: Reach) -> bool:
    """Tell whether a node that reaches this far may dial an address. Names are looked up only beyond the LAN."""
    ip = address.ip
    if reach == Reach.OFF:
        return ip is not None and ip.is_loopback
    if reach == Reach.LAN:
        return ip is not None and (ip.is_loopback or is_neighbour(ip))
    return ip is None or not (ip.is_multicast or ip.is_unspecified)


def is_dialled(address: Multiaddr) -> bool:
    """Tell whether an address is of a transport that is spoken here."""
    names = [name for name, _ in address.parts]
    return set(names) <= _DIALLED and names[1:2] == ["tcp"]


def worth_telling(addresses: Iterable[Multiaddr], listener: Multiaddr) -> list[Multiaddr]:
    """Return the addresses worth telling somebody who sees us from `listener`: no loopback beyond this machine."""
    ip = listener.ip
    near = ip is not None and ip.is_loopback
    return [each for each in addresses if near or each.ip is None or not each.ip.is_loopback]
