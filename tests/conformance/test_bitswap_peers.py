"""Blocks to and from other implementations: by Bitswap, whoever of both dialled, and from their gateways."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leither.codec import Cid
from leither.net.http_gateway import HttpGateway
from leither.service.fetch import Fetch
from tests.conformance.ipfs_peers import Helia, IpfsPeer, Kubo, NotGiven, helia, kubo
from tests.unit.service.exchange_nodes import Node, file_of, loopback_node

pytestmark = pytest.mark.network

MIB = 1 << 20
SIZE_BYTES = 5 * MIB + 1234


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpfsPeer]:
    """One peer of the kind that is asked for, for all tests with it."""
    if request.param is Helia:
        with helia() as peer:
            yield peer
    else:
        with kubo(tmp_path_factory.mktemp("kubo") / "repo") as daemon:
            yield daemon


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Iterator[Node]:
    with loopback_node(request.node.name) as made:
        yield made


KINDS = pytest.mark.parametrize("running", [Helia, Kubo], indirect=True, ids=["helia", "kubo"])
DIALLERS = pytest.mark.parametrize("we_dial", [True, False], ids=["we dial", "they dial"])


def connect(node: Node, peer: IpfsPeer, *, we_dial: bool) -> None:
    if we_dial:
        node.network.connect(peer.known)
    else:
        peer.dial(node.network.addresses()[0])


def seed_for(request: pytest.FixtureRequest) -> int:
    """Another file for each test, so that none is there already."""
    return int.from_bytes(hashlib.sha256(request.node.nodeid.encode()).digest()[:4], "big")


@KINDS
@DIALLERS
def test_a_peer_gets_a_file_of_ours(
    running: IpfsPeer, node: Node, request: pytest.FixtureRequest, *, we_dial: bool
) -> None:
    data, root, blocks = file_of(SIZE_BYTES, seed_for(request))
    node.put(*blocks)
    connect(node, running, we_dial=we_dial)
    assert running.cat(root.text) == hashlib.sha256(data).hexdigest()


@KINDS
@DIALLERS
def test_we_get_a_file_of_a_peer(
    running: IpfsPeer, node: Node, tmp_path: Path, request: pytest.FixtureRequest, *, we_dial: bool
) -> None:
    data, root, _ = file_of(SIZE_BYTES, seed_for(request))
    (tmp_path / "file").write_bytes(data)
    assert running.add(tmp_path / "file") == root.text
    connect(node, running, we_dial=we_dial)
    with node.fetch(root) as fetch:
        fetch.add_peer(running.known)
        assert b"".join(fetch.read()) == data


@KINDS
def test_a_block_that_may_not_be_given_is_not_given(
    running: IpfsPeer, node: Node, request: pytest.FixtureRequest
) -> None:
    _, root, blocks = file_of(2 * MIB, seed_for(request))
    node.put(*blocks)
    node.denied.add(blocks[0].cid)
    connect(node, running, we_dial=True)
    with pytest.raises(NotGiven):
        running.cat(root.text, timeout_s=2)


@KINDS
def test_what_a_peer_waits_for_is_given_when_it_comes(
    running: IpfsPeer, node: Node, request: pytest.FixtureRequest
) -> None:
    data, root, blocks = file_of(2 * MIB, seed_for(request))
    node.put(*blocks)
    node.denied.add(blocks[0].cid)
    connect(node, running, we_dial=True)
    with pytest.raises(NotGiven):
        running.cat(root.text, timeout_s=2)
    node.denied.clear()
    node.exchange.changed()
    assert running.cat(root.text) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("running", [Kubo], indirect=True, ids=["kubo"])
def test_files_with_cids_of_version_0_go_both_ways(
    running: Kubo, node: Node, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data, _, _ = file_of(SIZE_BYTES, seed_for(request))
    (tmp_path / "file").write_bytes(data)
    text = running.add(tmp_path / "file", "--cid-version=0", "--raw-leaves=false")
    assert text.startswith("Qm")
    node.network.connect(running.known)
    with node.fetch(Cid.parse(text)) as fetch:
        assert b"".join(fetch.read()) == data
    running.run("pin", "rm", text)
    running.run("repo", "gc")
    assert running.cat(text) == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("running", [Kubo], indirect=True, ids=["kubo"])
@pytest.mark.parametrize("streams", [False, True], ids=["block by block", "in one answer"])
def test_we_get_a_file_of_a_gateway(
    running: Kubo, node: Node, tmp_path: Path, request: pytest.FixtureRequest, *, streams: bool
) -> None:
    data, root, blocks = file_of(SIZE_BYTES, seed_for(request))
    (tmp_path / "file").write_bytes(data)
    running.add(tmp_path / "file")
    with Fetch(node.blocks, root, exchange=None, monotonic_s=time.monotonic) as fetch:
        fetch.add_gateway(HttpGateway(running.gateway), streams=streams)
        assert b"".join(fetch.read()) == data
        assert fetch.progress.blocks == len(blocks)
