"""The program as other machines meet it, in a network namespace; and what it says of that."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from leither.crypto.authority import issue, make_authority
from leither.runtime import SystemClock
from leither.web.trust_steps import STEPS
from tests.end_to_end.namespace import ADDRESS, ADDRESS_6, PUBLIC, Namespace, namespace
from tests.end_to_end.program import leither, ok, process, up

pytestmark = pytest.mark.network
QUIET = {"LEITHER_WELCOME": "false"}


@pytest.fixture
def network() -> Iterator[Namespace]:
    with namespace() as found:
        yield found


def fetch(network: Namespace, home: Path, url: str, *options: str) -> str:
    """Status and body of a page, for a client that trusts the node; the status is 000 where it gets none."""
    trusting = ("--cacert", str(home.parent / "trusted.pem"))
    return network.run("curl", "-s", "-w", "%{http_code} ", *trusting, *options, url, home=home).out


def test_one_option_lets_the_machines_of_the_network_in_and_says_so(
    network: Namespace, home: Path, site: Path, tmp_path: Path
) -> None:
    with up(home, "--lan", "--port", "4800", within=network.within, **QUIET) as node:
        assert node.ready == "ready http://localhost:4800/\n"
        exported = network.run("leither", "lan", "export", str(tmp_path / "trusted.pem"), home=home)
        fingerprint = network.run("leither", "lan", "fingerprint", home=home).out.strip()
        assert exported.out == f"{tmp_path / 'trusted.pem'}: {fingerprint}\n"
        for url in (
            f"https://{ADDRESS}:4800/healthz",
            f"https://[{ADDRESS_6}]:4800/healthz",
            "http://localhost:4800/healthz",
        ):
            assert fetch(network, home, url) == "ok\n200 "
        assert fetch(network, home, f"http://{ADDRESS}:4800/healthz") == "000 "
        assert fetch(network, home, f"https://{PUBLIC}:4800/healthz") == "000 "
        assert fetch(network, home, f"https://{ADDRESS}:4800/healthz", "-H", "Host: evil.example:4800").endswith("421 ")
        app = json.loads(network.run("leither", "app", "publish", str(site), "--json", home=home).out)
        path = f"https://{ADDRESS}:4800/mm/{app['id']}/"
        assert fetch(network, home, path, "-L", "-H", "Accept: text/html", "-w", " %{url_effective}") == (
            f"<h1>one</h1> https://{ADDRESS}:4810/"
        )
        told = json.loads(network.run("leither", "lan", "--json", home=home).out)
        assert (told["encrypted"], told["apps"]) == (True, [{"port": 4810, "id": app["id"]}])
        assert told["authority"]["fingerprint"] == fingerprint
        shown = network.run("leither", "lan", home=home).out
        assert "other machines reach this node, encrypted, at\n" in shown
        assert f"port 4810 is of the app {app['id']}" in shown
        answer = node.stop()
    assert answer.err.startswith("other machines reach this node, encrypted, at\n")
    assert f"\n  https://{ADDRESS}:4800/\n" in answer.err
    assert f"\n  rediss://{ADDRESS}:" in answer.err
    assert PUBLIC not in answer.err
    assert (answer.status, answer.out) == (0, "")


def test_a_host_without_a_word_on_encryption_is_refused(network: Namespace, home: Path) -> None:
    answer = network.run("leither", "up", "--host", ADDRESS, home=home)
    assert answer.status == 7
    assert f"host {ADDRESS} (from the option) is reached from other machines" in answer.err
    assert not home.exists()


def test_a_node_that_encrypts_nothing_says_so_loudly(network: Namespace, home: Path) -> None:
    with up(
        home, "--host", ADDRESS, within=network.within, LEITHER_INSECURE="true", LEITHER_PORT="4800", **QUIET
    ) as node:
        assert fetch(network, home, f"http://{ADDRESS}:4800/healthz") == "ok\n200 "
        answer = node.stop()
    assert answer.err.startswith("warning: other machines reach this node with NOTHING encrypted")
    assert f"\n  http://{ADDRESS}:4800/\n" in answer.err


def test_a_phone_signs_in_by_a_code_that_no_log_keeps(network: Namespace, home: Path, tmp_path: Path) -> None:
    more = {**QUIET, "LEITHER_LOG_LEVEL": "debug"}
    with up(home, "--lan", "--port", "4800", within=network.within, **more) as node:
        network.run("leither", "lan", "export", str(tmp_path / "trusted.pem"), home=home)
        made = network.run("leither", "link", "--qr", home=home)
        (url,) = re.findall(rf"^https://{re.escape(ADDRESS)}:4800/#code=(\S+)$", made.out, re.MULTILINE)
        assert made.out.count("▄") > 100
        body = ("-d", json.dumps({"code": url}), "-H", "Content-Type: application/json")
        tries = [fetch(network, home, f"https://{ADDRESS}:4800/api/v1/session", *body) for _ in range(2)]
        assert tries[0].endswith("201 ")
        assert not tries[1].endswith("201 ")
        token = json.loads(tries[0].removesuffix("201 "))["token"]
        answer = node.stop()
    assert url not in answer.err
    assert token not in answer.err


def test_a_code_leads_a_phone_to_the_page_for_trusting(network: Namespace, home: Path) -> None:
    with up(home, "--lan", "--port", "4800", within=network.within, **QUIET):
        shown = network.run("leither", "lan", "qr", home=home).out
        fingerprint = network.run("leither", "lan", "fingerprint", home=home).out.strip()
        bare = fingerprint.replace(":", "")
        assert shown.splitlines()[-2:] == [f"https://{ADDRESS}:4800/trust#sha256={bare}", f"SHA-256 {fingerprint}"]
        other = network.run("leither", "lan", "qr", "--host", f"[{ADDRESS_6}]", "--json", home=home)
        assert other.json["url"] == f"https://[{ADDRESS_6}]:4800/trust#sha256={bare}"


def test_a_certificate_that_can_not_be_used_keeps_the_node_from_starting_in_words(home: Path, tmp_path: Path) -> None:
    now_ms = SystemClock().now_ms()
    authority = make_authority("abcd", ["nas.example"], now_ms)
    first, second = (issue(authority, ["nas.example"], [], now_ms) for _ in range(2))
    (tmp_path / "c.pem").write_bytes(first.certificate)
    (tmp_path / "k.pem").write_bytes(second.key)
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).chmod(0o600)
    for key, said in (
        ("", "tls_certificate and its private key in tls_key; set both"),
        ("none.pem", "tls_key names"),
        ("c.pem", "holds no private key"),
        ("k.pem", "is not that of the certificate in"),
    ):
        answer = process(
            home,
            *("up", "--host", ADDRESS, "--port", "0", "--tls", "files"),
            LEITHER_TLS_CERTIFICATE=str(tmp_path / "c.pem"),
            LEITHER_TLS_KEY=str(tmp_path / key) if key else "",
        )
        assert answer.status == 2, (key, answer)
        assert said in answer.err
        assert "Traceback" not in answer.err


# Without a node that is reached


def test_a_node_that_is_not_reached_says_so_and_has_nothing_to_trust(home: Path) -> None:
    assert leither(home, "lan").out == "other machines don't reach this node, which is not running\n"
    for command in (("fingerprint",), ("export",)):
        answer = leither(home, "lan", *command)
        assert answer.status == 3
        assert "leither up --lan" in answer.err
    answer = leither(home, "lan", "qr")
    assert answer.status == 7
    assert "leither up --lan" in answer.err


def test_a_link_for_a_phone_needs_a_node_that_phones_reach(home: Path) -> None:
    with up(home, **QUIET):
        answer = leither(home, "link", "--qr")
        assert answer.status == 7
        assert "leither up --lan" in answer.err


def test_the_authority_can_be_had_before_the_node_is_reached(home: Path, tmp_path: Path) -> None:
    made = ok(home, "lan", "export", str(tmp_path / "a.crt"), "--der", LEITHER_TLS="local")
    assert (tmp_path / "a.crt").read_bytes().startswith(b"\x30\x82")
    assert ok(home, "lan", "fingerprint", LEITHER_TLS="local") == {"fingerprint": made["fingerprint"]}


@pytest.mark.parametrize("kind", STEPS)
def test_each_kind_of_machine_is_told_what_to_do(home: Path, kind: str) -> None:
    answer = leither(home, "lan", "trust", kind)
    assert answer.status == 0
    assert STEPS[kind].title in answer.out
    assert "{" not in answer.out
    assert not home.exists(), "nothing of the node is needed for it"


def test_without_a_kind_this_machines_is_meant(home: Path) -> None:
    assert ok(home, "lan", "trust")["items"]
    assert len(ok(home, "lan", "trust", "all")["items"]) == len(STEPS)


def test_a_free_port_can_not_be_freed(home: Path) -> None:
    mimei = ok(home, "mm", "create", "--mark", "garden")["id"]
    answer = leither(home, "lan", "free", "garden")
    assert answer.status == 3
    assert mimei in answer.err


def test_a_setting_that_is_refused_can_be_corrected(home: Path) -> None:
    for name, value in (("host", "lan"), ("tls", "local")):
        assert leither(home, "config", "set", name, value).status == 0
    assert ok(home, "config")["items"]
