"""The life of a node as a process: ready, serving, stopped, killed, started again."""

import signal
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.end_to_end.program import TIMEOUT_S, Up, ok, process, up

pytestmark = pytest.mark.network


def test_what_was_published_is_served_and_still_there_after_a_stop(home: Path, site: Path) -> None:
    with up(home) as node:
        app = ok(home, "app", "publish", str(site))
        assert node.page(app["id"]) == b"<h1>one</h1>"
        assert node.stop().status == 0
    with up(home) as node:
        assert node.page(app["id"], "/css/a.css") == b"h1 {}"
        assert node.stop().status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_node_gracefully(home: Path, number: int) -> None:
    with up(home) as node:
        answer = node.stop(number)
    assert (answer.status, answer.out, answer.err) == (0, "", "")


def test_open_connections_hold_up_no_stop(home: Path) -> None:
    with up(home, "--port", "0", "--no-welcome") as node:
        token = (home / "token").read_text().strip()
        head = f"Host: localhost:{node.port}\r\nAuthorization: Bearer {token}\r\n"
        upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
        asked = [
            f"GET /api/v1/status HTTP/1.1\r\n{head}\r\n",
            f"GET /api/v1/watch HTTP/1.1\r\n{head}{upgrade}dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
            f"POST /api/v1/import HTTP/1.1\r\n{head}Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
        ]
        with ExitStack() as stack:
            for text in asked:
                client = stack.enter_context(socket.create_connection(("127.0.0.1", node.port), TIMEOUT_S))
                client.sendall(text.encode())
                assert client.recv(100).startswith(b"HTTP/1.1 ")
            client.sendall(b"the beginning of an archive")
            answer = node.stop()
    assert (answer.status, answer.err) == (0, ""), "nothing had to be broken off"


def test_a_node_started_with_sigint_ignored_stops_on_it_all_the_same(home: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        node = Up(home, "--port", "0")
    finally:
        signal.signal(signal.SIGINT, before)
    assert node.stop(signal.SIGINT).status == 0


def test_exactly_one_line_is_printed_and_no_secret_into_a_pipe(home: Path) -> None:
    with up(home) as node:
        answer = node.stop()
    assert node.ready == f"ready http://localhost:{node.port}/\n"
    assert answer.out == ""


def test_a_link_is_printed_on_request_and_signs_in_once(home: Path) -> None:
    with up(home, "--port", "0", "--print-link") as node:
        assert node.process.stdout is not None
        line = node.process.stdout.readline()
    assert line.startswith(f"sign in: {node.url}#code=")


def test_a_killed_node_starts_again_with_everything_acknowledged(home: Path, site: Path) -> None:
    for number in range(3):
        with up(home) as node:
            (site / "index.html").write_text(f"version {number}")
            app = ok(home, "app", "publish", str(site))
            node.process.kill()
            node.process.wait()
    with up(home) as node:
        assert node.page(app["id"]) == b"version 2"
    assert [version["n"] for version in ok(home, "log", app["id"])["items"]] == [2, 1, 0]
    assert ok(home, "verify")["faults"] == []


def test_commands_work_after_a_kill_although_the_announcement_is_still_there(home: Path) -> None:
    with up(home) as node:
        node.process.kill()
        node.process.wait()
    assert (home / "node.json").exists()
    assert ok(home, "status")["running"] is False


def test_a_second_node_on_the_same_folder_is_refused(home: Path) -> None:
    with up(home) as node:
        answer = process(home, "up", "--port", "0")
        assert answer.status == 7
        assert f"in use by process {node.process.pid}" in answer.err
        assert node.process.poll() is None


def test_a_taken_port_is_named_with_its_setting(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = process(home, "up", LEITHER_PORT=str(port))
    assert answer.status == 7
    assert f"port {port} on 127.0.0.1 is taken" in answer.err
    assert f"set port in {home / 'config.toml'} or LEITHER_PORT" in answer.err
    assert "Traceback" not in answer.err


def test_a_host_that_others_reach_needs_encryption_or_to_be_wanted_without(home: Path) -> None:
    answer = process(home, "up", "--host", "0.0.0.0", "--port", "0")
    assert answer.status == 7
    assert "insecure = true" in answer.err
    assert not home.exists()


def test_the_welcome_app_is_there_after_the_first_start(home: Path) -> None:
    with up(home) as node:
        (app,) = ok(home, "app", "list")["items"]
        assert app["mark"] == "welcome"
        assert b"<html" in node.page(app["id"])


def test_a_node_listens_on_loopback_alone(home: Path) -> None:
    with up(home) as node:
        listening = ok(home, "status")["listening"]
    assert listening
    assert all(address.startswith(("127.0.0.1:", "[::1]:")) for address in listening)
    ports = {int(address.rpartition(":")[2]) for address in listening}
    assert node.port in ports
    assert len(ports) == 2, "the web's and the one for Redis clients"


def test_the_installed_program_and_the_module_are_one(home: Path) -> None:
    shown = process(home, "--version")
    module = subprocess.run([sys.executable, "-m", "leither", "--version"], capture_output=True, text=True)
    assert (shown.status, shown.out) == (0, module.stdout)
