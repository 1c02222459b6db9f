"""Files from an app's origin and by CID, beside nginx with the same files and one worker, and Kubo's gateway."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benches.figure import Figure, in_turns
from benches.peers import kubo, kubo_environment

LEITHER = Path(sys.executable).parent / "leither"
PORT, NGINX_PORT = 4891, 4892
FILES = {"10 KiB": 10 * 1024, "1 MiB": 1 << 20}
CONNECTIONS = 16
SECONDS = 2
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; default_type application/octet-stream;
  client_body_temp_path {folder}/t; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/t;
  uwsgi_temp_path {folder}/t; scgi_temp_path {folder}/t;
  server {{ listen 127.0.0.1:{port}; root {folder}/site; }}
}}
"""


def figures(*, rounds: int = 5) -> list[Figure]:
    """Return requests a second over 16 connections kept alive; wrk asks, or where it is missing a program of ours."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        (folder / "site").mkdir()
        for size in FILES.values():
            (folder / "site" / f"{size}.bin").write_bytes(os.urandom(size))
        (folder / "site" / "index.html").write_text("<h1>bench</h1>")
        with _node(folder) as (host, content), _nginx(folder), _kubo(folder, content) as kubo_port:
            return [
                figure
                for label, size in FILES.items()
                for figure in _figures(label, size, host, content, kubo_port, rounds)
            ]


def _figures(label: str, size: int, host: str, content: str, kubo_port: int | None, rounds: int) -> Iterator[Figure]:
    path = f"/{size}.bin"
    workers = {
        "app": lambda: _load(PORT, path, host),
        "ipfs": lambda: _load(PORT, f"/ipfs/{content}{path}", f"localhost:{PORT}"),
        "nginx, one worker": lambda: _load(NGINX_PORT, path, f"localhost:{NGINX_PORT}"),
    }
    if kubo_port is not None:
        # By its address and not by localhost, which Kubo sends on to a name of the content's own.
        by_kubo = f"127.0.0.1:{kubo_port}"
        workers["Kubo's gateway, offline"] = lambda: _load(kubo_port, f"/ipfs/{content}{path}", by_kubo)
    rates = in_turns(rounds, **workers)
    peers = {name: found for name, found in rates.items() if name not in ("app", "ipfs")}
    target = ">= 0.4x nginx, 2x Kubo"
    yield Figure(f"GET {label} from an app's origin", "req/s", rates["app"], peers, target, more_is_better=True)
    yield Figure(f"GET {label} at /ipfs/<root>/path", "req/s", rates["ipfs"], peers, more_is_better=True)


def _load(port: int, path: str, host: str) -> float:
    """Return requests answered a second. The host goes into the header: the name is not looked up."""
    wrk = shutil.which("wrk")
    if wrk is None:
        command = [sys.executable, "-m", "benches.load", str(port), path, host, str(CONNECTIONS), str(SECONDS)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-H", f"Host: {host}", f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    assert found is not None
    return float(found[1])


@contextmanager
def _node(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the app's Host and its content's CID, served by a node of its own."""
    environment = os.environ | {"LEITHER_HOME": str(folder / "home"), "LEITHER_PORT": str(PORT)}
    node = subprocess.Popen([LEITHER, "up"], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert node.stdout is not None
        next(line for line in node.stdout if line.startswith("ready "))
        published: list[str | Path] = [LEITHER, "app", "publish", "--json", folder / "site"]
        told = json.loads(subprocess.run(published, env=environment, capture_output=True, check=True).stdout)
        host = f"{told['id']}.localhost:{PORT}"
        logged = [LEITHER, "log", "--json", told["id"]]
        log = json.loads(subprocess.run(logged, env=environment, capture_output=True, check=True).stdout)
        yield host, log["items"][0]["content"]
    finally:
        node.send_signal(signal.SIGTERM)
        node.wait(20)


@contextmanager
def _nginx(folder: Path) -> Iterator[None]:
    configuration = folder / "nginx.conf"
    configuration.write_text(_NGINX.format(folder=folder, port=NGINX_PORT))
    folder.chmod(0o755)
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    nginx = subprocess.Popen([program, "-c", configuration], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{NGINX_PORT}/index.html")
        yield
    finally:
        nginx.send_signal(signal.SIGTERM)
        nginx.wait(20)


@contextmanager
def _kubo(folder: Path, content: str) -> Iterator[int | None]:
    """Yield the port of a Kubo gateway that has the same files, under the same root; None without a Kubo."""
    program = kubo()
    if program is None:
        yield None
        return
    home = folder / "kubo"
    home.mkdir()
    environment = kubo_environment(home)
    added: list[str | Path] = [program, "add", "--offline", "-r", "--hidden", "-Q", folder / "site"]
    root = subprocess.run(added, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    assert root == content, "both make the same root of the same files"
    daemon = subprocess.Popen(
        [program, "daemon", "--offline"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        assert daemon.stdout is not None
        next(line for line in daemon.stdout if line.startswith("Daemon is ready"))
        yield int((home / "gateway").read_text().rpartition(":")[2])
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(20)


def _wait(url: str) -> None:
    for _ in range(1000):
        try:
            urllib.request.urlopen(url).close()
            return
        except ConnectionError:
            continue
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionError):
                raise
    raise RuntimeError(f"{url} does not answer")
