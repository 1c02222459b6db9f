"""Machines and networks of one's choice, and a node that is reached on loopback addresses standing in for theirs.

To packets, everything in 127.0.0.0/8 is loopback. To a node that is told so, 127.0.0.1 alone is, and the other
addresses are those by which other machines reach it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import count
from pathlib import Path

from leither.config import Settings, load
from leither.node import Node
from leither.node.machine import Machine
from leither.node.serving import serving_in_thread

TIMEOUT_S = 20
_NUMBERS = count()


def stand_in() -> str:
    """Return an address that no other test uses, in this process or another: its ports are free."""
    process, number = os.getpid() % 65536, next(_NUMBERS) % 250
    return f"127.{1 + process // 256 % 250}.{process % 256}.{2 + number}"


def only_localhost(address: str) -> bool:
    return address in ("127.0.0.1", "::1")


@dataclass
class FakeMachine:
    """Its `addresses` change when they are set. `told` is what a node is given."""

    addresses: list[str] = field(default_factory=list)
    name: str = "desk"

    @property
    def told(self) -> Machine:
        return Machine(self.name, lambda: list(self.addresses))


def settings_for(home: Path, **options: object) -> Settings:
    """Settings of a node on any free port that takes 127.0.0.1 alone for loopback."""
    given = {"home": home, "port": 0, "redis_port": 0, "welcome": False, "app_ports": "20000-20004", **options}
    return load(given, environ={}, is_loopback=only_localhost)


@dataclass
class Served:
    """A running node and how to reach it from other machines."""

    node: Node
    loop: asyncio.AbstractEventLoop

    @property
    def authority(self) -> ssl.SSLContext:
        """What a client is that trusts the node, and is as strict as it can be."""
        found = self.node.lan.authority
        assert found is not None
        context = ssl.create_default_context(cadata=found.pem.decode())
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def check(self) -> None:
        """Have the node look at addresses and certificates now."""
        asyncio.run_coroutine_threadsafe(self.node.lan.check(), self.loop).result(TIMEOUT_S)

    def get(
        self, host: str, path: str = "/healthz", *, port: int | None = None, name: str = "", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Ask over TLS at the address `host`, by `name`, as a client that trusts the node."""
        port = port or self.node.port
        with self.connected(host, port=port, name=name) as client:
            return ask(client, f"{name or host}:{port}", path, headers)

    @contextmanager
    def connected(self, host: str, *, port: int | None = None, name: str = "") -> Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection((host, port or self.node.port), timeout=TIMEOUT_S) as plain,
            self.authority.wrap_socket(plain, server_hostname=name or host) as client,
        ):
            yield client

    def serial(self, host: str) -> str:
        """The serial number of the certificate that is shown at `host`."""
        with self.connected(host) as client:
            told = client.getpeercert()
            assert told is not None
            return str(told["serialNumber"])


def ask(
    client: socket.socket, host: str, path: str, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Send a GET and return status, headers and body."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in (headers or {}).items())
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n".encode())
    with client.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.lower().split(": ", 1) for line in rest), body


@contextmanager
def served(settings: Settings, machine: FakeMachine | Machine, **options: object) -> Iterator[Served]:
    """Run a node in a thread, with everything it opens for others."""
    told = machine.told if isinstance(machine, FakeMachine) else machine
    with Node.open(settings, machine=told, **options) as node:  # type: ignore[arg-type]
        doors = node.doors()
        loops: list[asyncio.AbstractEventLoop] = []

        def more(listen: object) -> object:
            loops.append(asyncio.get_running_loop())
            return doors.more(listen)  # type: ignore[arg-type]

        with serving_in_thread(node.app(), node.sockets, beside=doors.beside, more=more):  # type: ignore[arg-type]
            yield Served(node, loops[0])


def is_open(address: str, port: int) -> bool:
    """Tell whether something listens there."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(TIMEOUT_S)
        return probe.connect_ex((address, port)) == 0
