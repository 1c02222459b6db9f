"""Networks of the test's own, some behind routers that translate addresses. No way out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import TIMEOUT_S

PROGRAM, LINE = (Path(__file__).parent / name for name in ("network_peer.py", "far_line.py"))
RELAY = "198.51.100.1"
"""An address set aside for documentation, so nobody's."""

_BRIDGE = """
PATH=$PATH:/sbin:/usr/sbin
mount -t tmpfs tmpfs /run
mkdir -p /run/netns
ip link set lo up
ip link add wan type bridge
ip link set wan up
"""
_HOST = """
ip netns add {name}
ip -n {name} link set lo up
ip link add {name}-up type veth peer name outer netns {name}
ip link set {name}-up master wan up
ip -n {name} link set outer up
ip -n {name} address add {address}/24 dev outer
"""
_ALONE = """
ip netns add {name}
ip -n {name} link set lo up
"""
_BEHIND = """
ip netns add {name}
ip -n {name} link set lo up
ip -n {router} link add inner type veth peer name outer netns {name}
ip -n {router} link set inner up
ip -n {name} link set outer up
ip -n {router} address add 192.168.{number}.1/24 dev inner
ip -n {name} address add 192.168.{number}.2/24 dev outer
ip -n {name} route add default via 192.168.{number}.1
ip netns exec {router} sysctl -q -w net.ipv4.ip_forward=1
ip netns exec {router} nft -f - <<RULES
table ip nat {{
  chain out {{ type nat hook postrouting priority 100; oifname "outer" masquerade{random}; }}
}}
table ip filter {{
  chain in {{ type filter hook input priority 0; iifname "outer" ct state new drop; }}
  chain through {{ type filter hook forward priority 0; iifname "outer" ct state new drop; }}
}}
RULES
"""


@dataclass
class Peer:
    """A node in one of the networks."""

    process: subprocess.Popen[str]
    id: str = ""

    def ask(self, *words: str) -> object:
        """Send a command; return its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        return self.heard()

    def heard(self) -> object:
        """Return the next line it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.communicate()[1]
        return json.loads(line)


@dataclass
class Networks:
    """`within` runs a command in the namespace that holds all the others."""

    within: tuple[str, ...]
    stack: ExitStack

    def on(self, name: str) -> tuple[str, ...]:
        """Return what runs a command on the host `name`."""
        return (*self.within, "ip", "netns", "exec", name)

    def peer(self, name: str, reach: str = "peers") -> Peer:
        """Start a node on the host `name`, with its network switched on as far as `reach`."""
        command = [*self.on(name), sys.executable, str(PROGRAM)]
        process = subprocess.Popen(
            [*command, reach],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.stack.callback(_end, process)
        peer = Peer(process)
        peer.id = str(peer.heard())
        return peer


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=TIMEOUT_S)


@contextmanager
def behind_routers(*, scattering: bool) -> Iterator[Networks]:
    """Have the hosts `relay`, `left` and `right`, the latter two each behind a router that lets nobody in.

    scattering: whether the routers give each connection another port, which no hole punching gets through.
    """
    random = " random,fully-random" if scattering else ""
    routers = {"left": 10, "right": 20}
    hosts = {"relay": RELAY, "left-router": "198.51.100.2", "right-router": "198.51.100.3"}
    behind = (
        _BEHIND.format(name=name, router=f"{name}-router", number=number, random=random)
        for name, number in routers.items()
    )
    with _networks(*(_HOST.format(name=name, address=address) for name, address in hosts.items()), *behind) as networks:
        yield networks


@contextmanager
def in_one_network() -> Iterator[Networks]:
    """Have the hosts `one` and `other` in one private network."""
    hosts = {"one": "192.168.50.1", "other": "192.168.50.2"}
    with _networks(*(_HOST.format(name=name, address=address) for name, address in hosts.items())) as networks:
        yield networks


@contextmanager
def far_apart(hosts: Mapping[str, str], *, delay_s: float, loss: float) -> Iterator[tuple[Networks, Callable[[], Any]]]:
    """Have hosts, each with its address, that reach each other over a line that is long and loses packets.

    delay_s: of each packet. loss: the share of them that is lost. The second of what is given ends the line, and
    returns how many packets it has carried and lost.
    """
    with _networks(*(_ALONE.format(name=name) for name in hosts)) as networks:
        ends = [f"{name}={address}" for name, address in hosts.items()]
        line = subprocess.Popen(
            [*networks.within, sys.executable, str(LINE), str(delay_s), str(loss), *ends],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        networks.stack.callback(_end, line)
        assert line.stdout is not None
        if line.stdout.readline() != "ready\n":
            pytest.skip(f"no line can be made here: {line.communicate()[1]}")
        yield networks, lambda: json.loads(line.communicate(timeout=TIMEOUT_S)[0])


@contextmanager
def _networks(*setup: str) -> Iterator[Networks]:
    script = "".join((_BRIDGE, *setup, "echo ready\nexec cat\n"))
    with ExitStack() as stack:
        holder = subprocess.Popen(
            ["unshare", "--map-root-user", "--net", "--mount", "sh", "-e", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        stack.callback(_end, holder)
        assert holder.stdout is not None
        if holder.stdout.readline() != "ready\n":
            pytest.skip(f"no network can be made here: {holder.communicate()[1]}")
        target = ("--target", str(holder.pid), "--user", "--net", "--mount")
        with ExitStack() as peers:
            yield Networks(("nsenter", *target, "--preserve-credentials", "--"), peers)
