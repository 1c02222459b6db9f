"""What the program says and how it ends when something is wrong.

0   all went well
1   something unexpected
2   the request is malformed
3   not found
4   denied
5   a limit was reached: size, quota, disk
6   stored data is damaged
7   the present state does not allow it
8   a node, peer or remote store is away or misbehaves
130 stopped by Ctrl-C
141 whoever read the output went away
"""

import json
import os
import sys
import traceback
from typing import Any

from leither.cli.output import clean
from leither.errors import (
    Conflict,
    CorruptionError,
    DeniedError,
    InputError,
    LeitherError,
    LimitError,
    NotFound,
    PeerError,
)

UNEXPECTED, USAGE, INTERRUPTED, PIPE_CLOSED = 1, 2, 130, 141

# The most particular family first: NotFound and Conflict are InputErrors too.
_FAMILIES: tuple[tuple[type[LeitherError], int], ...] = (
    (NotFound, 3),
    (Conflict, 7),
    (InputError, USAGE),
    (DeniedError, 4),
    (LimitError, 5),
    (CorruptionError, 6),
    (PeerError, 8),
)
_STATUSES = {400: USAGE, 401: 4, 403: 4, 404: 3, 405: USAGE, 409: 7, 412: 7, 413: 5, 416: USAGE, 421: 8, 422: USAGE}
_STATUSES |= {428: 7, 429: 5, 502: 8, 503: 8, 504: 8, 507: 5}


class ApiProblem(LeitherError):
    """The node answered with an error. `problem` is its RFC 9457 document."""

    code = "api-problem"

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(str(problem.get("detail") or problem.get("title") or f"the node answered {status}"))


def exit_code(error: LeitherError) -> int:
    """Return the status the program ends with."""
    if isinstance(error, ApiProblem):
        corrupt = error.status == 500 and error.problem.get("code") not in (None, "error", "internal")
        return 6 if corrupt else _STATUSES.get(error.status, UNEXPECTED)
    return next((code for family, code in _FAMILIES if isinstance(error, family)), UNEXPECTED)


def describe(error: LeitherError) -> dict[str, Any]:
    """Return what `--json` shows of an error: its code, its sentence, and its data."""
    if isinstance(error, ApiProblem):
        known = {name: value for name, value in error.problem.items() if name not in {"type", "title", "status"}}
        return {"code": "error", **known, "detail": str(error)}
    return {**error.details, "code": error.code, "detail": str(error)}


def report(error: LeitherError, *, as_json: bool) -> int:
    """Tell the error and return the status to end with. A traceback shows only with LEITHER_DEBUG."""
    if os.environ.get("LEITHER_DEBUG"):
        traceback.print_exception(error)
    say(describe(error), as_json=as_json)
    return exit_code(error)


def say(document: dict[str, Any], *, as_json: bool) -> None:
    """Print an error: as JSON where the answer would have been, else as a sentence on standard error."""
    if as_json:
        print(json.dumps({"error": document}, ensure_ascii=False, indent=2, default=str))
    else:
        print(f"leither: {clean(str(document['detail']))}", file=sys.stderr)
