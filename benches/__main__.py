"""`python -m benches [NAME ...]`: measure, print ours and the peers' figures, taken in turns in this run."""

import importlib
import os
import platform
import sys

NAMES = (
    "add",
    "gateway",
    "start",
    "map",
    "growth",
    "blocks",
    "dav",
    "redis",
    "database",
    "steady",
    "rights",
    "seal",
    "denied",
    "sync",
    "audit",
    "exchange",
    "finding",
    "demand",
)


def main(chosen: list[str]) -> int:
    """Run the benches named, or all. Returns 2 for a name there is none of."""
    unknown = [name for name in chosen if name not in NAMES]
    if unknown:
        print(f"no bench is called {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    print(
        f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
    )
    print("medians (lowest to highest); a ratio above 1 is in our favour; benches/README.md explains each row")
    for name in chosen or NAMES:
        print(f"\n{name}", flush=True)
        for figure in importlib.import_module(f"benches.{name}").figures():
            print("\n".join(figure.lines()), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
