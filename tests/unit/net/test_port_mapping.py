"""Asking a router to let others in, with a router of the test's own on loopback."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, SOCK_DGRAM, socket

import pytest

from leither.limits import PORT_MAPPING_ANSWER_BYTES_MAX
from leither.net.port_mapping import NoPortMapping, PortMapping

DESCRIPTION = """<root><device><serviceList><service><serviceType>urn:schemas-upnp-org:service:Layer3Forwarding:1
</serviceType><controlURL>/other</controlURL></service><service>
<serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType><controlURL>{control}</controlURL>
</service></serviceList></device></root>"""


class Router:
    """Answers searches and requests; `mapped` is what it maps now."""

    def __init__(self) -> None:
        self.mapped: dict[str, str] = {}
        self.external = "203.0.113.7"
        self.control = "/control"
        self.padding = ""
        self.says: str | None = None
        router = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer(DESCRIPTION.format(control=router.control) + router.padding)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer(router.act(self.headers["SOAPAction"], body))

            def answer(self, text: str) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._search = socket(AF_INET, SOCK_DGRAM)
        self._search.bind(("127.0.0.1", 0))
        self.search_at: tuple[str, int] = self._search.getsockname()
        self._threads = [threading.Thread(target=each) for each in (self._web.serve_forever, self._answer_searches)]
        for thread in self._threads:
            thread.start()

    def act(self, action: str, body: str) -> str:
        values = dict(re.findall(r"<(New\w+)>([^<]*)</", body))
        if "GetExternalIPAddress" in action:
            return f"<NewExternalIPAddress>{self.external}</NewExternalIPAddress>"
        if "AddPortMapping" in action:
            self.mapped[values["NewExternalPort"]] = f"{values['NewInternalClient']}:{values['NewInternalPort']}"
        if "DeletePortMapping" in action:
            del self.mapped[values["NewExternalPort"]]
        return "<ok/>"

    def close(self) -> None:
        self._web.shutdown()
        self._web.server_close()
        with socket(AF_INET, SOCK_DGRAM) as last:
            last.sendto(b"", self.search_at)
        for thread in self._threads:
            thread.join()
        self._search.close()

    def _answer_searches(self) -> None:
        while True:
            data, source = self._search.recvfrom(2048)
            if not data:
                return
            assert data.startswith(b"M-SEARCH * HTTP/1.1\r\n")
            location = self.says or f"http://127.0.0.1:{self._web.server_port}/description.xml"
            self._search.sendto(f"HTTP/1.1 200 OK\r\nLOCATION: {location}\r\n\r\n".encode(), source)


@pytest.fixture
def router() -> Iterator[Router]:
    made = Router()
    yield made
    made.close()


def mapped(router: Router) -> str:
    """Map a port, and return where it is reached; the router still maps it then, and no longer afterwards."""

    async def main() -> str:
        mapping = PortMapping("127.0.0.1", 4801, search_at=router.search_at)
        try:
            address = await mapping.map()
            assert router.mapped == {"4801": "127.0.0.1:4801"}
            assert await mapping.map() == address
        finally:
            await mapping.close()
        return str(address)

    return asyncio.run(main())


def test_a_router_maps_a_port_and_takes_that_back(router: Router) -> None:
    assert mapped(router) == "/ip4/203.0.113.7/tcp/4801"
    assert router.mapped == {}


def test_a_router_that_does_not_say_its_address_is_of_no_use(router: Router) -> None:
    router.external = "none"
    with pytest.raises(NoPortMapping):
        mapped(router)


@pytest.mark.parametrize("control", ["http://192.0.2.1/control", "//192.0.2.1/control"])
def test_a_router_cannot_send_requests_elsewhere(router: Router, control: str) -> None:
    router.control = control
    with pytest.raises(NoPortMapping, match="no service"):
        mapped(router)


def test_an_answer_that_names_another_place_is_ignored(router: Router) -> None:
    router.says = "http://192.0.2.1/description.xml"
    with pytest.raises(NoPortMapping, match="Timeout"):
        mapped(router)


def test_an_answer_over_its_limit_is_refused(router: Router) -> None:
    router.padding = " " * PORT_MAPPING_ANSWER_BYTES_MAX
    with pytest.raises(NoPortMapping, match="more than"):
        mapped(router)
