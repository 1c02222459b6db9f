"""Pages of the reference that are made from the code: the operations of the API, and the codes of errors."""

import importlib
import json
import pkgutil
from typing import Any

import leither
from leither.errors import LeitherError
from leither.http.answer import status_of
from tools.openapi import openapi_text

_NOT_IMPORTED = ("leither.__main__",)


def api_page() -> str:
    """Return `docs/reference/api.md`: every operation with its sentence."""
    document = json.loads(openapi_text())
    lines = [
        "# HTTP API",
        "",
        "Made from `spec/openapi.json` by `make fix`; that document says every parameter and field.",
        "",
        "- Base address `http://localhost:4800/api/v1`; `Authorization: Bearer <token>` says who asks.",
        "- Errors are `application/problem+json`; their codes are in [Errors](errors.md).",
        "- `{ref}` is `<id>` or `<id>@<selector>`: `cur`, `last`, `release`, a number or a version's CID.",
        "- `{path}` may hold slashes and be empty. Each name is percent-encoded UTF-8; `%2F` and `//` are refused.",
        "- Pages: pass `next` of one answer to get the following, until it is null.",
        "",
        "| Operation | What it does |",
        "|---|---|",
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            shown = path.removeprefix("/api/v1")
            lines.append(f"| `{method.upper()} {shown}` | {_sentence(operation)} |")
    lines += [
        "",
        "## Watching",
        "",
        '`/api/v1/watch` is a WebSocket. The first message a client sends may be `{"token": …, "ids": […]}`; until',
        'then it watches, as a guest, all that a guest may read. The node sends `{"id", "event", "version"}` for each',
        'change, and `{"event": "lagged"}` when some were dropped because the client was slow: look again then.',
        "Close codes: 4400 the message was not understood, 4401 bad token, 4429 too many watchers.",
    ]
    return "\n".join(lines) + "\n"


def _sentence(operation: dict[str, Any]) -> str:
    return " ".join(operation.get("description", "").split()).replace("|", "\\|")


def errors_page() -> str:
    """Return `docs/reference/errors.md`: every code, the HTTP status that tells it, and its sentence."""
    lines = [
        "# Errors",
        "",
        "Made from the error classes by `make fix`. Programs match on the code, which never changes; the message says",
        "what, where, which limit, and the remedy. The status is the one the HTTP API answers with.",
        "",
        "| Code | Status | Meaning |",
        "|---|---|---|",
    ]
    rows = {(kind.code, _status(kind), _first_line(kind)) for kind in error_classes()}
    lines += [f"| `{code}` | {status} | {meaning} |" for code, status, meaning in sorted(rows)]
    return "\n".join(lines) + "\n"


def error_classes() -> set[type[LeitherError]]:
    """Return every error class of the package but the families."""
    for module in pkgutil.walk_packages(leither.__path__, "leither."):
        if module.name not in _NOT_IMPORTED:
            importlib.import_module(module.name)
    return {kind for kind in _below(LeitherError) if kind.__module__ != LeitherError.__module__}


def _below(kind: type[LeitherError]) -> set[type[LeitherError]]:
    return {kind}.union(*[_below(child) for child in kind.__subclasses__() if child.__module__.startswith("leither.")])


def _status(kind: type[LeitherError]) -> int:
    return status_of(kind.__new__(kind))


def _first_line(kind: type[LeitherError]) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0].replace("|", "\\|")
