"""What form of `/ipfs/…` a request asks for. Source: Trustless Gateway specification; IPIP-0402, IPIP-0412."""

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from leither.http.exchange import NotAcceptable
from leither.http.request import BadRequest, Request
from leither.unixfs import EntityBytes, Scope

RAW_TYPE = "application/vnd.ipld.raw"
CAR_TYPE = "application/vnd.ipld.car"
_OFFERED = f"{RAW_TYPE}, {CAR_TYPE} (version 1, order dfs or unk), or the file itself"
_OTHER_FORMS = ("application/vnd.ipld.", "application/vnd.ipfs.", "application/x-tar")
_NUMBER = re.compile(r"-?\d{1,18}")


class Form(Enum):
    """What is sent."""

    RAW = "raw"
    """One block as it is."""
    CAR = "car"
    """A CAR of blocks."""
    FILE = "file"
    """The bytes of a file, or a page that lists a directory."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed request. Fields below `form` count for CARs."""

    form: Form
    scope: Scope = Scope.ALL
    entity_bytes: EntityBytes | None = None
    duplicates: bool = False

    @property
    def tag(self) -> str:
        """What tells this answer from others for the same path; for an ETag."""
        span = "" if self.entity_bytes is None else f".{self.entity_bytes.first}-{self.entity_bytes.last}"
        return f"{self.scope.value}{span}{'.dups' if self.duplicates else ''}"


def wanted(request: Request) -> Wanted:
    """Return what `request` asks for; `?format` beats Accept. Raises: BadRequest, NotAcceptable."""
    query = request.query
    given = query.get("format")
    accept = request.header(b"accept")
    if given is None:
        form, parameters = _negotiate(accept)
    elif given in ("raw", "car"):
        form, parameters = Form(given), dict(next(iter(_ranges(accept, CAR_TYPE)), {}))
    else:
        raise NotAcceptable(f"format={given}", _OFFERED)
    if form is not Form.CAR:
        return Wanted(form)
    parameters |= {name: query[f"car-{name}"] for name in ("version", "order", "dups") if f"car-{name}" in query}
    if not _can_give(parameters):
        raise NotAcceptable("; ".join(f"{name}={value}" for name, value in parameters.items()), _OFFERED)
    scope, span = query.get("dag-scope", "all"), _entity_bytes(query.get("entity-bytes"))
    if scope not in {known.value for known in Scope}:
        raise BadRequest(f"dag-scope={scope[:40]!r}; it is block, entity or all")
    return Wanted(Form.CAR, Scope.ENTITY if span else Scope(scope), span, parameters.get("dups") == "y")


@lru_cache(maxsize=64)
def accepts_file(accept: bytes) -> bool:
    """Tell whether a request without a query, and with this Accept, is given the file. Raises: NotAcceptable."""
    return _negotiate(accept.decode("latin-1"))[0] is Form.FILE


def _negotiate(accept: str) -> tuple[Form, dict[str, str]]:
    """Return the form that Accept likes best among those there are, with the parameters of its media range."""
    best: tuple[Form, dict[str, str]] = (Form.FILE, {})
    best_weight, refused = -1.0, ""
    for kind, parameters in _media_ranges(accept):
        weight = _weight(parameters.pop("q", "1"))
        if kind == RAW_TYPE:
            form = Form.RAW
        elif kind == CAR_TYPE and _can_give(parameters):
            form = Form.CAR
        elif kind.startswith(_OTHER_FORMS):
            refused = kind
            continue
        else:
            form = Form.FILE
        if weight > best_weight and weight > 0:
            best, best_weight = (form, parameters), weight
    if refused and best_weight < 0:
        raise NotAcceptable(accept, _OFFERED)
    return best


def _ranges(accept: str, wanted_kind: str) -> list[dict[str, str]]:
    return [parameters for kind, parameters in _media_ranges(accept) if kind == wanted_kind]


def _media_ranges(accept: str) -> list[tuple[str, dict[str, str]]]:
    found = []
    for part in accept.split(","):
        kind, *rest = [piece.strip() for piece in part.split(";")]
        pairs = [piece.partition("=") for piece in rest]
        if kind:
            found.append((kind.lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}))
    return found


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.\d{0,3})?", text) else 0.0


def _can_give(parameters: dict[str, str]) -> bool:
    return (
        parameters.get("version", "1") == "1"
        and parameters.get("order", "dfs") in ("dfs", "unk", "")
        and parameters.get("dups", "n") in ("y", "n", "")
    )


def _entity_bytes(given: str | None) -> EntityBytes | None:
    if given is None:
        return None
    first, colon, last = given.partition(":")
    if not colon or not _NUMBER.fullmatch(first) or not (last == "*" or _NUMBER.fullmatch(last)):
        raise BadRequest(f"entity-bytes={given[:60]!r}; it is from:to with whole numbers, and * for the end")
    span = EntityBytes(int(first), None if last == "*" else int(last))
    if span.last is not None and (span.first < 0) == (span.last < 0) and span.last < span.first:
        raise BadRequest(f"entity-bytes={given[:60]!r} ends before it begins")
    return span
