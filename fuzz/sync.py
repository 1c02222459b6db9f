"""Fuzz the frames of the sync protocol: any bytes are frames that are made again alike, or refused by name.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Streams begin as those of the vectors.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.codec import Block, BlockMismatch, BlockTooLarge
    from leither.crypto import MimeiId
    from leither.errors import PeerError
    from leither.wire.sync_frame import BadFrame, Frames, encode
    from leither.wire.sync_pull import Pull

VECTORS = Path(__file__).parents[1] / "spec/vectors/sync"
LONGEST = 4000
"""What is longer takes most of the time and finds nothing that shorter ones don't."""
STREAMS = [
    bytes.fromhex(case["frame"])
    for name in ("valid.json", "invalid.json")
    for case in json.loads((VECTORS / name).read_text())
    if len(case["frame"]) < LONGEST
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    stream = b"".join(provider.PickValueInList(STREAMS) for _ in range(provider.ConsumeIntInRange(0, 4)))
    cut = provider.ConsumeIntInRange(0, len(stream))
    resume = provider.ConsumeIntInRange(cut, len(stream))
    piece = provider.ConsumeIntInRange(1, 300)
    stream = stream[:cut] + provider.ConsumeBytes(provider.remaining_bytes()) + stream[resume:]
    frames, stored = Frames(), set[bytes]()
    pull = Pull(
        MimeiId(bytes(range(20))),
        has=stored.__contains__,
        put=lambda block: stored.add(block.cid),
        drafts=(),
        bytes_max=1 << 16,
    )
    pull.begin()
    try:
        for start in range(0, len(stream), piece):
            for frame in frames.receive(stream[start : start + piece]):
                assert isinstance(frame, Block) or encode(frame).endswith(frame.encode())
                pull.receive(frame)
    except (BadFrame, BlockMismatch, BlockTooLarge, PeerError):
        return


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
