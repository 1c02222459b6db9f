"""The API as one ASGI application."""

from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig

from leither import limits
from leither.errors import InputError, LeitherError
from leither.http import answer
from leither.http.asgi import Receive, Scope, Send
from leither.http.segments import split_path
from leither.mimei.path import Path
from leither.unixfs import check_path
from leither.web.api import (
    about,
    archives,
    audit,
    catalog,
    copies,
    database,
    files,
    follows,
    grants,
    identity,
    kept,
    lan,
    merging,
    network,
    node,
    pairs,
    passkeys,
    readers,
    relations,
    resolving,
    sessions,
    traffic,
    trees,
    user_keys,
    users,
    versions,
    visits,
    watch,
)
from leither.web.api.body import ApiRequest
from leither.web.api.context import ApiContext, find_caller
from leither.web.api.openapi import document
from leither.web.api.problem import tell_framework, tell_known

BASE = "/api/v1"
_PATHS_BEGIN = 5
"""Names before a path inside a MiMei: api, v1, mimei, the reference, and one of `_WITH_PATHS`."""
_WITH_PATHS = ("files", "tree", "tar")
_AREAS = (
    node,
    catalog,
    files,
    trees,
    versions,
    merging,
    relations,
    database,
    sessions,
    passkeys,
    user_keys,
    users,
    identity,
    archives,
    watch,
    lan,
    follows,
    network,
    resolving,
    copies,
    pairs,
    traffic,
    grants,
    readers,
    kept,
    visits,
    audit,
    about,
)


class Api(Litestar):
    """Litestar, with paths inside a MiMei kept from its routing.

    Its router decodes a path as a whole and joins what it takes for empty segments, so that `%2F` and `//` would reach
    other names than were sent. Here the raw path is split first; what is a name inside a MiMei never meets the router.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await super().__call__(scope, receive, send)  # type: ignore[arg-type]
            return
        try:
            inner = {**scope, **_split(scope["raw_path"]), "root_path": ""}
        except InputError as error:
            await answer.problem(send, error)
            return
        await super().__call__(inner, receive, send)  # type: ignore[arg-type]


def _split(raw: bytes) -> Scope:
    """Return the path to route by, and the path inside a MiMei where there is one. Raises: BadPath."""
    names = split_path(raw)
    within = names[_PATHS_BEGIN:]
    if len(names) < _PATHS_BEGIN or names[2] != "mimei" or names[_PATHS_BEGIN - 1] not in _WITH_PATHS:
        return {"path": "/" + "/".join(names)}
    return {"path": "/" + "/".join(names[:_PATHS_BEGIN]) + "/-", "leither.path": within}


async def _path_within(request: Request[Any, Any, Any]) -> Path:
    """Return the path inside a MiMei that the request names. Raises: BadName, PathTooLong."""
    path: Path = request.scope["leither.path"]  # type: ignore[typeddict-item]
    check_path(path)
    return path


@get("/openapi.json", include_in_schema=False, sync_to_thread=False)
def get_document(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Send the OpenAPI document."""
    return Response(msgspec.json.encode(document(request.app)), media_type="application/json")


def create_api(context: ApiContext) -> Api:
    """Return the API over `context`, to be called with the whole path of each request, `/api/v1` included."""
    router = Router(
        BASE,
        route_handlers=[operation for area in _AREAS for operation in area.OPERATIONS] + [get_document],
        dependencies={"caller": Provide(find_caller), "at": Provide(_path_within)},
    )
    return Api(
        route_handlers=[router],
        state=State({"context": context}),
        request_class=ApiRequest,
        request_max_body_size=limits.JSON_BYTES_MAX,
        exception_handlers={
            LeitherError: tell_known,
            HTTPException: tell_framework,
            Exception: tell_framework,
        },
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Leither node",
            version="1",
            description="What a Leither node offers to programs. Paths, names and codes are stable within /api/v1.",
            use_handler_docstrings=True,
            render_plugins=[],
            path="/api/v1/docs",
        ),
    )
