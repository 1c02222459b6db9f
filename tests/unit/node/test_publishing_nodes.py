"""What one node publishes is read on another by its id, through the doors of both, over loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from leither.crypto import MimeiId, id_text, name_key
from leither.mimei.rendezvous import rendezvous
from leither.node import Node
from leither.people import Scope
from leither.ports import Known
from leither.ports.network_errors import ValueNotFound
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.publishing_keys import multihash, released_root
from leither.testing.suites.network import until
from leither.wire.ipns import ipns_key, ipns_name, read_ipns
from tests.unit.node.folder import settings
from tests.unit.service.life import held, put, shown
from tests.unit.service.publishing_world import PUBLIC


class Door:
    """A node's front door, asked by its owner unless told otherwise."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._app = node.app()
        _, self._owner = node.tokens.create("test", Scope.OWNER)

    def ask(self, method: str, path: str, *, guest: bool = False, host: str = "localhost") -> tuple[int, bytes]:
        headers = [(b"host", f"{host}:{self.node.port}".encode())]
        if not guest:
            headers.append((b"authorization", f"Bearer {self._owner}".encode()))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", self.node.port),
            "state": {},
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        asyncio.run(self._app(scope, receive, send))  # type: ignore[arg-type]
        return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """Two nodes of two people, connected."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(Node.open(settings(tmp_path / name, network_port=0))) for name in ("first", "second")
        )
        peer = second.networking.add(first.networking.facts().addresses[0])
        until(lambda: any(each.id == peer and each.protocols for each in peers(second)), what="a connection")
        yield first, second


def peers(node: Node) -> list[Any]:
    return list(node.networking.facts().peers)


def published(node: Node, text: bytes = b"hello") -> MimeiId:
    mimei = Catalog(node.engines).create(kind="fs", mark="site", right=PUBLIC)[0].id
    put(node.engines, mimei, "a.txt", text)
    backup(node.engines, mimei)
    history.release(node.engines, mimei)
    return mimei


def root_of(node: Node, mimei: MimeiId) -> str:
    root = released_root(held(node.engines, mimei))
    assert root is not None
    return root.text


def test_what_one_node_publishes_another_reads_at_the_gateway_by_its_id(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    mimei = published(first)
    door = Door(second)
    assert door.ask("GET", f"/mm/{id_text(mimei)}/a.txt", guest=True)[0] == 404
    assert door.ask("GET", f"/mm/{id_text(mimei)}/a.txt") == (200, b"hello")
    assert door.ask("GET", f"/mm/{id_text(mimei)}/a.txt", guest=True) == (200, b"hello")


def test_the_api_reads_what_is_elsewhere_and_brings_it_up_to_date_on_request(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    mimei = published(first)
    door = Door(second)
    status, body = door.ask("GET", f"/api/v1/mimei/{id_text(mimei)}")
    assert (status, json.loads(body)["release"]) == (200, 0)
    status, body = door.ask("POST", f"/api/v1/mimei/{id_text(mimei)}@release/fetch")
    assert (status, json.loads(body)["state"]) == (200, "unchanged")
    assert shown(second.engines, mimei, "release") == {"a.txt": b"hello"}


def test_what_nobody_has_is_absent_and_says_so_to_who_asks_for_it(nodes: tuple[Node, Node]) -> None:
    door = Door(nodes[1])
    nothing = id_text(MimeiId(bytes(20)))
    status, body = door.ask("GET", f"/api/v1/mimei/{nothing}")
    assert (status, json.loads(body)["code"]) == (404, "mimei-not-found")
    status, body = door.ask("POST", f"/api/v1/mimei/{nothing}/fetch")
    assert (status, json.loads(body)["code"]) == (404, "not-on-network")


def test_a_version_that_is_nowhere_is_told_apart_from_a_mimei_that_is(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    mimei = published(first)
    status, body = Door(second).ask("POST", f"/api/v1/mimei/{id_text(mimei)}@7/fetch")
    assert status == 404
    assert held(second.engines, mimei).release == held(first.engines, mimei).release
    assert json.loads(body)["code"] in ("version-not-found", "mimei-not-found")


def test_without_peers_the_remedy_is_told(tmp_path: Path) -> None:
    with Node.open(settings(tmp_path, network_port=0)) as node:
        status, body = Door(node).ask("POST", f"/api/v1/mimei/{id_text(MimeiId(bytes(20)))}/fetch")
    assert (status, json.loads(body)["code"]) == (409, "network-off")
    assert "leither network lan" in json.loads(body)["detail"]


def test_a_name_is_put_in_the_dht_where_another_node_finds_it(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    mimei = published(first)
    key = name_key(first.engines.identity.seed, mimei).public
    network = second.networking.network
    assert network is not None

    def said() -> bytes | None:
        try:
            record = network.get_value(ipns_key(key), timeout_s=2)
        except ValueNotFound:
            return None
        return read_ipns(key, record, now_ms=second.engines.clock.now_ms()).value

    until(lambda: said() == f"/ipfs/{root_of(first, mimei)}".encode(), what="the name")
    status, body = Door(first).ask("GET", f"/api/v1/mimei/{id_text(mimei)}")
    assert (status, json.loads(body)["ipns"]) == (200, ipns_name(key))


def test_holders_are_found_in_the_dht(nodes: tuple[Node, Node]) -> None:
    first, second = nodes
    mimei = published(first)
    network = second.networking.network
    assert network is not None

    def holders() -> list[Known]:
        return network.find_providers(multihash(rendezvous(mimei)), timeout_s=2)

    until(lambda: first.networking.facts().id in [each.id for each in holders()], what="a provider record")
