"""Fuzz what paired and pairing nodes hear: any bytes are a message that is made again alike, or refused by name.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Messages begin as those of the vectors.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.crypto import KeyPair, peer_id_of
    from leither.errors import LeitherError
    from leither.wire import keep_messages
    from leither.wire.pairing import PairingRun, Role
    from leither.wire.pairing_messages import Introduction

VECTORS = Path(__file__).parents[1] / "spec/vectors"
RUNS = json.loads((VECTORS / "pairing/valid.json").read_text())
MESSAGES = [bytes.fromhex(message) for run in RUNS for message in run["messages"]] + [
    bytes.fromhex(case["hex"])
    for name in ("pairing/invalid", "keeping/valid", "keeping/invalid")
    for case in json.loads((VECTORS / f"{name}.json").read_text())
]
DESK, PHONE = (peer_id_of(KeyPair(bytes((number,)) * 32).public) for number in (1, 2))


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    message = provider.PickValueInList(MESSAGES)
    cut = provider.ConsumeIntInRange(0, len(message))
    resume = provider.ConsumeIntInRange(cut, len(message))
    changed = message[:cut] + provider.ConsumeBytes(provider.remaining_bytes()) + message[resume:]
    with suppress(LeitherError):
        assert keep_messages.decode(changed).encode() == changed
    kept: list[object] = []
    run = PairingRun(
        Role.SHOWS,
        own=DESK,
        peer=PHONE,
        code="1234564",
        introduction=Introduction(device=b"-"),
        entropy=lambda size: bytes(size - 1) + b"\x05",
        keep=lambda *told: kept.append(told),
    )
    with suppress(LeitherError):
        for _ in range(3):
            run.receive(changed)
    assert not kept, "who does not know the code was kept"


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
