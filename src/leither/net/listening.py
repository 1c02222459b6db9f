"""Ports that are listened on."""

import socket

from leither.codec.multiaddr import Multiaddr, tcp_address


def listening_socket(address: Multiaddr) -> socket.socket:
    """Return a socket bound to a TCP port that nobody else listens on, and that may be dialled from. Raises: OSError.

    It says that it speaks TCP: asyncio sends small writes without delay only then.
    """
    host, port = address.parts[0][1], int(address.value("tcp") or 0)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as alone:
        # A shared port could be taken by two programs, so it is asked for alone first.
        _only_its_family(alone)
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        alone.bind((host, port))
        alone.listen(1)
        port = alone.getsockname()[1]
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        _only_its_family(made)
        share_port(made)
        made.bind((host, port))
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def bound_address(bound: socket.socket) -> Multiaddr:
    """Return the address that a socket is bound to, with the port that was given."""
    host, port = bound.getsockname()[:2]
    return tcp_address(host, port)


def share_port(made: socket.socket) -> None:
    """Let a port be listened on and dialled from at once, where the system can."""
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def _only_its_family(made: socket.socket) -> None:
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
