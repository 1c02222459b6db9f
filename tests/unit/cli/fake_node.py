"""A node that answers from a table, for tests of what the command line asks and shows."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from leither.cli.api import Api
from leither.cli.session import Session
from leither.config import Settings

Answer = Callable[[httpx.Request], httpx.Response]


class FakeNode:
    """Answers requests and remembers them. `answers`: "METHOD /path" -> a document, or a whole response."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.bodies: list[Any] = []

    def handle(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.raw_path.decode().removeprefix('/api/v1')}"
        body = request.read()
        self.asked.append(name)
        self.bodies.append(json.loads(body) if request.headers.get("content-type") == "application/json" else body)
        found = self.answers.get(name, self.answers.get(name.partition("?")[0]))
        if found is None:
            return httpx.Response(404, json={"status": 404, "code": "no-such-page", "detail": f"nothing at {name}"})
        if isinstance(found, httpx.Response):
            return found
        return httpx.Response(200, json=found)

    @contextmanager
    def connect(self, settings: Settings | None = None) -> Iterator[Api]:
        with httpx.Client(transport=httpx.MockTransport(self.handle), base_url="http://localhost:4800") as client:
            yield Api(client, url="http://localhost:4800/", running=True)

    def session(self) -> Session:
        return Session(connect=self.connect, environ={"LEITHER_HOME": "/nowhere"})


def problem(status: int, code: str, detail: str = "so it is", **data: Any) -> httpx.Response:  # noqa: ANN401
    return httpx.Response(status, json={"status": status, "code": code, "detail": detail, **data})
