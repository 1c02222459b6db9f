"""Fuzz what is read of names: records of the DHT that strangers put, and denylists that strangers write.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Inputs begin as a record and a list of our own.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.codec import RAW, Cid
    from leither.crypto import KeyPair
    from leither.service.publishing_names import NameValues
    from leither.testing.node import START_MS, FakeClock
    from leither.wire.denylist import BadDenylist, read_denylists
    from leither.wire.ipns import BadIpnsRecord, IpnsRecord, ipns_key, ipns_name, read_ipns, sign_ipns

KEY = KeyPair(bytes(32))
NAME, CID = ipns_name(KEY.public), Cid.of(RAW, b"x")
RECORD = sign_ipns(KEY, IpnsRecord(b"/ipfs/x", 7, (START_MS + 1000) * 1_000_000, 60))
LIST = (
    f"version: 1\n---\n# c\n/ipfs/{CID}/a%20b* hint=x\n!/ipfs/{CID}\n/ipns/{NAME}\n"
    "/ipns/example.org/p\n//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM\n"
    "//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7\n"
).encode()
VALUES = NameValues(FakeClock())


def record(data: bytes) -> None:
    """Whatever is taken for valid is what the key signed."""
    try:
        found = read_ipns(KEY.public, data, now_ms=START_MS)
    except BadIpnsRecord:
        assert not VALUES.is_valid(ipns_key(KEY.public), data)
        return
    assert found == IpnsRecord(b"/ipfs/x", 7, (START_MS + 1000) * 1_000_000, 60)


def denylist(data: bytes) -> None:
    """Any list is read or refused, and asked after."""
    try:
        found = read_denylists([("a.deny", data)])
    except BadDenylist:
        return
    found.denies(CID, ("a b",))
    found.denies_name(NAME)
    found.denies_name("example.org", ("p",))


def value(data: bytes) -> None:
    """Any value is judged, under any key."""
    VALUES.is_valid(data[: len(data) // 2], data)


TARGETS: list[tuple[Callable[[bytes], None], bytes]] = [
    (record, RECORD),
    (denylist, LIST),
    (value, ipns_key(KEY.public) + RECORD),
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    target, whole = TARGETS[provider.ConsumeIntInRange(0, len(TARGETS) - 1)]
    cut = provider.ConsumeIntInRange(0, len(whole))
    resume = provider.ConsumeIntInRange(cut, len(whole))
    target(whole[:cut] + provider.ConsumeBytes(provider.remaining_bytes()) + whole[resume:])


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
