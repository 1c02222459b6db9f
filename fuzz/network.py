"""Fuzz what peers send: any bytes are read, or refused by name, and no protocol's state comes to harm.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Inputs begin as messages of our own.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
    from leither.crypto.host_key import HostKey
    from leither.errors import PeerError
    from leither.limits import PEER_ADDRESSES_MAX
    from leither.net.dnsaddr import resolved
    from leither.net.neighbours import told_neighbours
    from leither.wire.autonat_message import DIAL, DialBack, parse_dial_back
    from leither.wire.gossip_message import Post, Rpc, parse_rpc
    from leither.wire.gossip_router import GossipRouter
    from leither.wire.identify import Identity, parse_identity
    from leither.wire.kad_message import Contact, KadMessage, Kind, Value, parse_kad
    from leither.wire.multistream import Choice, Proposal, line
    from leither.wire.noise import Handshake
    from leither.wire.peer_key import ed25519_key
    from leither.wire.relay_message import RESERVE, Punch, RelayMessage, parse_hop, parse_punch, parse_stop
    from leither.wire.yamux import Yamux

OWN, OTHER = HostKey(b"o" * 32), HostKey(b"p" * 32)
ADDRESS = Multiaddr.parse(f"/ip4/127.0.0.1/tcp/4801/p2p/{OTHER.peer_id}")
CONTACT = Contact(OTHER.peer_id, (ADDRESS,))
POST = Post.sign(OTHER, "news", b"text", b"1")


def gossip(data: bytes) -> None:
    """Let a router take what a peer sent."""
    router = GossipRouter(OWN.peer_id, random.Random(1))
    router.came(OTHER.peer_id)
    router.subscribe("news", 0)
    router.receive(OTHER.peer_id, parse_rpc(data), 1)
    router.heartbeat(2)


def yamux(data: bytes) -> None:
    """Let an end take frames in two pieces."""
    end = Yamux(client=False)
    end.receive(data[: len(data) // 2])
    end.receive(data[len(data) // 2 :])


def noise(data: bytes) -> None:
    """Let the one who was dialled take a frame, and another."""
    side = Handshake(OWN, initiator=False, static=b"s" * 32, ephemeral=b"e" * 32)
    side.receive(data[:32])
    side.receive(data[32:])


def handshake() -> tuple[Handshake, Handshake, bytes]:
    """Return both sides of a handshake, and what the one who was dialled says first."""
    dials = Handshake(OTHER, initiator=True, static=b"t" * 32, ephemeral=b"f" * 32)
    dialled = Handshake(OWN, initiator=False, static=b"s" * 32, ephemeral=b"e" * 32)
    answer = dialled.receive(dials.start())
    assert answer is not None
    return dials, dialled, answer


def noise_answered(data: bytes) -> None:
    """Let the one who dials take the answer, and what comes behind it."""
    dials, _, answer = handshake()
    dials.receive(data[: len(answer)])
    assert dials.secured is not None
    dials.secured.receiving.decrypt(memoryview(data)[len(answer) :])


def noise_ended(data: bytes) -> None:
    """Let the one who was dialled take the last frame."""
    _, dialled, _ = handshake()
    dialled.receive(data)
    assert dialled.secured is not None
    assert dialled.secured.peer == OTHER.peer_id


def yamux_dialled(data: bytes) -> None:
    """Let an end that has a stream open take frames, byte by byte at first."""
    end = Yamux(client=True)
    end.open()
    for at in range(min(len(data), 12)):
        end.receive(data[at : at + 1])
    end.receive(data[12:])


def address(data: bytes) -> None:
    """Read an address, and make it again; then as text."""
    try:
        found = Multiaddr.decode(data)
    except NotAMultiaddr:
        return
    assert Multiaddr.parse(str(found)) == found


def address_text(data: bytes) -> None:
    """Read an address that is text, and make it again as bytes."""
    try:
        found = Multiaddr.parse(data.decode("utf-8", "replace"))
    except NotAMultiaddr:
        return
    assert Multiaddr.decode(found.encode()) == found


def names(data: bytes) -> None:
    """Look up a name whose records are these, under any name that they lead to."""

    async def texts(_: str) -> list[str]:
        return ["dnsaddr=" + each for each in data.decode("utf-8", "replace").split("\n")]

    started = resolved([Multiaddr.parse(f"/dnsaddr/a/p2p/{OTHER.peer_id}")], texts)
    with suppress(StopIteration):
        started.send(None)


def neighbours(data: bytes) -> None:
    """Hear a neighbour."""
    told = told_neighbours(data)
    assert sum(map(len, told.values())) <= PEER_ADDRESSES_MAX


FRAMES = Yamux(client=True).open()[1] + Yamux.ping(1)
ANSWERS = Yamux(client=False).open()[1] + Yamux.ping(1)
NEAR = f"dnsaddr=/ip4/192.168.1.2/tcp/4801/p2p/{OTHER.peer_id}".encode()
TARGETS: list[tuple[Callable[[bytes], object], bytes]] = [
    (
        parse_identity,
        Identity(ed25519_key(OTHER.public).encoded, (ADDRESS,), frozenset({"/a"}), ADDRESS, "x").encode(),
    ),
    (parse_kad, KadMessage(Kind.PUT_VALUE, b"key", Value(b"key", b"value"), (CONTACT,), (CONTACT,)).encode()),
    (gossip, Rpc([("news", True)], [POST], {"news": [POST.id]}, [POST.id], ["news"], [("news", 60)]).encode()),
    (parse_hop, RelayMessage(RESERVE, OTHER.peer_id, 100, 5, (ADDRESS,)).encode_hop()),
    (parse_stop, RelayMessage(RESERVE, OTHER.peer_id, 100).encode_stop()),
    (parse_punch, Punch(100, (ADDRESS,)).encode()),
    (parse_dial_back, DialBack(DIAL, OTHER.peer_id, (ADDRESS,)).encode()),
    (lambda data: Choice({"/a"}).receive(data), line("/multistream/1.0.0") + line("/b") + line("/a")),
    (lambda data: Proposal(["/a", "/b"]).receive(data), line("/multistream/1.0.0") + line("na") + line("/b")),
    (yamux, FRAMES),
    (yamux_dialled, ANSWERS),
    (noise, bytes(32) + b"x" * 80),
    (noise_answered, handshake()[2] + b"x" * 40),
    (noise_ended, b"x" * 200),
    (address, ADDRESS.encode()),
    (address_text, str(ADDRESS).encode()),
    (names, f"/dnsaddr/b/p2p/{OTHER.peer_id}\n{ADDRESS}".encode()),
    (neighbours, bytes((len(NEAR),)) + NEAR),
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    target, whole = TARGETS[provider.ConsumeIntInRange(0, len(TARGETS) - 1)]
    cut = provider.ConsumeIntInRange(0, len(whole))
    resume = provider.ConsumeIntInRange(cut, len(whole))
    try:
        target(whole[:cut] + provider.ConsumeBytes(provider.remaining_bytes()) + whole[resume:])
    except PeerError:
        return


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
