"""Play the demo in a temporary folder, on loopback alone; end with status 1 if anything was not proved."""

import signal
import sys
import tempfile
from pathlib import Path

from tools.demo.node import CommandFailed
from tools.demo.story import Story
from tools.demo.telling import Telling


def main() -> int:
    """Play it; return the exit status. Whoever ends it early ends its nodes as well."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tell = Telling()
    with tempfile.TemporaryDirectory(prefix="leither-demo-") as folder:
        try:
            Story(Path(folder), tell).play()
        except CommandFailed as error:
            tell.claim(f"every command does what it should: {error}", False)
    return tell.end()


if __name__ == "__main__":
    sys.exit(main())
