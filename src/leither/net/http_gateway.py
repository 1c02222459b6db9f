"""Trustless gateways over HTTP. Connections are kept; no redirect is followed, and no proxy is asked.

Source: specs.ipfs.tech/http-gateways/trustless-gateway.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from leither import limits
from leither.codec import Cid
from leither.ports.gateway_errors import BadGatewayUrl, GatewayFailed
from leither.ports.gateways import Gateway

_ABSENT = (404, 410)
_PIECE_BYTES = 256 * 1024
_FAILURES = (OSError, http.client.HTTPException)
_RAW, _CAR = "application/vnd.ipld.raw", "application/vnd.ipld.car"


class HttpGateway:
    """One gateway; requests run at once on connections of their own, of which as many are kept as were needed."""

    def __init__(self, url: str) -> None:
        """Raises: BadGatewayUrl."""
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise BadGatewayUrl(url, str(error)) from None
        if parts.scheme not in ("http", "https") or not host:
            raise BadGatewayUrl(url, "no http or https address with a host")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise BadGatewayUrl(url, "user names, queries and fragments don't belong in it")
        self._secure = parts.scheme == "https"
        self._host, self._port, self._path = host, port, parts.path
        self._idle: list[http.client.HTTPConnection] = []
        self._busy: set[http.client.HTTPConnection] = set()
        self._guard = threading.Lock()
        self._closed = False

    def fetch_block(self, cid: Cid) -> bytes | None:
        """Return the bytes that the gateway gives for a block; None if it has none. Raises: GatewayFailed."""
        with self._request(cid, "raw", _RAW) as response:
            if response.status in _ABSENT:
                response.read(_PIECE_BYTES)
                return None
            self._expect(response, _RAW)
            data = response.read(limits.BLOCK_BYTES_MAX + 1)
            if len(data) > limits.BLOCK_BYTES_MAX:
                raise GatewayFailed(self.url, f"more than {limits.BLOCK_BYTES_MAX:,} bytes for one block")
            if response.length:
                raise GatewayFailed(self.url, f"a block was cut off {response.length:,} bytes before its end")
            return data

    def fetch_car(self, root: Cid) -> Iterator[bytes]:
        """Yield the CAR of all below `root`, piece by piece. Raises: GatewayFailed."""
        with self._request(root, "car&dag-scope=all&car-dups=n", f"{_CAR};version=1;order=dfs;dups=n") as response:
            self._expect(response, _CAR)
            while piece := response.read1(_PIECE_BYTES):
                yield piece

    def close(self) -> None:
        """End what is under way. Idempotent."""
        with self._guard:
            self._closed = True
            idle, busy = list(self._idle), list(self._busy)
            self._idle.clear()
        for connection in idle:
            connection.close()
        for connection in busy:
            _shut(connection)

    @contextmanager
    def _request(self, cid: Cid, form: str, accept: str) -> Iterator[http.client.HTTPResponse]:
        """Ask for a CID; the connection is kept if its answer was read to the end."""
        connection, response = self._ask(f"{self._path}/ipfs/{cid.text}?format={form}", accept)
        is_kept = False
        try:
            yield response
            is_kept = response.isclosed() and not response.will_close
        except _FAILURES as error:
            raise GatewayFailed(self.url, _reason(error)) from None
        finally:
            with self._guard:
                self._busy.discard(connection)
                is_kept = is_kept and not self._closed and len(self._idle) < limits.GATEWAY_CONNECTIONS_MAX
                if is_kept:
                    self._idle.append(connection)
            if not is_kept:
                connection.close()

    def _ask(self, address: str, accept: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        """Send a request; on a new connection if those kept prove to be closed."""
        headers = {"Accept": accept, "Accept-Encoding": "identity"}
        while True:
            connection, was_kept = self._connection()
            try:
                connection.request("GET", address, headers=headers)
                return connection, connection.getresponse()
            except _FAILURES as error:
                with self._guard:
                    self._busy.discard(connection)
                connection.close()
                if not was_kept or self._closed:
                    raise GatewayFailed(self.url, _reason(error)) from None

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._guard:
            if self._closed:
                raise GatewayFailed(self.url, "it is no longer asked")
            was_kept = bool(self._idle)
            connection = self._idle.pop() if was_kept else self._new()
            self._busy.add(connection)
        return connection, was_kept

    def _new(self) -> http.client.HTTPConnection:
        if self._secure:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=limits.GATEWAY_S, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=limits.GATEWAY_S)

    def _expect(self, response: http.client.HTTPResponse, kind: str) -> None:
        """Raises: GatewayFailed: unless it is an answer of this kind, given as it is."""
        if response.status != http.client.OK:
            raise GatewayFailed(self.url, f"status {response.status}")
        given = response.getheader("content-type", "").partition(";")[0].strip().lower()
        if given != kind:
            raise GatewayFailed(self.url, f"{given[:60]!r} where {kind} was asked for")
        if response.getheader("content-encoding", "identity").lower() != "identity":
            raise GatewayFailed(self.url, "the answer is compressed, which was not asked for")


class HttpGateways:
    """Opens gateways by their address."""

    def open(self, url: str) -> Gateway:
        """Return the gateway at `url`. Raises: BadGatewayUrl."""
        return HttpGateway(url)


def _shut(connection: http.client.HTTPConnection) -> None:
    """Break off a connection that another thread may be reading from."""
    held = connection.sock
    if held is not None:
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
