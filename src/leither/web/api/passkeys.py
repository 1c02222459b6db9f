"""Passkeys: who is signed in makes and removes them, and anybody who has one signs in by it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, cast

from litestar import delete, get, patch, post
from litestar.params import JSONBody, PathParameter

from leither.errors import InputError
from leither.http.asgi import Scope
from leither.service.passkey_rows import PasskeyRow
from leither.web.api.body import ApiRequest
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.api.sessions import agent_of, origin_of
from leither.web.reach import is_secure, split_host
from leither.web.schema_node import SessionMade
from leither.web.schema_passkeys import NewPasskey, PasskeyChange, PasskeyInfo, PasskeyOptions, PasskeyUsed

if TYPE_CHECKING:
    from leither.service.passkey_ceremony import Party

PasskeyRef = Annotated[str, PathParameter(description="The passkey's id.", max_length=200)]
_ADDRESS_ENDS = tuple("]0123456789")


class PasskeyNeedsName(InputError):
    """The request came to an address at which browsers have no passkeys."""

    code = "passkey-needs-name"

    def __init__(self, origin: str, url: str) -> None:
        self.origin = origin[:200]
        super().__init__(
            f"browsers keep passkeys for {url} and for names with https, not for {self.origin}; go there first"
        )


def _party(request: ApiRequest, caller: Caller) -> "Party":
    """Return for whom a passkey is, from where the request was sent to, which the front door has checked.

    Raises: PasskeyNeedsName.
    """
    from leither.service.passkey_ceremony import Party

    secure = is_secure(cast(Scope, request.scope))
    host, port = split_host(str(request.headers.get("host", "")).encode("latin-1"), secure=secure)
    shown = "" if port == (443 if secure else 80) else f":{port}"
    origin = f"{'https' if secure else 'http'}://{host}{shown}"
    if host != "localhost" and (not secure or host.endswith(_ADDRESS_ENDS)):
        raise PasskeyNeedsName(origin, caller.context.settings.url)
    return Party(host, origin)


def passkey_info(passkey: str, row: PasskeyRow) -> PasskeyInfo:
    """Return a passkey as whose it is sees it."""
    return PasskeyInfo(
        id=passkey,
        name=row.name,
        origin=row.origin,
        created=moment(row.created_ms),
        last_used=moment(row.used_ms),
    )


@get("/passkeys", operation_id="listPasskeys", tags=["passkeys"])
async def list_passkeys(caller: CallerGiven) -> Sequence[PasskeyInfo]:
    """List the caller's passkeys, the newest first."""
    caller.principal.require_resident("listing passkeys")
    rows = await caller.run(caller.context.passkeys.list, caller.principal.user)
    return [passkey_info(passkey, row) for passkey, row in rows]


@post("/passkeys/begin", status_code=200, operation_id="beginPasskey", tags=["passkeys"])
async def begin_passkey(request: ApiRequest, caller: CallerGiven) -> PasskeyOptions:
    """Say what the caller's browser needs to make a passkey. The answer counts for five minutes, once."""
    caller.principal.require_resident("making a passkey")
    return PasskeyOptions(
        await caller.run(lambda: caller.context.passkeys.begin_making(_party(request, caller), caller.principal.user))
    )


@post("/passkeys", operation_id="addPasskey", tags=["passkeys"])
async def add_passkey(request: ApiRequest, caller: CallerGiven, data: JSONBody[NewPasskey]) -> PasskeyInfo:
    """Keep a passkey that the caller's browser made."""
    caller.principal.require_resident("making a passkey")

    def work() -> PasskeyInfo:
        from leither.service.passkey_ceremony import Answer

        answer = Answer(data.id, data.client_data, data.attestation)
        party, user = _party(request, caller), caller.principal.user
        return passkey_info(*caller.context.passkeys.finish_making(party, answer, data.name, user))

    return await caller.run(work)


@patch("/passkeys/{passkey:str}", operation_id="renamePasskey", tags=["passkeys"])
async def rename_passkey(caller: CallerGiven, passkey: PasskeyRef, data: JSONBody[PasskeyChange]) -> PasskeyInfo:
    """Call one of the caller's passkeys something else."""
    caller.principal.require_resident("renaming a passkey")
    row = await caller.run(caller.context.passkeys.rename, passkey, data.name, caller.principal.user)
    return passkey_info(passkey, row)


@delete("/passkeys/{passkey:str}", operation_id="removePasskey", tags=["passkeys"])
async def remove_passkey(caller: CallerGiven, passkey: PasskeyRef) -> None:
    """Let nobody sign in by a passkey of the caller's any more. Sessions that began by it go on."""
    caller.principal.require_resident("removing a passkey")
    await caller.run(caller.context.passkeys.remove, passkey, caller.principal.user)


@post("/session/passkey/begin", status_code=200, operation_id="beginSessionByPasskey", tags=["passkeys"])
async def begin_session_by_passkey(request: ApiRequest, caller: CallerGiven) -> PasskeyOptions:
    """Say what a browser needs to sign in by a passkey. The answer counts for five minutes, once."""
    return PasskeyOptions(await caller.run(lambda: caller.context.passkeys.begin_signing_in(_party(request, caller))))


@post("/session/passkey", operation_id="openSessionByPasskey", tags=["passkeys"])
async def open_session_by_passkey(request: ApiRequest, caller: CallerGiven, data: JSONBody[PasskeyUsed]) -> SessionMade:
    """Sign in by a passkey, as whoever made it."""
    agent, address = agent_of(request), origin_of(request)

    def work() -> tuple[str, int]:
        from leither.service.passkey_ceremony import Answer

        answer = Answer(data.id, data.client_data, data.authenticator_data, data.signature)
        party = _party(request, caller)
        return caller.context.passkeys.finish_signing_in(party, answer, agent=agent, address=address)

    secret, expires_ms = await caller.run(work)
    return SessionMade(secret, known_moment(expires_ms))


OPERATIONS = (
    list_passkeys,
    begin_passkey,
    add_passkey,
    rename_passkey,
    remove_passkey,
    begin_session_by_passkey,
    open_session_by_passkey,
)
