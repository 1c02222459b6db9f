"""Addresses that stand for others, which the DNS tells: `/dnsaddr/<name>`, as the public network's first peers have.

Source: multiformats/multiaddr, protocols/DNSADDR.md.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.limits import DNS_S, DNSADDR_LOOKUPS_MAX, PEER_ADDRESSES_MAX

Texts = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the TXT records of a name, none where nobody knows any."""

_BEGINS = "dnsaddr="


async def texts_of(name: str) -> list[str]:
    """Return the TXT records of a name, as the servers tell that this machine is set to ask."""
    import dns.asyncresolver  # takes 10 MB that most nodes need not spend
    import dns.exception

    try:
        found = await dns.asyncresolver.resolve(f"{name}.", "TXT", lifetime=DNS_S)
    except (dns.exception.DNSException, OSError):
        return []
    return [b"".join(record.strings).decode("ascii", "replace") for record in found]


def stands_for_others(address: Multiaddr) -> bool:
    """Tell whether an address is a name under which others are told."""
    return address.parts[0][0] == "dnsaddr" and not address.relayed


async def resolved(addresses: Iterable[Multiaddr], texts: Texts) -> list[Multiaddr]:
    """Return addresses with those that each name stands for in its place, level by level.

    What a name tells counts if it ends as the address did that named it, with the same peer. Lookups and addresses are
    bounded, so names may lead in circles.
    """
    found: list[Multiaddr] = []
    waiting = deque(addresses)
    looked_up = 0
    while waiting and len(found) < PEER_ADDRESSES_MAX:
        address = waiting.popleft()
        if not stands_for_others(address):
            found.append(address)
        elif looked_up < DNSADDR_LOOKUPS_MAX:
            looked_up += 1
            waiting += _told(address, await texts(f"_dnsaddr.{address.parts[0][1]}"))
    return list(dict.fromkeys(found))


def _told(address: Multiaddr, texts: Iterable[str]) -> list[Multiaddr]:
    end = address.parts[1:]
    found = []
    for text in texts:
        if not text.startswith(_BEGINS):
            continue
        try:
            told = Multiaddr.parse(text.removeprefix(_BEGINS))
        except NotAMultiaddr:
            continue  # of a kind that is not known here, as others may use
        if told.parts[-len(end) :] == end or not end:
            found.append(told)
    return found
