"""The bounds of an authority hold in Chromium: what is outside of them is refused although the authority is trusted."""

from __future__ import annotations

import asyncio
import json
import queue
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest

from leither.crypto.authority import issue, make_authority
from leither.crypto.certificate import Pair
from leither.runtime import SystemClock
from tests.browser.trusting import trusting_home
from tests.unit.node.machines import stand_in

pytestmark = [pytest.mark.browser, pytest.mark.network]
HERE = Path(__file__).parent
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmet\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):  # a browser opens more connections than it uses
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
    writer.close()


@contextmanager
def serving(address: str, pairs: list[Pair], folder: Path) -> Iterator[list[int]]:
    """Serve a page with each certificate, and yield the ports."""
    found: queue.Queue[tuple[list[int], Callable[[], object]]] = queue.Queue()

    async def main() -> None:
        loop, stop, servers = asyncio.get_running_loop(), asyncio.Event(), list[asyncio.Server]()
        for number, pair in enumerate(pairs):
            (folder / f"{number}.pem").write_bytes(pair.certificate + pair.key)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / f"{number}.pem")
            servers.append(await asyncio.start_server(answer, address, 0, ssl=context))
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        found.put((ports, lambda: loop.call_soon_threadsafe(stop.set)))
        await stop.wait()
        for server in servers:
            server.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    ports, stop = found.get(timeout=20)
    try:
        yield ports
    finally:
        stop()
        thread.join()


def test_a_stolen_authority_opens_no_site_of_the_internet(tmp_path: Path) -> None:
    address, now_ms = stand_in(), SystemClock().now_ms()
    authority = make_authority("abcd", ["nas.example"], now_ms)
    here, public = ip_address(address), ip_address("203.0.113.5")
    inside = issue(authority, ["desk.local", "www.nas.example"], [here], now_ms)
    beside = issue(authority, ["desk.local"], [here, public], now_ms)
    bank = issue(authority, ["bank.example"], [], now_ms)
    with serving(address, [inside, beside, bank], tmp_path) as (good, too_far, other):
        pages = {
            f"https://{address}:{good}/": "met\n",
            f"https://desk.local:{good}/": "met\n",
            f"https://www.nas.example:{good}/": "met\n",
            f"https://{address}:{too_far}/": "ERR_CERT_INVALID",
            f"https://bank.example:{other}/": "ERR_CERT_INVALID",
        }
        home = trusting_home(tmp_path / "home", authority.certificate)
        given = json.dumps({"home": str(home), "address": address, "pages": list(pages)})
        done = subprocess.run(["node", HERE / "authority.mjs", given], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == pages
