"""`python -m benches.unaudited MODULE [ARGUMENT ...]`: run a program of ours in which nothing is noted in audits."""

import runpy
import sys

from leither.people.audit import Trace
from leither.service.audit import Audit, Owner, Tally
from leither.service.holding import Mimei
from leither.web.gateway import ipfs, origin
from leither.web.gateway.ready import Read


def _untold(self: Audit, *_: object, **__: object) -> None:
    """Let nobody's deeds have a trace."""


def _uncounted(self: Audit, owner: Owner, trace: Trace) -> Tally:
    return Tally(owner, trace)


def _by_nobody(mimei: Mimei) -> Read:
    return None, Trace("read", "gateway", "guest")


def main() -> None:
    """Patch and run."""
    Audit.trace = _untold  # type: ignore[method-assign]
    Audit.tally = _uncounted  # type: ignore[method-assign]
    origin.read_by_guests = ipfs.read_by_guests = _by_nobody  # type: ignore[attr-defined]
    module, *arguments = sys.argv[1:]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
