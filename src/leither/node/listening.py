"""The sockets a node listens on, bound before anything else is opened."""

import errno
import os
import socket
from pathlib import Path

from leither.errors import Conflict, DeniedError, InputError

_BACKLOG = 1024
_IPV4_LOOPBACK, _IPV6_LOOPBACK = "127.0.0.1", "::1"
_NO_IPV6 = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT})


class PortTaken(Conflict):
    """Another program listens there already."""

    code = "port-taken"

    def __init__(self, host: str, port: int, setting: str, file: Path) -> None:
        self.host = host
        self.port = port
        self.setting = setting
        super().__init__(
            f"port {port} on {host} is taken by another program; stop that one, or set {setting} in {file} or "
            f"LEITHER_{setting.upper()} to a free port"
        )


class PortForbidden(DeniedError):
    """The operating system does not let this user listen there."""

    code = "port-forbidden"

    def __init__(self, host: str, port: int, setting: str) -> None:
        self.host = host
        self.port = port
        self.setting = setting
        super().__init__(f"this user may not listen on port {port} of {host}; set {setting} to one above 1023")


class HostNotHere(InputError):
    """The address is not one of this machine's."""

    code = "host-not-here"

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        self.reason = reason
        super().__init__(
            f"this machine can't listen on {host}: {reason}; set host to one of its own addresses, such as 127.0.0.1"
        )


def listen(host: str, port: int, *, setting: str, file: Path) -> list[socket.socket]:
    """Return listening sockets for `host`, the first one its own; 0 picks a free port.

    127.0.0.1 brings ::1 along where there is one: both are `localhost`, and no other program should answer for it.

    Raises: PortTaken, PortForbidden, HostNotHere.
    """
    try:
        sockets = [_bound(host, port)]
    except OSError as error:
        raise _refusal(error, host, port, setting, file) from error
    if host == _IPV4_LOOPBACK:
        bound = sockets[0].getsockname()[1]
        try:
            sockets.append(_bound(_IPV6_LOOPBACK, bound))
        except OSError as error:
            if error.errno not in _NO_IPV6:
                sockets[0].close()
                raise _refusal(error, _IPV6_LOOPBACK, bound, setting, file) from error
    return sockets


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if made.family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def _refusal(error: OSError, host: str, port: int, setting: str, file: Path) -> PortTaken | PortForbidden | HostNotHere:
    if error.errno == errno.EADDRINUSE:
        return PortTaken(host, port, setting, file)
    if error.errno in (errno.EACCES, errno.EPERM):
        return PortForbidden(host, port, setting)
    return HostNotHere(host, error.strerror or str(error))
