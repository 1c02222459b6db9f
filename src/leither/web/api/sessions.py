"""Tokens for clients, and sessions for browsers."""

from collections.abc import Sequence
from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from leither.crypto import MimeiId, id_text, parse_id
from leither.errors import NotFound
from leither.people import Act, Scope
from leither.service.tokens import BadToken, TokenRow
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.reach import Reach
from leither.web.schema_node import (
    CodeGiven,
    LinkMade,
    LinkRequest,
    NewToken,
    ScopeText,
    SessionInfo,
    SessionMade,
    TokenInfo,
    TokenMade,
)


class NotAHost(NotFound):
    """Other machines don't reach the node by that name or address."""

    code = "not-a-host"

    def __init__(self, host: str) -> None:
        self.host = host[:200]
        super().__init__(f"other machines don't reach this node at {self.host!r}; `leither lan` shows where they do")


_SCOPES: dict[str, ScopeText] = {"owner": "owner", "write": "write", "read": "read"}


@get("/tokens", operation_id="listTokens", tags=["tokens"])
async def list_tokens(caller: CallerGiven) -> Sequence[TokenInfo]:
    """List the named tokens, without their secrets."""
    caller.principal.require_owner("listing tokens")
    rows = await caller.run(caller.context.tokens.list)
    return [_shown(row) for row in rows]


@post("/tokens", operation_id="createToken", tags=["tokens"])
async def create_token(caller: CallerGiven, data: JSONBody[NewToken]) -> TokenMade:
    """Make a token. Its secret is shown in this answer and never again."""
    caller.principal.require_owner("creating a token")
    only = MimeiId(parse_id(data.only)) if data.only is not None else None
    row, secret = await caller.run(caller.context.tokens.create, data.name, Scope(data.scope), only)
    shown = _shown(row)
    return TokenMade(name=shown.name, scope=shown.scope, only=shown.only, created=shown.created, token=secret)


def _shown(row: TokenRow) -> TokenInfo:
    only = id_text(row.only) if row.only else None
    return TokenInfo(
        name=row.name,
        scope=_SCOPES[row.scope],
        only=only,
        created=moment(row.created_ms),
        last_used=moment(row.used_ms),
    )


@delete("/tokens/{name:str}", operation_id="revokeToken", tags=["tokens"])
async def revoke_token(
    caller: CallerGiven, name: Annotated[str, PathParameter(description="The token's name.")]
) -> None:
    """End a token at once."""
    caller.principal.require_owner("revoking a token")
    await caller.run(caller.context.tokens.revoke, name)


@post("/session", operation_id="openSession", tags=["tokens"])
async def open_session(caller: CallerGiven, data: JSONBody[CodeGiven]) -> SessionMade:
    """Turn the one-time code of a sign-in link into a session."""
    secret, expires_ms = await caller.run(caller.context.tokens.redeem, data.code)
    return SessionMade(secret, known_moment(expires_ms))


@get("/session", operation_id="getSession", tags=["tokens"])
async def get_session(caller: CallerGiven) -> SessionInfo:
    """Say who the caller is to this node."""
    return SessionInfo(caller.principal.name, caller.principal.scope.value)


@delete("/session", operation_id="closeSession", tags=["tokens"])
async def close_session(caller: CallerGiven) -> None:
    """End the session that this request is sent with; a named token is revoked by its name."""
    if caller.secret is None:
        raise BadToken
    await caller.run(caller.context.tokens.end, caller.secret)


@post("/session/link", operation_id="makeLink", tags=["tokens"])
async def make_link(caller: CallerGiven, data: JSONBody[LinkRequest]) -> LinkMade:
    """Make a sign-in link that works once: to the node's page, or to a MiMei's own origin for reading it."""
    caller.principal.require_owner("making a sign-in link")
    context = caller.context
    reach = caller.reach if data.host is None else _reach_by(caller, data.host)
    if data.only is None:
        code, expires_ms = context.tokens.one_time_code()
        return LinkMade(f"{reach.url}#code={code}", known_moment(expires_ms))
    mimei = (await caller.run(caller.mimei, data.only, Act.READ_CUR)).id
    origin = await reach.app_origin(mimei)
    code, expires_ms = context.tokens.one_time_code(mimei)
    return LinkMade(f"{origin}/.leither/enter?code={code}", known_moment(expires_ms))


def _reach_by(caller: Caller, host: str) -> Reach:
    lan = caller.context.settings.lan
    if lan is None or not lan.answers_to(host.lower()):
        raise NotAHost(host)
    return Reach(caller.context.settings, host.lower())


OPERATIONS = (list_tokens, create_token, revoke_token, open_session, get_session, close_session, make_link)
