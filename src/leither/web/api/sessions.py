"""Tokens for clients, and sessions for browsers."""

import ipaddress
from collections.abc import Sequence
from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from leither.crypto import MimeiId, id_text, key_text, parse_id, reader_text, seal_key
from leither.errors import NotFound
from leither.people import OWNER, Act, Scope
from leither.service.token_rows import TokenRow, is_of
from leither.service.tokens import BadToken
from leither.web.api.body import ApiRequest
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.reach import Reach
from leither.web.schema_node import (
    CodeGiven,
    LinkMade,
    LinkRequest,
    NewToken,
    PhraseGiven,
    ScopeText,
    SessionInfo,
    SessionMade,
    SessionRow,
    SessionsEnded,
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
    """List the caller's named tokens, without their secrets."""
    caller.principal.require_resident("listing tokens")
    rows = await caller.run(caller.context.tokens.list, caller.principal.user)
    return [token_info(row) for row in rows]


@post("/tokens", operation_id="createToken", tags=["tokens"])
async def create_token(caller: CallerGiven, data: JSONBody[NewToken]) -> TokenMade:
    """Make a token. Its secret is shown in this answer and never again."""
    caller.principal.require_resident("creating a token")
    only = MimeiId(parse_id(data.only)) if data.only is not None else None
    row, secret = await caller.run(
        lambda: caller.context.tokens.create(data.name, Scope(data.scope), only, user=caller.principal.user)
    )
    shown = token_info(row)
    return TokenMade(name=shown.name, scope=shown.scope, only=shown.only, created=shown.created, token=secret)


def token_info(row: TokenRow) -> TokenInfo:
    """Return a token as whose it is sees it."""
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
    caller.principal.require_resident("revoking a token")
    await caller.run(caller.context.tokens.revoke, name, caller.principal.user)


@post("/session", operation_id="openSession", tags=["tokens"])
async def open_session(request: ApiRequest, caller: CallerGiven, data: JSONBody[CodeGiven]) -> SessionMade:
    """Turn the one-time code of a sign-in link into a session."""
    agent, address = agent_of(request), origin_of(request)
    secret, expires_ms = await caller.run(lambda: caller.context.tokens.redeem(data.code, agent=agent, address=address))
    return SessionMade(secret, known_moment(expires_ms))


@post("/session/words", operation_id="openSessionByWords", tags=["tokens"])
async def open_session_by_words(request: ApiRequest, caller: CallerGiven, data: JSONBody[PhraseGiven]) -> SessionMade:
    """Sign in by the recovery words of the owner or of a user, as who has lost every session must."""
    agent, address = agent_of(request), origin_of(request)
    secret, expires_ms = await caller.run(
        lambda: caller.context.users.sign_in(data.phrase, agent=agent, address=address)
    )
    return SessionMade(secret, known_moment(expires_ms))


@get("/sessions", operation_id="listSessions", tags=["tokens"])
async def list_sessions(caller: CallerGiven) -> Sequence[SessionRow]:
    """List the caller's sessions, the newest first."""
    caller.principal.require_resident("listing sessions")
    secret = caller.secret
    rows = await caller.run(caller.context.tokens.sessions, caller.principal.user)
    return [session_row(session, row, present=secret is not None and is_of(session, secret)) for session, row in rows]


def session_row(session: str, row: TokenRow, *, present: bool) -> SessionRow:
    """Return a session as whose it is sees it."""
    return SessionRow(
        id=session,
        agent=row.agent,
        address=row.address,
        scope=_SCOPES[row.scope],
        only=id_text(row.only) if row.only else None,
        created=moment(row.created_ms),
        last_used=moment(row.used_ms),
        expires=known_moment(row.expires_ms),
        present=present,
    )


@delete("/sessions/{session:str}", operation_id="endSession", tags=["tokens"])
async def end_session(
    caller: CallerGiven,
    session: Annotated[str, PathParameter(description="The session's id.", max_length=200)],
) -> None:
    """End one of the caller's sessions at once."""
    caller.principal.require_resident("ending a session")
    await caller.run(caller.context.tokens.end_session, session, caller.principal.user)


@delete("/sessions", status_code=200, operation_id="endOtherSessions", tags=["tokens"])
async def end_other_sessions(caller: CallerGiven) -> SessionsEnded:
    """End all of the caller's sessions but the one that this request is sent with."""
    caller.principal.require_resident("ending sessions")
    ended = await caller.run(lambda: caller.context.tokens.end_sessions(caller.principal.user, but=caller.secret))
    return SessionsEnded(ended)


def agent_of(request: ApiRequest) -> str:
    """Return how the program that asks names itself."""
    return str(request.headers.get("user-agent", ""))


def origin_of(request: ApiRequest) -> str:
    """Return from what kind of address a request comes: this machine, a network of one's own, or elsewhere."""
    client = request.scope.get("client")
    try:
        address = ipaddress.ip_address(client[0]) if client else None
    except ValueError:
        address = None
    if address is None or address.is_loopback:
        return "this machine"
    return "local network" if address.is_private or address.is_link_local else "internet"


@get("/session", operation_id="getSession", tags=["tokens"])
async def get_session(caller: CallerGiven) -> SessionInfo:
    """Say who the caller is to this node."""
    principal = caller.principal
    user = id_text(principal.user) if principal.user is not None else None
    key = key_text(caller.keys[0]) if caller.keys else None
    person = caller.engines.persons.of_key(caller.keys[0]) if principal.is_resident and caller.keys else None
    reader = reader_text(person.key.public, seal_key(person.seed).public) if person is not None else None
    return SessionInfo(principal.name, principal.scope.value, user, key, moment(principal.until_ms), reader)


@delete("/session", operation_id="closeSession", tags=["tokens"])
async def close_session(caller: CallerGiven) -> None:
    """End the session that this request is sent with; a named token is revoked by its name."""
    if caller.secret is None:
        raise BadToken
    await caller.run(caller.context.tokens.end, caller.secret)


@post("/session/link", operation_id="makeLink", tags=["tokens"])
async def make_link(caller: CallerGiven, data: JSONBody[LinkRequest]) -> LinkMade:
    """Make a sign-in link that works once: to the node's page, or to a MiMei's own origin for reading it."""
    context, principal = caller.context, caller.principal
    visitor = principal if principal.keys and data.only is not None else None
    if visitor is None:
        principal.require_resident("making a sign-in link")
    user = principal.user
    name = OWNER.name if user is None else (await caller.run(context.users.get, user)).row.name
    reach = caller.reach if data.host is None else reach_by(caller, data.host)
    if data.only is None:
        code, expires_ms = context.tokens.one_time_code(user=user, name=name)
        return LinkMade(f"{reach.url}#code={code}", known_moment(expires_ms))
    # A visitor goes on with the rights they have; the release is all that an origin shows.
    act = Act.READ_CUR if visitor is None else Act.READ_RELEASE
    mimei = (await caller.run(caller.mimei, data.only, act)).id
    origin = await reach.app_origin(mimei)
    code, expires_ms = context.tokens.one_time_code(mimei, user=user, name=name, visitor=visitor)
    return LinkMade(f"{origin}/.leither/enter?code={code}", known_moment(expires_ms))


def reach_by(caller: Caller, host: str) -> Reach:
    """Return how other machines reach the node by `host`. Raises: NotAHost."""
    lan = caller.context.settings.lan
    if lan is None or not lan.answers_to(host.lower()):
        raise NotAHost(host)
    return Reach(caller.context.settings, host.lower())


OPERATIONS = (
    list_tokens,
    create_token,
    revoke_token,
    open_session,
    open_session_by_words,
    get_session,
    close_session,
    make_link,
    list_sessions,
    end_session,
    end_other_sessions,
)
