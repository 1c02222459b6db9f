"""The HTTP API of one node, as the commands use it. Nothing here goes past this machine."""

from __future__ import annotations

import json as json_text
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from leither import limits
from leither.cli.failure import ApiProblem
from leither.errors import PeerError

if TYPE_CHECKING:
    import httpx

_CHUNK_BYTES = 256 * limits.KIB
_ROOT = "/api/v1"
_REMEDY = "see `leither status`, start it with `leither up`"


class NodeUnreachable(PeerError):
    """The node does not answer, or stopped in the middle."""

    code = "node-unreachable"

    def __init__(self, url: str, reason: str, *, remedy: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"the node at {url} does not answer ({reason}); {remedy}")


class BadAnswer(PeerError):
    """What answered is no node, or one of another version."""

    code = "bad-answer"

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"what answers at {url} does not speak as a node does: {reason}; is another program there?")


def mimei_path(ref: str, *parts: str) -> str:
    """Return the path of a MiMei's resource, e.g. `/mimei/<ref>/log`. Fixed parts only; see `inner_path`."""
    return "/".join(("/mimei", quote(ref, safe="@"), *parts))


def inner_path(ref: str, resource: str, path: str) -> str:
    """Return the address of `path` inside a MiMei: each name is escaped on its own."""
    names = "/".join(quote(name, safe="") for name in path.strip("/").split("/"))
    return f"{mimei_path(ref, resource)}/{names}"


class Api:
    """Requests to one node. Raises everywhere: ApiProblem, NodeUnreachable, BadAnswer."""

    def __init__(self, client: httpx.Client, *, url: str, running: bool, remedy: str = _REMEDY) -> None:
        self._client = client
        self._remedy = remedy
        self.url = url
        self.running = running
        """Whether the node runs on its own, or only for this command."""

    def get(self, path: str, **query: object) -> Any:  # noqa: ANN401
        """GET a JSON document. Options that are None are left out."""
        return self._json("GET", path, query)

    def post(self, path: str, body: dict[str, Any] | None = None, **query: object) -> Any:  # noqa: ANN401
        """POST a JSON document and return the answer's; None for an empty one."""
        return self._json("POST", path, query, json=body or {})

    def put(self, path: str, body: dict[str, Any], **query: object) -> Any:  # noqa: ANN401
        """PUT a JSON document and return the answer's."""
        return self._json("PUT", path, query, json=body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401
        """PATCH a JSON document and return the answer's."""
        return self._json("PATCH", path, {}, json=body)

    def delete_answered(self, path: str) -> Any:  # noqa: ANN401
        """DELETE, and return the answer's document."""
        return self._json("DELETE", path, {})

    def delete(self, path: str, **query: object) -> None:
        """DELETE."""
        self._json("DELETE", path, query)

    def upload(
        self,
        method: str,
        path: str,
        chunks: Iterable[bytes],
        *,
        content_type: str = "application/octet-stream",
        **query: object,
    ) -> Any:  # noqa: ANN401
        """Send `chunks` as they come and return the answer's JSON."""
        return self._json(method, path, query, content=iter(chunks), headers={"content-type": content_type})

    @contextmanager
    def stream(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        json: dict[str, Any] | None = None,
        **query: object,
    ) -> Iterator[Iterator[bytes]]:
        """Open an answer and yield its bytes as they come."""
        with (
            self._failures(),
            self._client.stream(method, _ROOT + path, params=_params(query), headers=headers, json=json) as answer,
        ):
            if answer.status_code >= 400:
                answer.read()
                raise self._problem(answer)
            yield answer.iter_bytes(_CHUNK_BYTES)

    def lines(self, method: str, path: str) -> Iterator[Any]:
        """Yield the JSON documents of a stream of lines."""
        rest = b""
        with self.stream(method, path) as chunks:
            for chunk in chunks:
                *whole, rest = (rest + chunk).split(b"\n")
                yield from (self._decode(line) for line in whole if line.strip())
        if rest.strip():
            yield self._decode(rest)

    def pages(self, path: str, *, cursor: str, **query: object) -> Iterator[Any]:
        """Yield the items of a listing, page after page; `cursor` names the option that asks for the next one."""
        query.setdefault("limit", limits.LIST_PAGE_MAX)
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if page.get("next") is None:
                return
            query[cursor] = page["next"]

    def _json(self, method: str, path: str, query: dict[str, object], **options: Any) -> Any:  # noqa: ANN401
        with self._failures():
            answer = self._client.request(method, _ROOT + path, params=_params(query), **options)
        if answer.status_code >= 400:
            raise self._problem(answer)
        return self._decode(answer.content) if answer.content else None

    def _problem(self, answer: httpx.Response) -> ApiProblem | BadAnswer:
        try:
            problem = json_text.loads(answer.content)
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            return BadAnswer(self.url, f"status {answer.status_code} without a reason")
        return ApiProblem(answer.status_code, problem)

    def _decode(self, data: bytes) -> Any:  # noqa: ANN401
        try:
            return json_text.loads(data)
        except ValueError as error:
            raise BadAnswer(self.url, str(error)) from None

    @contextmanager
    def _failures(self) -> Iterator[None]:
        import httpx

        try:
            yield
        except httpx.TransportError as error:
            raise NodeUnreachable(self.url, str(error) or type(error).__name__, remedy=self._remedy) from error


def _params(query: dict[str, object]) -> list[tuple[str, str | int | float | bool | None]]:
    pairs: list[tuple[str, str | int | float | bool | None]] = []
    for name, value in query.items():
        values = value if isinstance(value, list | tuple) else [value]
        pairs += [(name, _param(each)) for each in values if each is not None]
    return pairs


def _param(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
