"""The network against a real Kubo on loopback, which knows nobody: whoever dials, both find each other's things.

LEITHER_TEST_KUBO names the program, else `ipfs` on the PATH does.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from queue import Queue

import pytest

from leither.codec import Cid
from leither.codec.multiaddr import Multiaddr
from leither.crypto import name_key
from leither.crypto.host_key import HostKey
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.node import Node
from leither.ports import Reach, TopicMessage, Verdict
from leither.runtime import SystemClock, SystemRandom
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.publishing_keys import released_root
from leither.testing.suites.network import WAIT_S, until
from leither.wire.ipns import ipns_name
from tests.unit.node.folder import settings
from tests.unit.service.life import held, put
from tests.unit.service.publishing_world import PUBLIC

_SETTINGS = {
    "Bootstrap": [],
    "AutoTLS.Enabled": False,
    "AutoConf.Enabled": False,
    "Discovery.MDNS.Enabled": False,
    "Swarm.DisableNatPortMap": True,
    "Routing.Type": "dht",
    "Routing.DelegatedRouters": [],
    "Ipns.DelegatedPublishers": [],
    "DNS.Resolvers": {},
    "Pubsub.Enabled": True,
}


class Kubo:
    """A Kubo daemon with a repository of its own."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._environment = {**os.environ, "IPFS_PATH": str(folder)}
        self.run("init", "--profile=test")
        swarm, web, api, gateway = (_free_port() for _ in range(4))
        settings = {
            **_SETTINGS,
            "Addresses.Swarm": [f"/ip4/127.0.0.1/tcp/{swarm}", f"/ip4/127.0.0.1/tcp/{web}/ws"],
            "Addresses.API": f"/ip4/127.0.0.1/tcp/{api}",
            "Addresses.Gateway": f"/ip4/127.0.0.1/tcp/{gateway}",
        }
        for name, value in settings.items():
            self.run("config", "--json", name, json.dumps(value))
        self.id = self.run("config", "Identity.PeerID")
        self.plain = f"/ip4/127.0.0.1/tcp/{swarm}/p2p/{self.id}"
        self.web = f"/ip4/127.0.0.1/tcp/{web}/ws/p2p/{self.id}"
        self._daemon = self.start("daemon")
        assert self._daemon.stdout is not None
        for line in self._daemon.stdout:
            if b"Daemon is ready" in line:
                break

    def run(self, *arguments: str, given: bytes = b"") -> str:
        """Run a command; return what it prints."""
        done = subprocess.run(
            [self._program, *arguments], input=given, env=self._environment, capture_output=True, timeout=60, check=True
        )
        return done.stdout.decode().strip()

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on."""
        return subprocess.Popen([self._program, *arguments], env=self._environment, stdout=subprocess.PIPE)

    def close(self) -> None:
        """End the daemon."""
        self._daemon.terminate()
        self._daemon.communicate(timeout=60)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubo]:
    program = os.environ.get("LEITHER_TEST_KUBO") or shutil.which("ipfs")
    if program is None:
        pytest.skip("no Kubo: neither LEITHER_TEST_KUBO nor `ipfs` on PATH")
    with closing(Kubo(program, tmp_path_factory.mktemp("kubo") / "repo")) as running:
        yield running


@pytest.fixture
def network() -> Iterator[Libp2pNetwork]:
    random = SystemRandom()
    listen = (Multiaddr.parse("/ip4/127.0.0.1/tcp/0"),)
    setup = Setup(HostKey(random.token(32)), Reach.OFF, listen, random.token, SystemClock())
    with closing(Libp2pNetwork(setup)) as made:
        yield made


def known(network: Libp2pNetwork, kubo: Kubo) -> bool:
    return any(peer.id == kubo.id and peer.agent.startswith("kubo/") for peer in network.peers())


def resolved(kubo: Kubo, name: str) -> str | None:
    """What Kubo resolves a name to, None while it finds nothing."""
    try:
        return kubo.run("name", "resolve", "--nocache", f"/ipns/{name}")
    except subprocess.CalledProcessError:
        return None


def digest(number: int) -> bytes:
    return b"\x12\x20" + hashlib.sha256(b"thing %d" % number).digest()


def cid_text(multihash: bytes) -> str:
    return "b" + base64.b32encode(b"\x01\x55" + multihash).decode("ascii").lower().rstrip("=")


@pytest.mark.parametrize("way", ["plain", "web"])
def test_kubo_is_dialled_and_says_what_it_speaks(network: Libp2pNetwork, kubo: Kubo, way: str) -> None:
    assert network.connect(getattr(kubo, way)) == kubo.id
    until(lambda: known(network, kubo), what="hearing what it speaks")
    (peer,) = network.peers()
    assert {"/ipfs/bitswap/1.2.0", "/ipfs/lan/kad/1.0.0", "/meshsub/1.1.0"} <= peer.protocols
    assert peer.rtt_s is not None


def test_kubo_dials_and_pings(network: Libp2pNetwork, kubo: Kubo) -> None:
    plain = next(each for each in network.addresses() if "/ws/" not in each)
    kubo.run("swarm", "connect", plain)
    until(lambda: known(network, kubo), what="hearing what it speaks")
    assert "Pong received" in kubo.run("ping", "-n", "2", network.peer_id)


def test_what_kubo_provides_is_found(network: Libp2pNetwork, kubo: Kubo) -> None:
    network.connect(kubo.plain)
    until(lambda: known(network, kubo), what="hearing what it speaks")
    added = kubo.run("add", "-Q", "--cid-version=1", "--raw-leaves", given=b"what kubo has")
    kubo.run("routing", "provide", added)
    assert [each.id for each in network.find_providers(bytes(Cid.parse(added))[2:])] == [kubo.id]


def test_what_is_provided_here_is_found_by_kubo_and_so_is_the_peer(network: Libp2pNetwork, kubo: Kubo) -> None:
    network.connect(kubo.plain)
    until(lambda: known(network, kubo), what="hearing what it speaks")
    until(lambda: network.provide([digest(1)]) == 1, what="providing")
    assert network.peer_id in kubo.run("routing", "findprovs", "-n", "1", cid_text(digest(1))).split()
    assert "/ip4/127.0.0.1/tcp/" in kubo.run("routing", "findpeer", network.peer_id)


def test_kubo_opens_what_a_node_released_by_its_name_alone(tmp_path: Path, kubo: Kubo) -> None:
    with Node.open(settings(tmp_path / "author", network_port=0)) as author:
        network = author.networking.network
        assert network is not None
        network.connect(kubo.plain)
        mimei = Catalog(author.engines).create(kind="fs", mark="site", right=PUBLIC)[0].id
        put(author.engines, mimei, "folder/page.txt", b"by its name")
        backup(author.engines, mimei)
        history.release(author.engines, mimei)
        root = released_root(held(author.engines, mimei))
        name = ipns_name(name_key(author.engines.identity.seed, mimei).public)
        until(lambda: resolved(kubo, name) is not None, what="the name at Kubo")
        assert root is not None
        assert resolved(kubo, name) == f"/ipfs/{root.text}"
        assert kubo.run("cat", f"/ipns/{name}/folder/page.txt") == "by its name"


def test_kubo_and_this_node_hear_each_other_on_a_topic(network: Libp2pNetwork, kubo: Kubo) -> None:
    heard: Queue[TopicMessage] = Queue()

    def hear(message: TopicMessage) -> Verdict:
        heard.put(message)
        return Verdict.ACCEPT

    network.connect(kubo.plain)
    listener = kubo.start("pubsub", "sub", "news")
    try:
        network.subscribe("news", hear)
        until(lambda: network.publish("news", b"from here\n") > 0, what="a subscriber")
        assert listener.stdout is not None
        assert listener.stdout.readline() == b"from here\n"
        kubo.run("pubsub", "pub", "news", given=b"from kubo")
        message = heard.get(timeout=WAIT_S)
        assert (message.author, message.data) == (kubo.id, b"from kubo")
    finally:
        listener.terminate()
        with suppress(subprocess.TimeoutExpired):
            listener.communicate(timeout=10)
