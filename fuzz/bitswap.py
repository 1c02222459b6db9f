"""Fuzz Bitswap messages and what is made of them: any bytes are a message or `BadProtobuf`, and no bound is passed.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Messages begin as well-formed ones.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither import limits
    from leither.codec import DAG_PB, RAW, Cid
    from leither.wire.bitswap_message import Message, Name, Payload, Want, decode, encode, name_of, names_of, parse_name
    from leither.wire.bitswap_server import Arrived, Asked, BitswapServer, Found, LookUp, Send, Sent
    from leither.wire.protobuf import BadProtobuf

HERE = Cid.of(RAW, b"here")
NODE = Cid.of(DAG_PB, b"node")
SIZES: dict[Name, int | None] = {name_of(HERE): 4, **dict.fromkeys(names_of(NODE), 1 << 20)}
MESSAGES = [
    encode(Message(wants=(Want(name_of(HERE), 5, send_dont_have=True), Want(names_of(NODE)[1], only_have=True)))),
    encode(Message(wants=(Want(name_of(NODE), cancel=True),), full=True)),
    encode(Message(payload=(Payload(b"\1\x55\x12\x20", b"here"),), haves=names_of(NODE), dont_haves=(name_of(HERE),))),
    encode(Message(pending_bytes=1 << 30)),
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    server = BitswapServer()
    for turn in range(provider.ConsumeIntInRange(1, 4)):
        whole = provider.PickValueInList(MESSAGES)
        cut = provider.ConsumeIntInRange(0, len(whole))
        resume = provider.ConsumeIntInRange(cut, len(whole))
        given = whole[:cut] + provider.ConsumeBytes(provider.ConsumeIntInRange(0, 60)) + whole[resume:]
        try:
            message = decode(given)
        except BadProtobuf:
            continue
        assert decode(encode(message)) == message
        for want in message.wants:
            parse_name(want.name)
        for block in message.payload:
            block.cid()
        _serve(server, message, float(turn))


def _serve(server: BitswapServer, message: Message, now_s: float) -> None:
    asked = {want.name for want in message.wants}
    pending = server.receive(Asked("peer", message.wants, message.full), now_s)
    pending += server.receive(Arrived(names_of(NODE)), now_s)
    while pending:
        effect = pending.pop()
        if isinstance(effect, LookUp):
            pending += server.receive(Found("peer", {name: SIZES.get(name) for name in effect.names}), now_s)
        elif isinstance(effect, Send):
            assert set(effect.blocks) <= SIZES.keys()
            pending += server.receive(Sent("peer"), now_s)
    assert len(server.wants_of("peer")) <= limits.BITSWAP_WANTS_MAX
    assert not asked & SIZES.keys() & set(server.wants_of("peer"))


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
