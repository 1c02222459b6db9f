"""Asking gateways over HTTP: what comes is bounded, and nobody else is asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from leither import limits
from leither.codec import RAW, Cid
from leither.net.http_gateway import HttpGateway, HttpGateways
from leither.ports.gateway_errors import BadGatewayUrl, GatewayFailed

pytestmark = pytest.mark.network

DATA = b"block" * 1000
CID = Cid.of(RAW, DATA)
KIND = "application/vnd.ipld.raw"
Respond = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def server(respond: Respond) -> Iterator[tuple[HttpGateway, list[str]]]:
    """A gateway that answers as told, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            respond(self)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        gateway = HttpGateway(f"http://127.0.0.1:{listening.server_address[1]}/")
        try:
            yield gateway, asked
        finally:
            gateway.close()
            listening.shutdown()
            thread.join()


def answer(body: bytes, *, status: int = 200, length: int | None = None, **headers: str) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content_Type": KIND} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)
        if length is not None:
            handler.close_connection = True

    return respond


def test_a_block_is_asked_for_raw_by_its_base32_cid() -> None:
    with server(answer(DATA)) as (gateway, asked):
        assert gateway.fetch_block(CID) == DATA
        assert asked == [f"/ipfs/{CID.text}?format=raw"]


def test_a_connection_is_used_again() -> None:
    ports: set[int] = set()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        ports.add(handler.client_address[1])
        answer(DATA)(handler)

    with server(respond) as (gateway, _):
        for _ in range(5):
            gateway.fetch_block(CID)
        assert len(ports) == 1


def test_a_kept_connection_that_was_closed_is_opened_anew() -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        answer(DATA)(handler)
        handler.close_connection = True  # although the answer did not say so

    with server(respond) as (gateway, asked):
        for _ in range(3):
            assert gateway.fetch_block(CID) == DATA
        assert len(asked) == 3


@pytest.mark.parametrize("status", [404, 410])
def test_a_block_that_the_gateway_has_not_is_none(status: int) -> None:
    with server(answer(b"no such block", status=status, Content_Type="text/plain")) as (gateway, _):
        assert gateway.fetch_block(CID) is None


def test_a_redirect_is_not_followed() -> None:
    with server(answer(b"", status=302, Location="http://127.0.0.1:1/")) as (gateway, asked):
        with pytest.raises(GatewayFailed):
            gateway.fetch_block(CID)
        assert len(asked) == 1


@pytest.mark.parametrize(
    "respond",
    [
        pytest.param(answer(b"", status=500), id="error"),
        pytest.param(answer(b"", status=429), id="too many requests"),
        pytest.param(answer(DATA, Content_Type="text/html"), id="a page"),
        pytest.param(answer(DATA, Content_Encoding="gzip"), id="compressed"),
        pytest.param(answer(bytes(limits.BLOCK_BYTES_MAX + 1)), id="too long"),
        pytest.param(answer(DATA[:100], length=len(DATA)), id="cut off"),
        pytest.param(lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), id="no HTTP"),
        pytest.param(lambda handler: setattr(handler, "close_connection", True), id="hangs up"),
    ],
)
def test_what_is_no_answer_with_a_block_fails(respond: Respond) -> None:
    with server(respond) as (gateway, _), pytest.raises(GatewayFailed):
        gateway.fetch_block(CID)


def test_closing_ends_what_waits_for_an_answer() -> None:
    asked, done = threading.Event(), threading.Event()
    failed: list[GatewayFailed] = []

    def respond(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        done.wait()

    with server(respond) as (gateway, _):

        def fetch() -> None:
            try:
                gateway.fetch_block(CID)
            except GatewayFailed as error:
                failed.append(error)

        thread = threading.Thread(target=fetch)
        thread.start()
        asked.wait()
        gateway.close()
        thread.join()
        done.set()
        assert failed
        with pytest.raises(GatewayFailed):
            gateway.fetch_block(CID)


def test_a_car_comes_in_pieces() -> None:
    with server(answer(DATA, Content_Type="application/vnd.ipld.car; version=1")) as (gateway, asked):
        assert b"".join(gateway.fetch_car(CID)) == DATA
        assert asked == [f"/ipfs/{CID.text}?format=car&dag-scope=all&car-dups=n"]


@pytest.mark.parametrize(
    "url",
    ["", "example", "ftp://host", "http://", "http://user:pw@host", "http://host?x", "http://host:port", "http://h#f"],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadGatewayUrl):
        HttpGateways().open(url)
