"""Which addresses may be dialled and told, by how far the network is switched on."""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network

from leither.codec.multiaddr import Multiaddr, tcp_address
from leither.ports.network import Reach

_SHARED = ip_network("100.64.0.0/10")
_DIALLED = {"tcp", "ws", "wss", "tls", "sni", "p2p", "ip4", "ip6", "dns", "dns4", "dns6"}


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
    return set(names) <= _DIALLED and names[1:2] == ["tcp"] and ("tls" not in names or "ws" in names)


def plainest(addresses: Iterable[Multiaddr]) -> list[Multiaddr]:
    """Return the addresses without those of WebSockets that are reached without one at the same place."""
    found = list(dict.fromkeys(each.without_peer() for each in addresses))
    plain = {each.parts for each in found}
    return [each for each in found if each.parts[-1][0] != "ws" or each.parts[:-1] not in plain]


def told_addresses(
    listening: Iterable[Multiaddr], machine: Callable[[], Sequence[str]], reach: Reach
) -> list[Multiaddr]:
    """Return the addresses by which others reach what is listened on, WebSockets included.

    machine: tells this machine's IP addresses, which stand for the address that means all of them.
    """
    found: list[Multiaddr] = []
    for address in listening:
        ip = address.ip
        if ip is None or not ip.is_unspecified:
            found.append(address)
            continue
        same = [each for each in machine() if (":" in each) == (ip.version == 6)]
        found += [tcp_address(each, int(address.value("tcp") or 0)) for each in same]
    allowed = [each for each in found if may_dial(each, reach)]
    return allowed + [Multiaddr((*each.parts, ("ws", ""))) for each in allowed if each.parts[-1][0] == "tcp"]


def worth_telling(addresses: Iterable[Multiaddr], listener: Multiaddr) -> list[Multiaddr]:
    """Return the addresses worth telling somebody who sees us from `listener`: no loopback beyond this machine."""
    ip = listener.ip
    near = ip is not None and ip.is_loopback
    return [each for each in addresses if near or each.ip is None or not each.ip.is_loopback]


def widest_first(found: Sequence[Multiaddr]) -> list[Multiaddr]:
    """Return addresses, those that lie widest first: global ones, then the LAN's, then this machine's."""
    return sorted(found, key=lambda each: (each.ip is not None and not each.ip.is_global, _is_loopback(each)))


def _is_loopback(address: Multiaddr) -> bool:
    return address.ip is not None and address.ip.is_loopback
