"""Asking the router to let others in: UPnP.

The router is asked once which service of it maps ports, and then for one mapping, which is renewed and taken back at
the end. Only a router that answers from where it says it is counts. Answers are searched, not parsed as XML, so
that none can do harm by what it nests.
Source: UPnP Device Architecture 1.1, sections 1.3 and 3; UPnP IGD, WANIPConnection:1.
"""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from leither.codec.multiaddr import Multiaddr, tcp_address
from leither.errors import PeerError
from leither.limits import PORT_MAPPING_ANSWER_BYTES_MAX, PORT_MAPPING_S, PORT_MAPPING_WAIT_S

EVERY_ROUTER = ("239.255.255.250", 1900)
_SEARCHED = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"
_SEARCH = (
    'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 2\r\n'
    + f"ST: {_SEARCHED}\r\n\r\n"
)
_SERVICE = re.compile(r"<service>(.*?)</service>", re.DOTALL)
_KINDS = re.compile(r"<serviceType>\s*(urn:schemas-upnp-org:service:WAN(?:IP|PPP)Connection:[12])\s*</serviceType>")
_CONTROL = re.compile(r"<controlURL>\s*([^<\s]+)\s*</controlURL>")
_EXTERNAL = re.compile(r"<NewExternalIPAddress>\s*([0-9a-fA-F.:]+)\s*</NewExternalIPAddress>")


class NoPortMapping(PeerError):
    """No router maps a port for this node."""

    code = "no-port-mapping"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"no router lets others in by itself: {reason}; forward the port there by hand, if you can")


@dataclass(frozen=True, slots=True)
class _Router:
    control: str
    kind: str


class PortMapping:
    """One port of this machine, mapped by the router of one of its networks."""

    def __init__(self, own: str, port: int, *, search_at: tuple[str, int] = EVERY_ROUTER) -> None:
        """`own`: this machine's IPv4 address in that network, from which the router is looked for."""
        self._own = own
        self._port = port
        self._search_at = search_at
        self._router: _Router | None = None
        self._client = httpx.AsyncClient(timeout=PORT_MAPPING_WAIT_S, trust_env=False)

    async def map(self) -> Multiaddr:
        """Map the port, or renew that; return where others reach it. Raises: NoPortMapping."""
        try:
            self._router = self._router or await self._find()
            arguments = {
                "NewRemoteHost": "",
                "NewExternalPort": str(self._port),
                "NewProtocol": "TCP",
                "NewInternalPort": str(self._port),
                "NewInternalClient": self._own,
                "NewEnabled": "1",
                "NewPortMappingDescription": "leither",
                "NewLeaseDuration": str(PORT_MAPPING_S),
            }
            await self._call(self._router, "AddPortMapping", arguments)
            found = _EXTERNAL.search(await self._call(self._router, "GetExternalIPAddress", {}))
            if found is None:
                raise NoPortMapping("the router doesn't say its own address")
            return tcp_address(str(ip_address(found[1])), self._port)
        except (httpx.HTTPError, OSError, TimeoutError, ValueError) as error:
            raise NoPortMapping(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        """Take the mapping back. Idempotent."""
        if self._router is not None:
            arguments = {"NewRemoteHost": "", "NewExternalPort": str(self._port), "NewProtocol": "TCP"}
            with suppress(NoPortMapping, httpx.HTTPError):  # it ends by itself in a while
                await self._call(self._router, "DeletePortMapping", arguments)
            self._router = None
        await self._client.aclose()

    async def _find(self) -> _Router:
        loop = asyncio.get_running_loop()
        answers = _Answers()
        transport, _ = await loop.create_datagram_endpoint(lambda: answers, local_addr=(self._own, 0))
        try:
            transport.sendto(_SEARCH.encode(), self._search_at)
            async with asyncio.timeout(PORT_MAPPING_WAIT_S):
                location = await answers.location
        finally:
            transport.close()
        text = await self._read("GET", location)
        for service in _SERVICE.findall(text):
            kind, control = _KINDS.search(service), _CONTROL.search(service)
            if kind is not None and control is not None:
                target = urljoin(location, unescape(control[1]))
                if urlsplit(target).netloc == urlsplit(location).netloc:
                    return _Router(target, kind[1])
        raise NoPortMapping("the router has no service that maps ports")

    async def _call(self, router: _Router, action: str, arguments: dict[str, str]) -> str:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in arguments.items())
        body = (
            '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
            's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
            f'<u:{action} xmlns:u="{router.kind}">{inner}</u:{action}></s:Body></s:Envelope>'
        )
        headers = {"SOAPAction": f'"{router.kind}#{action}"', "Content-Type": 'text/xml; charset="utf-8"'}
        return await self._read("POST", router.control, body, headers)

    async def _read(self, method: str, url: str, body: str = "", headers: dict[str, str] | None = None) -> str:
        async with self._client.stream(method, url, content=body.encode(), headers=headers) as answer:
            answer.raise_for_status()
            data = b""
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > PORT_MAPPING_ANSWER_BYTES_MAX:
                    raise NoPortMapping(f"the router answers more than {PORT_MAPPING_ANSWER_BYTES_MAX:,} bytes")
            return data.decode("utf-8", "replace")


class _Answers(asyncio.DatagramProtocol):
    """The place that the first router names that is where it answers from."""

    def __init__(self) -> None:
        self.location: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take an answer. Source: asyncio.DatagramProtocol."""
        found = re.search(rb"^location:\s*(http://\S+)\s*$", data[:2048], re.IGNORECASE | re.MULTILINE)
        if found is None or self.location.done():
            return
        location = found[1].decode("ascii", "replace")
        if urlsplit(location).hostname == addr[0]:
            self.location.set_result(location)
