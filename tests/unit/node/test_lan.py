"""A node that other machines reach: encrypted there, in the clear on this machine, and following what changes."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
import threading
import warnings
from base64 import b64encode
from contextlib import closing
from pathlib import Path

import pytest
import redis

from leither.config import HostNotLoopback
from leither.crypto import MimeiId, id_text
from leither.crypto.authority import CERTIFICATE_DAYS, RENEWED_BEFORE_DAYS, issue, make_authority
from leither.crypto.certificate import KeyMismatch, Pair
from leither.mimei.path import parse_path
from leither.node import Node
from leither.node.certificates import DAY_MS
from leither.node.listening import PortTaken
from leither.node.local_certificates import NameNotVouched
from leither.node.machine import Machine
from leither.people import Act
from leither.people.right import pack
from leither.runtime import SystemClock
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.uploads import TreeUpload
from leither.testing.node import FakeClock
from tests.unit.node.machines import FakeMachine, Served, ask, is_open, served, settings_for, stand_in

pytestmark = pytest.mark.network
NOW_MS = SystemClock().now_ms()
PUBLIC = pack(everyone=Act.READ_RELEASE)


@pytest.fixture
def address() -> str:
    return stand_in()


def published(node: Node, mark: str, *, right: int = PUBLIC) -> MimeiId:
    mimei, _ = Catalog(node.engines).create(kind="fs", app="app", mark=mark, right=right)
    with TreeUpload(node.engines, mimei.id) as tree:
        file = tree.file(parse_path("index.html"))
        file.write(mark.encode())
        file.finish()
        tree.finish()
    backup(node.engines, mimei.id)
    release(node.engines, mimei.id)
    return mimei.id


def opened(node: Served, address: str, mimei: MimeiId) -> int:
    """Open an app as a browser on another machine does; return its port."""
    status, headers, _ = node.get(address, f"/mm/{id_text(mimei)}/", accept="text/html")
    assert status == 302
    return int(headers["location"].rstrip("/").rpartition(":")[2])


# Who is let in


def test_a_node_does_not_open_where_nothing_says_how_it_is_encrypted(tmp_path: Path, address: str) -> None:
    with pytest.raises(HostNotLoopback), Node.open(settings_for(tmp_path / "home", host=address)):
        pass
    assert not (tmp_path / "home").exists()


def test_this_machine_is_served_in_the_clear_and_others_encrypted_at_the_same_port(
    tmp_path: Path, address: str
) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        with socket.create_connection(("127.0.0.1", node.node.port)) as here:
            assert ask(here, f"localhost:{node.node.port}", "/healthz")[0] == 200
        with node.connected(address) as client:
            assert client.version() == "TLSv1.3"
            assert client.selected_alpn_protocol() is None
            assert ask(client, f"{address}:{node.node.port}", "/healthz")[2] == b"ok\n"


def test_what_is_not_encrypted_gets_no_answer_from_outside(tmp_path: Path, address: str) -> None:
    with (
        served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node,
        socket.create_connection((address, node.node.port)) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(1) == b""


def test_who_does_not_trust_the_authority_does_not_connect(tmp_path: Path, address: str) -> None:
    stranger = ssl.create_default_context()
    with (
        served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node,
        socket.create_connection((address, node.node.port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        stranger.wrap_socket(plain, server_hostname=address)


@pytest.mark.parametrize(("version", "accepted"), [("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)])
def test_old_versions_of_tls_are_refused(tmp_path: Path, address: str, version: str, *, accepted: bool) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        old = node.authority
        old.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # which is what the versions are
            old.minimum_version = old.maximum_version = ssl.TLSVersion[version]
        with socket.create_connection((address, node.node.port)) as plain:
            if accepted:
                with old.wrap_socket(plain, server_hostname=address) as client:
                    assert client.version() == version.replace("_", ".")
            else:
                with pytest.raises(ssl.SSLError, match=r"(?i)version|protocol|closed"):
                    old.wrap_socket(plain, server_hostname=address)


def test_a_name_of_somebody_elses_that_leads_here_is_misdirected(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        for host in ("evil.example", "localhost", "127.0.0.1"):
            with node.connected(address) as client:
                assert ask(client, f"{host}:{node.node.port}", "/")[0] == 421


def test_a_client_that_never_agrees_on_encryption_is_let_go(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leither.limits.TLS_HANDSHAKE_S", 0.1)
    with (
        served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node,
        socket.create_connection((address, node.node.port), timeout=20) as silent,
    ):
        assert silent.recv(1) == b""


def test_without_encryption_others_are_served_only_in_so_many_words(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, insecure=True), FakeMachine()) as node:
        facts = node.node.lan.facts()
        assert (facts.secure, facts.urls[0]) == (False, f"http://{address}:{node.node.port}/")
        with socket.create_connection((address, node.node.port)) as client:
            status, headers, _ = ask(client, f"{address}:{node.node.port}", "/healthz")
    assert status == 200
    assert "strict-transport-security" not in headers
    assert not (tmp_path / "tls").exists()


# Names and addresses


def test_the_name_by_which_neighbours_find_it_is_the_nodes(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine(name="Desk")) as node:
        status, headers, _ = node.get(address, name="desk.local")
    assert status == 200
    assert headers["strict-transport-security"] == "max-age=2592000"


def test_names_of_the_settings_are_the_nodes(tmp_path: Path, address: str) -> None:
    settings = settings_for(tmp_path, host=address, tls="local", names="nas.example")
    with served(settings, FakeMachine()) as node:
        assert node.get(address, name="nas.example")[0] == 200
        assert node.node.lan.facts().hosts[:2] == ("nas.example", address)


def test_an_address_that_comes_is_served_and_one_that_goes_is_left(tmp_path: Path, address: str) -> None:
    machine, other = FakeMachine(["127.0.0.1", address]), stand_in()
    with served(settings_for(tmp_path, host="lan", tls="local"), machine) as node:
        app = published(node.node, "garden")
        port = opened(node, address, app)
        machine.addresses = ["127.0.0.1", other]
        node.check()
        assert node.get(other)[0] == 200
        assert node.get(other, "/", port=port)[2] == b"garden"
        assert not is_open(address, node.node.port)
        assert not is_open(address, port)
        with node.connected(other) as client:
            assert ask(client, f"{address}:{node.node.port}", "/healthz")[0] == 421


def test_a_machine_without_a_network_serves_itself_and_waits(tmp_path: Path, address: str) -> None:
    machine = FakeMachine(["127.0.0.1"])
    with served(settings_for(tmp_path, host="lan", tls="local"), machine) as node:
        assert node.node.lan.facts().hosts == (), "its name leads nowhere"
        machine.addresses.append(address)
        node.check()
        assert node.get(address)[0] == 200


def test_a_public_address_is_left_out_of_all_and_told_of(tmp_path: Path, address: str) -> None:
    machine = FakeMachine(["203.0.113.9", address])
    with served(settings_for(tmp_path, host="0.0.0.0", tls="local"), machine) as node:
        facts = node.node.lan.facts()
        assert address in facts.hosts
        assert "203.0.113.9" not in facts.hosts
        (warning,) = facts.warnings
        assert "does not listen on 203.0.113.9" in warning


def test_a_public_address_that_is_named_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(NameNotVouched),
        Node.open(settings_for(tmp_path, host="203.0.113.9", tls="local"), machine=FakeMachine().told),
    ):
        pass


def test_a_taken_port_is_named_with_the_address(tmp_path: Path, address: str) -> None:
    with closing(socket.create_server((address, 0))) as other:
        port = other.getsockname()[1]
        with (
            pytest.raises(PortTaken, match=f"port {port} on {address} is taken"),
            Node.open(settings_for(tmp_path, host=address, tls="local", port=port), machine=FakeMachine().told),
        ):
            pass


def test_an_address_that_another_program_has_is_tried_again(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    machine, other = FakeMachine([address]), stand_in()
    with served(settings_for(tmp_path, host="lan", tls="local"), machine) as node:
        machine.addresses.append(other)
        with closing(socket.create_server((other, node.node.port))):
            for _ in range(2):
                node.check()
        told = [record.message for record in caplog.records if "is taken" in record.message]
        assert len(told) == 1
        node.check()
        assert node.get(other)[0] == 200


def test_the_node_tells_everything_it_listens_on(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        app = opened(node, address, published(node.node, "garden"))
        with socket.create_connection(("127.0.0.1", node.node.port)) as here:
            told = ask(here, f"localhost:{node.node.port}", "/api/v1/status")[2].decode()
        for port in (node.node.port, node.node.lan.redis_port, app):
            assert f'"{address}:{port}"' in told


def test_nothing_listens_after_the_node_has_stopped(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        ports = [node.node.port, node.node.lan.redis_port, opened(node, address, published(node.node, "garden"))]
        assert all(is_open(address, port) for port in ports)
    assert not any(is_open(address, port) for port in ports)


# Certificates that change while the node runs


def test_a_certificate_is_renewed_before_its_end_without_a_restart(tmp_path: Path, address: str) -> None:
    good_ms = (CERTIFICATE_DAYS - RENEWED_BEFORE_DAYS) * DAY_MS
    clock = FakeClock(NOW_MS - good_ms - DAY_MS)
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine(), clock=clock) as node:
        before = node.serial(address)
        with node.connected(address) as client:
            clock.advance(good_ms - DAY_MS)
            node.check()
            assert node.serial(address) == before
            clock.advance(2 * DAY_MS)
            node.check()
            assert node.serial(address) != before
            assert ask(client, f"{address}:{node.node.port}", "/healthz")[0] == 200, "who was connected stays so"
        assert node.get(address)[0] == 200


def given(folder: Path, pair: Pair) -> dict[str, object]:
    (folder / "c.pem").write_bytes(pair.certificate)
    (folder / "k.pem").write_bytes(pair.key)
    (folder / "k.pem").chmod(0o600)
    return {"tls": "files", "tls_certificate": folder / "c.pem", "tls_key": folder / "k.pem"}


def serial_by(authority: Pair, address: str, port: int) -> str:
    context = ssl.create_default_context(cadata=authority.certificate.decode())
    with (
        socket.create_connection((address, port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="nas.example") as client,
    ):
        told = client.getpeercert()
        assert told is not None
        return str(told["serialNumber"])


def test_a_given_certificate_is_used_and_followed_and_a_bad_one_is_not(
    tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    authority = make_authority("abcd", ["nas.example"], NOW_MS)
    first, second = (issue(authority, ["nas.example"], [], NOW_MS) for _ in range(2))
    settings = settings_for(tmp_path / "home", host=address, **given(tmp_path, first))
    with served(settings, FakeMachine()) as node:
        assert node.node.lan.facts().hosts == ("nas.example", address)
        assert node.node.lan.authority is None
        before = serial_by(authority, address, node.node.port)
        given(tmp_path, Pair(second.certificate, first.key))
        for _ in range(2):
            node.check()
        assert serial_by(authority, address, node.node.port) == before
        told = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert len(told) == 1
        assert "the certificate stays as it is: the private key in" in told[0].message
        given(tmp_path, second)
        node.check()
        assert serial_by(authority, address, node.node.port) != before


def test_a_given_certificate_that_is_bad_keeps_the_node_from_starting(tmp_path: Path, address: str) -> None:
    authority = make_authority("abcd", [], NOW_MS)
    first, second = (issue(authority, ["nas.local"], [], NOW_MS) for _ in range(2))
    settings = settings_for(tmp_path / "home", host=address, **given(tmp_path, Pair(first.certificate, second.key)))
    with pytest.raises(KeyMismatch), Node.open(settings, machine=FakeMachine().told):
        pass


def test_an_end_that_comes_near_is_told_once(tmp_path: Path, address: str, caplog: pytest.LogCaptureFixture) -> None:
    pair = issue(make_authority("abcd", ["nas.example"], NOW_MS), ["nas.example"], [], NOW_MS)
    clock = FakeClock(NOW_MS)
    settings = settings_for(tmp_path / "home", host=address, **given(tmp_path, pair))
    with served(settings, FakeMachine(), clock=clock) as node:
        clock.advance((CERTIFICATE_DAYS - 13) * DAY_MS)
        for _ in range(3):
            node.check()
        assert len([record for record in caplog.records if "put a newer one there" in record.message]) == 1
        assert "put a newer one there" in node.node.lan.facts().warnings[0]


# Apps


def test_an_app_is_at_a_port_of_its_own_encrypted_too(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        garden, diary = published(node.node, "garden"), published(node.node, "diary")
        ports = [opened(node, address, app) for app in (garden, diary, garden)]
        assert ports == [20000, 20001, 20000]
        assert [node.get(address, "/", port=port)[2] for port in ports[:2]] == [b"garden", b"diary"]


def test_an_app_is_at_its_port_again_after_a_restart_before_anybody_asks(tmp_path: Path, address: str) -> None:
    settings = settings_for(tmp_path, host=address, tls="local")
    with served(settings, FakeMachine()) as node:
        published(node.node, "first")
        port = opened(node, address, published(node.node, "garden"))
    with served(settings, FakeMachine()) as node:
        assert node.get(address, "/", port=port)[2] == b"garden"


def test_an_app_whose_port_another_program_took_gets_a_new_one(tmp_path: Path, address: str) -> None:
    settings = settings_for(tmp_path, host=address, tls="local")
    with served(settings, FakeMachine()) as node:
        garden = published(node.node, "garden")
        assert opened(node, address, garden) == 20000
    with closing(socket.create_server((address, 20000))), served(settings, FakeMachine()) as node:
        assert opened(node, address, garden) == 20001
        assert node.get(address, "/", port=20001)[2] == b"garden"
        assert opened(node, address, published(node.node, "diary")) == 20002, "the first port stays the garden's"


def test_a_port_that_is_freed_is_closed(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        garden = published(node.node, "garden")
        port = opened(node, address, garden)
        with socket.create_connection(("127.0.0.1", node.node.port)) as here:
            request = f"DELETE /api/v1/lan/apps/{id_text(garden)} HTTP/1.1\r\nHost: localhost:{node.node.port}\r\n"
            here.sendall(f"{request}Authorization: Bearer {node.node.token}\r\nConnection: close\r\n\r\n".encode())
            assert here.recv(100).startswith(b"HTTP/1.1 204")
        assert not is_open(address, port)
        assert opened(node, address, published(node.node, "diary")) == port


def test_when_the_ports_are_used_up_the_browser_is_told(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        for number in range(5):
            opened(node, address, published(node.node, f"app {number}"))
        more = published(node.node, "one more")
        status, _, body = node.get(address, f"/mm/{id_text(more)}/", accept="text/html")
    assert (status, b"set app_ports to a wider range" in body) == (413, True)


# The other doors


def test_a_redis_client_is_served_encrypted(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        mimei, _ = Catalog(node.node.engines).create(kind="db", app="app", mark="data", right=0)
        trusted = tmp_path / "trusted.pem"
        found = node.node.lan.authority
        assert found is not None
        trusted.write_bytes(found.pem)
        url = f"rediss://{id_text(mimei.id)}:{node.node.token}@{address}:{node.node.lan.redis_port}/0"
        with redis.Redis.from_url(url, ssl_ca_certs=str(trusted)) as client:
            large = b"x" * (1 << 20)
            assert client.set("key", large)
            assert client.get("key") == large
            assert client.pipeline().incr("n").incr("n").execute() == [1, 2]
        with redis.Redis.from_url(url, retry=None) as stranger, pytest.raises(redis.ConnectionError):
            stranger.ping()
        plain = redis.Redis.from_url(url.replace("rediss", "redis"), retry=None, socket_timeout=20)
        with plain, pytest.raises(redis.ConnectionError):
            plain.ping()
        here = url.replace("rediss", "redis").replace(address, "127.0.0.1")
        with redis.Redis.from_url(here) as client:
            assert client.get("n") == b"2"


def test_webdav_is_served_encrypted(tmp_path: Path, address: str) -> None:
    with served(settings_for(tmp_path, host=address, tls="local"), FakeMachine()) as node:
        mimei, _ = Catalog(node.node.engines).create(kind="fs", app="app", mark="files", right=0)
        user = {"Authorization": f"Basic {b64encode(f'me:{node.node.token}'.encode()).decode()}"}
        place = f"/dav/{id_text(mimei.id)}/a.txt"
        there = f"https://{address}:{node.node.port}{place}.copy"
        client = http.client.HTTPSConnection(address, node.node.port, context=node.authority, timeout=20)
        with closing(client):
            for method, headers, status in (
                ("PUT", {}, 201),
                ("COPY", {"Destination": there}, 201),
                ("PROPFIND", {"Depth": "0"}, 207),
                ("GET", {}, 200),
            ):
                client.request(method, place, body=b"text" if method == "PUT" else None, headers={**user, **headers})
                answer = client.getresponse()
                body = answer.read()
                assert answer.status == status
        assert body == b"text"


def test_the_node_looks_at_its_addresses_by_itself(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leither.limits.LAN_CHECK_S", 0.01)
    looked = threading.Semaphore(0)

    def addresses() -> list[str]:
        looked.release()
        return [address]

    with served(settings_for(tmp_path, host="lan", tls="local"), Machine("desk", addresses)):
        for _ in range(3):
            assert looked.acquire(timeout=20)
