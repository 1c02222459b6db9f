"""Addresses that stand for others, and WebSockets in TLS, as the public network's first peers have both."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import dns.asyncresolver
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from leither.codec.multiaddr import Multiaddr
from leither.config import load
from leither.crypto.authority import issue, make_authority
from leither.crypto.host_key import HostKey
from leither.limits import DNSADDR_LOOKUPS_MAX
from leither.net.dnsaddr import Texts, resolved, stands_for_others, texts_of
from leither.net.host import Host
from leither.ports import Reach
from leither.ports.network_errors import AddressNotAllowed, PeerUnreachable
from leither.runtime import SystemClock, SystemRandom

ONE, OTHER = (HostKey(bytes((number,)) * 32).peer_id for number in (1, 2))
NAME = Multiaddr.parse("/dnsaddr/first.example/p2p/" + ONE)


def knows(records: dict[str, list[str]], asked: list[str] | None = None) -> Texts:
    """A DNS that knows these TXT records, and notes what it is asked for."""

    async def texts(name: str) -> Sequence[str]:
        if asked is not None:
            asked.append(name)
        return records.get(name, [])

    return texts


def found(records: dict[str, list[str]], address: Multiaddr = NAME) -> list[str]:
    return [str(each) for each in asyncio.run(resolved([address], knows(records)))]


def test_a_name_stands_for_what_its_records_tell_of_the_same_peer() -> None:
    records = {
        "_dnsaddr.first.example": [
            f"dnsaddr=/ip4/192.0.2.1/tcp/4001/p2p/{ONE}",
            f"dnsaddr=/ip4/192.0.2.2/tcp/4001/p2p/{OTHER}",
            f"dnsaddr=/ip4/192.0.2.3/carrier-pigeon/p2p/{ONE}",
            "v=spf1 -all",
        ]
    }
    assert found(records) == [f"/ip4/192.0.2.1/tcp/4001/p2p/{ONE}"]
    assert len(found(records, Multiaddr.parse("/dnsaddr/first.example"))) == 2


def test_a_name_may_lead_to_another_name() -> None:
    records = {
        "_dnsaddr.first.example": [f"dnsaddr=/dnsaddr/second.example/p2p/{ONE}"],
        "_dnsaddr.second.example": [f"dnsaddr=/dns4/host.example/tcp/443/wss/p2p/{ONE}"],
    }
    assert found(records) == [f"/dns4/host.example/tcp/443/wss/p2p/{ONE}"]


def test_names_that_lead_in_circles_are_looked_up_so_often_and_no_more() -> None:
    asked: list[str] = []
    records = {"_dnsaddr.first.example": [f"dnsaddr={NAME}"] * 2}
    assert asyncio.run(resolved([NAME], knows(records, asked))) == []
    assert len(asked) == DNSADDR_LOOKUPS_MAX


def test_what_is_no_name_is_left_as_it_is_and_nothing_looked_up() -> None:
    asked: list[str] = []
    plain = Multiaddr.parse("/ip4/127.0.0.1/tcp/1")
    through = Multiaddr.parse(f"/dnsaddr/relay.example/p2p/{OTHER}/p2p-circuit")
    assert asyncio.run(resolved([plain, through], knows({}, asked))) == [plain, through]
    assert asked == []


def test_the_peers_through_which_the_public_network_is_joined_say_who_they_are() -> None:
    bootstrap = [Multiaddr.parse(each) for each in load({}, environ={}).network_bootstrap.split(",")]
    assert all(each.peer for each in bootstrap)
    assert any(stands_for_others(each) for each in bootstrap)


def host(reach: Reach, **seams: object) -> Host:
    random = SystemRandom()
    return Host(HostKey(random.token(32)), random.token, reach=reach, **seams)  # type: ignore[arg-type]


async def listening(reach: Reach = Reach.OFF) -> tuple[Host, int]:
    other = host(reach)
    bound = await other.listen(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
    return other, int(bound.value("tcp") or 0)


def test_a_peer_is_dialled_by_a_name() -> None:
    async def dialled() -> None:
        other, port = await listening()
        name = Multiaddr.parse(f"/dnsaddr/first.example/p2p/{other.peer_id}")
        text = f"dnsaddr=/ip4/127.0.0.1/tcp/{port}/p2p/{other.peer_id}"
        this = host(Reach.PEERS, texts=knows({"_dnsaddr.first.example": [text]}))
        try:
            connection = await this.connect(other.peer_id, [name])
            assert connection.peer == other.peer_id
        finally:
            await this.close()
            await other.close()

    asyncio.run(dialled())


@pytest.mark.parametrize("reach", [Reach.OFF, Reach.LAN])
def test_no_name_is_looked_up_by_who_speaks_with_neighbours_alone(reach: Reach) -> None:
    asked: list[str] = []

    async def dialled() -> None:
        with pytest.raises(AddressNotAllowed):
            await host(reach, texts=knows({}, asked)).connect(ONE, [NAME])

    asyncio.run(dialled())
    assert asked == []


def test_a_name_that_leads_nowhere_is_told() -> None:
    async def dialled() -> None:
        with pytest.raises(PeerUnreachable, match="no address of it is known"):
            await host(Reach.PEERS, texts=knows({})).connect(ONE, [NAME])

    asyncio.run(dialled())


@pytest.mark.parametrize("form", ["/ip4/127.0.0.1/tcp/{}/tls/sni/localhost/ws", "/ip4/127.0.0.1/tcp/{}/wss"])
def test_a_websocket_in_tls_is_dialled_if_its_certificate_holds(tmp_path: Path, form: str) -> None:
    now_ms = SystemClock().now_ms()
    authority = make_authority("test", ["localhost"], now_ms)
    pair = issue(authority, ["localhost"], [ip_address("127.0.0.1")], now_ms)
    (tmp_path / "pair.pem").write_bytes(pair.key + pair.certificate)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(tmp_path / "pair.pem")

    async def dialled() -> None:
        other = host(Reach.OFF)
        server = await asyncio.get_running_loop().create_server(other._take_in, "127.0.0.1", 0, ssl=shown)
        address = Multiaddr.parse(form.format(server.sockets[0].getsockname()[1]))
        trusting = host(Reach.OFF, trust=lambda: ssl.create_default_context(cadata=authority.certificate.decode()))
        wary = host(Reach.OFF)
        try:
            assert (await trusting.connect(other.peer_id, [address])).peer == other.peer_id
            with pytest.raises(PeerUnreachable, match="certificate verify failed"):
                await wary.connect(other.peer_id, [address])
        finally:
            server.close()
            for each in (trusting, wary, other):
                await each.close()

    asyncio.run(dialled())


class _NameServer(asyncio.DatagramProtocol):
    """Knows one TXT record, in two pieces."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = dns.message.make_response(dns.message.from_wire(data))
        name = answer.question[0].name
        if name == dns.name.from_text("_dnsaddr.first.example"):
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", '"dnsaddr=" "/ip4/192.0.2.1/tcp/1"'))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


def test_records_come_from_the_dns_that_the_machine_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    async def told() -> list[list[str]]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(_NameServer, ("127.0.0.1", 0))
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = ["127.0.0.1"], transport.get_extra_info("sockname")[1]
        monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
        try:
            return [await texts_of("_dnsaddr.first.example"), await texts_of("_dnsaddr.nobody.example")]
        finally:
            transport.close()

    assert asyncio.run(told()) == [["dnsaddr=/ip4/192.0.2.1/tcp/1"], []]
