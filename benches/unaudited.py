"""`python -m benches.unaudited MODULE [ARGUMENT ...]`: run a program of ours in which nothing is noted in audits."""

import runpy
import sys

from leither.people.audit import Trace
from leither.service.audit import Audit, Tally
from leither.web.gateway import ipfs, origin


def _untold(self: Audit, *_: object, **__: object) -> None:
    """Let nobody's deeds have a trace."""


def main() -> None:
    """Patch and run."""
    Audit.trace = _untold  # type: ignore[method-assign, assignment]
    Audit.tally = lambda _, owner, trace: Tally(owner, trace)  # type: ignore[method-assign]
    nobody = None, Trace("read", "gateway", "guest")
    origin.read_by_guests = ipfs.read_by_guests = lambda _: nobody  # type: ignore[attr-defined]
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
