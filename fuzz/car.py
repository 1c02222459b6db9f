"""Fuzz the CAR reader: any bytes give verified blocks, or a `BadCar` that points into the stream.

Run with `--runs N` for a short run; other arguments go to libFuzzer. Streams begin as those of the vectors.
"""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["leither"]):
    from leither.codec.car import BadCar, CarReader
    from leither.codec.dagpb import BadDagPB
    from leither.codec.links import BadDagCbor, links

VECTORS = Path(__file__).parents[1] / "spec/vectors/car"
STREAMS = [
    bytes.fromhex(case["car"])
    for name in ("valid.json", "invalid.json")
    for case in json.loads((VECTORS / name).read_text())
]


def check(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    stream = provider.PickValueInList(STREAMS)
    cut = provider.ConsumeIntInRange(0, len(stream))
    resume = provider.ConsumeIntInRange(cut, len(stream))
    piece = provider.ConsumeIntInRange(1, 300)
    car = stream[:cut] + provider.ConsumeBytes(provider.remaining_bytes()) + stream[resume:]
    try:
        for block in CarReader(car[start : start + piece] for start in range(0, len(car), piece)):
            assert block.cid.matches(block.data)
            with contextlib.suppress(BadDagCbor, BadDagPB):
                links(block.cid, block.data)
    except BadCar as error:
        if not 0 <= error.offset <= len(car):
            raise


def main() -> None:
    arguments = ["-runs=" + sys.argv[2], *sys.argv[3:]] if sys.argv[1:2] == ["--runs"] else sys.argv[1:]
    atheris.Setup([sys.argv[0], *arguments], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
