"""Fuzz what other nodes send below Bitswap: any bytes are what they should be or refused by name, within their bounds.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Messages begin as well-formed ones.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither import limits
    from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
    from leither.crypto import KeyPair
    from leither.crypto.host_key import HostKey
    from leither.errors import PeerError
    from leither.wire.gossip_message import Post, Rpc, parse_rpc
    from leither.wire.gossip_router import GossipRouter
    from leither.wire.identify import Identity, parse_identity
    from leither.wire.ipns import IpnsRecord, read_ipns, sign_ipns
    from leither.wire.kad_message import Contact, KadMessage, Kind, Value, parse_kad
    from leither.wire.multistream import Choice, Proposal, line
    from leither.wire.noise import Handshake
    from leither.wire.peer_key import parse_peer_key
    from leither.wire.yamux import Yamux

KEY, OTHER = HostKey(bytes(32)), HostKey(b"\1" * 32)
SIGNER = KeyPair(bytes(32))
ADDRESS = Multiaddr.parse(f"/ip4/127.0.0.1/tcp/4001/p2p/{OTHER.peer_id}")
NAMED = IpnsRecord(b"/ipfs/bafkqaaa", 3, 4_000_000_000 * 10**9, 10**9)
POST = Post.sign(OTHER, "news", b"data", b"\0" * 8)


def _greeted(initiator: bool) -> Handshake:
    handshake = Handshake(KEY, initiator=initiator, static=bytes(31) + b"\1", ephemeral=bytes(31) + b"\2")
    if initiator:
        handshake.start()
    return handshake


def _gossip(data: bytes) -> None:
    router = GossipRouter(KEY.peer_id, random.Random(1))
    router.came(OTHER.peer_id)
    router.subscribe("news", 0.0)
    router.receive(OTHER.peer_id, parse_rpc(data), 0.0)
    router.heartbeat(1.0)
    assert len(router.subscribers("news")) <= 1


def _streams(data: bytes) -> None:
    end = Yamux(client=False, streams_max=8)
    end.receive(data)
    assert len(end) <= 8


def _address(data: bytes) -> None:
    try:
        found = Multiaddr.decode(data)
    except NotAMultiaddr:
        return
    assert Multiaddr.parse(str(found)) == found


def _contacts(data: bytes) -> None:
    found = parse_kad(data)
    assert max(len(found.closer), len(found.providers)) <= limits.KAD_PEERS_MAX
    assert parse_kad(found.encode()) == found


def _identity(data: bytes) -> None:
    found = parse_identity(data)
    assert len(found.addresses) <= limits.PEER_ADDRESSES_MAX
    assert len(found.protocols) <= limits.IDENTIFY_PROTOCOLS_MAX


TARGETS: list[tuple[Callable[[bytes], object], bytes]] = [
    (_gossip, Rpc([("news", True)], [POST], {"news": [POST.id]}, [POST.id], ["news"], [("news", 60)]).encode()),
    (_streams, Yamux(client=True).open()[1] + Yamux.ping(1) + Yamux.go_away()),
    (_address, ADDRESS.encode()),
    (
        _contacts,
        KadMessage(Kind.GET_VALUE, b"key", Value(b"key", b"value"), (Contact(OTHER.peer_id, (ADDRESS,)),)).encode(),
    ),
    (_identity, Identity(b"key", (ADDRESS,), frozenset(("/a", "/b")), ADDRESS, "agent").encode()),
    (parse_peer_key, b"\x08\x01\x12\x20" + KEY.public),
    (lambda data: read_ipns(SIGNER.public, data, now_ms=0), sign_ipns(SIGNER, NAMED)),
    (lambda data: Choice({"/x"}).receive(data), line("/multistream/1.0.0") + line("/x")),
    (lambda data: Proposal(["/x"]).receive(data), line("/multistream/1.0.0") + line("na")),
    (lambda data: _greeted(initiator=True).receive(data), bytes(range(200))),
    (lambda data: _greeted(initiator=False).receive(data), bytes(range(32))),
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    target, whole = TARGETS[provider.ConsumeIntInRange(0, len(TARGETS) - 1)]
    cut = provider.ConsumeIntInRange(0, len(whole))
    resume = provider.ConsumeIntInRange(cut, len(whole))
    given = whole[:cut] + provider.ConsumeBytes(provider.ConsumeIntInRange(0, 60)) + whole[resume:]
    try:
        target(given)
    except PeerError:
        return


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
