"""Clients that people use reach a node from outside, encrypted: curl, rclone, redis-cli."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leither.crypto import id_text
from leither.service.catalog import Catalog
from tests.unit.node.machines import FakeMachine, Served, served, settings_for, stand_in

pytestmark = pytest.mark.network
TIMEOUT_S = 60


@dataclass
class Reached:
    """A node as other machines reach it, and the file that makes them trust it."""

    node: Served
    address: str
    trusted: Path

    def made(self, kind: str) -> str:
        """Return the id of a new MiMei."""
        return id_text(Catalog(self.node.node.engines).create(kind=kind, app="test", mark=kind, right=0)[0].id)

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a client to its end, without a proxy and with a home of its own."""
        plain = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return subprocess.run(
            command,
            env={**plain, "HOME": str(self.trusted.parent), "NO_PROXY": "*", **more},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reached]:
    folder, address = tmp_path_factory.mktemp("lan"), stand_in()
    with served(settings_for(folder / "home", host=address, tls="local"), FakeMachine(name="desk")) as node:
        authority = node.node.lan.authority
        assert authority is not None
        (folder / "trusted.pem").write_bytes(authority.pem)
        yield Reached(node, address, folder / "trusted.pem")


def test_curl_reads_a_page_by_address_and_by_name(reached: Reached) -> None:
    port = reached.node.node.port
    curl = (
        "curl",
        "-sS",
        "--cacert",
        str(reached.trusted),
        "-o",
        os.devnull,
        "-w",
        "%{http_code} %{ssl_verify_result}",
    )
    assert reached.run(*curl, f"https://{reached.address}:{port}/").stdout == "200 0"
    resolved = ("--resolve", f"desk.local:{port}:{reached.address}")
    assert reached.run(*curl, *resolved, f"https://desk.local:{port}/trust").stdout == "200 0"


def test_curl_refuses_a_node_it_does_not_trust_and_a_name_that_is_not_the_nodes(reached: Reached) -> None:
    port = reached.node.node.port
    assert reached.run("curl", "-sS", f"https://{reached.address}:{port}/").returncode == 60
    resolved = ("--resolve", f"other.local:{port}:{reached.address}", "--cacert", str(reached.trusted))
    assert reached.run("curl", "-sS", *resolved, f"https://other.local:{port}/").returncode == 60


def test_curl_speaks_no_old_tls(reached: Reached) -> None:
    url = f"https://{reached.address}:{reached.node.node.port}/"
    tried = reached.run("curl", "-sS", "--tls-max", "1.1", "--cacert", str(reached.trusted), url)
    assert tried.returncode == 35


def test_rclone_syncs_over_webdav(reached: Reached, tmp_path: Path) -> None:
    dice, source, back = random.Random(8), tmp_path / "source", tmp_path / "back"
    source.mkdir()
    for number in range(20):
        (source / f"file {number} é.bin").write_bytes(dice.randbytes(1 << (number % 18)))
    token = reached.node.node.token
    remote = {
        "RCLONE_CONFIG": str(tmp_path / "rclone.conf"),
        "RCLONE_CONFIG_LEITHER_TYPE": "webdav",
        "RCLONE_CONFIG_LEITHER_VENDOR": "other",
        "RCLONE_CONFIG_LEITHER_USER": "anybody",
        "RCLONE_CONFIG_LEITHER_PASS": reached.run("rclone", "obscure", token).stdout.strip(),
        "RCLONE_CONFIG_LEITHER_URL": f"https://{reached.address}:{reached.node.node.port}/dav/{reached.made('fs')}",
    }
    trusting = {**remote, "RCLONE_CA_CERT": str(reached.trusted)}
    for command in (
        ("sync", str(source), "leither:"),
        ("check", str(source), "leither:"),
        ("sync", "leither:", str(back)),
    ):
        done = reached.run("rclone", *command, **trusting)
        assert done.returncode == 0, done.stderr
    assert {path.name: path.read_bytes() for path in back.iterdir()} == {
        path.name: path.read_bytes() for path in source.iterdir()
    }
    refused = reached.run("rclone", "lsf", "leither:", "--retries", "1", "--low-level-retries", "1", **remote)
    assert "certificate" in refused.stderr
    assert refused.returncode != 0


def test_redis_cli_works_over_tls(reached: Reached) -> None:
    to = ("redis-cli", "-h", reached.address, "-p", str(reached.node.node.lan.redis_port))
    who = ("--user", reached.made("db"), "--no-auth-warning")
    secret = {"REDISCLI_AUTH": reached.node.node.token}
    trusting = (*to, *who, "--tls", "--cacert", str(reached.trusted))
    assert reached.run(*trusting, "SET", "greeting", "hello", **secret).stdout == "OK\n"
    assert reached.run(*trusting, "GET", "greeting", **secret).stdout == "hello\n"
    assert "certificate verify failed" in reached.run(*to, *who, "--tls", "PING", **secret).stderr
