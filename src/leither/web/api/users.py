"""The users of a node beside its owner: who is here, who is invited, who leaves."""

from collections.abc import Iterator
from typing import Annotated

from litestar import delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter
from msgspec import UNSET

from leither.codec.record_text import record_text
from leither.crypto import id_text
from leither.errors import Conflict
from leither.people import Denied
from leither.service.archive_out import export_car, own_ids, seal_identity
from leither.service.leaving import Fate, remove_user
from leither.service.person_index import update_index
from leither.service.users import User, Users
from leither.web.api.archives import CAR, CAR_HEADERS
from leither.web.api.body import ApiRequest
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.api.sessions import agent_of, origin_of, reach_by
from leither.web.api.streaming import ByteStream, joined
from leither.web.schema_users import (
    InvitationInfo,
    InvitationMade,
    Joined,
    JoinRequest,
    NewInvitation,
    OwnSettings,
    Removal,
    Removed,
    SealedExport,
    UserChange,
    UserInfo,
    UserList,
)

UserRef = Annotated[str, PathParameter(description="The name or id of a user.", max_length=200)]


class NotSuspended(Conflict):
    """What is done to somebody who leaves was asked for while they are at work."""

    code = "not-suspended"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name!r} is not suspended; the owner exports what is a user's only when they leave: "
            f"`leither user suspend {name}` first, or let them export it themselves"
        )


def leaving_user(caller: Caller, ref: str) -> User:
    """Return a suspended user, whose data the owner takes out. Raises: Denied, UserNotFound, NotSuspended."""
    found = _users(caller, "exporting what is a user's").find(ref)
    if not found.row.suspended:
        raise NotSuspended(found.row.name)
    return found


def _users(caller: Caller, what: str) -> Users:
    caller.principal.require_owner(what)
    return caller.context.users


def _shown(user: User) -> UserInfo:
    return UserInfo(
        id=id_text(user.id),
        name=user.row.name,
        quota=user.row.quota,
        bytes=user.used_bytes,
        created=moment(user.row.created_ms),
        suspended=user.row.suspended,
    )


@get("/users", operation_id="listUsers", tags=["users"])
async def list_users(caller: CallerGiven) -> UserList:
    """List the users, and who is invited."""
    users = _users(caller, "listing users")

    def work() -> UserList:
        invited = [InvitationInfo(one.name, one.quota, known_moment(one.expires_ms)) for one in users.invitations()]
        return UserList([_shown(user) for user in users.list()], invited)

    return await caller.run(work)


@post("/users/invitations", operation_id="inviteUser", tags=["users"])
async def invite_user(caller: CallerGiven, data: JSONBody[NewInvitation]) -> InvitationMade:
    """Make a link by which somebody becomes a user of this node. It works once, for a week."""
    users = _users(caller, "inviting a user")
    reach = caller.reach if data.host is None else reach_by(caller, data.host)
    code, invitation = await caller.run(lambda: users.invite(data.name, quota=data.quota))
    url = f"{reach.url}#invite={code}"
    return InvitationMade(url, invitation.name, known_moment(invitation.expires_ms))


@delete("/users/invitations/{name:str}", operation_id="withdrawInvitation", tags=["users"])
async def withdraw_invitation(
    caller: CallerGiven, name: Annotated[str, PathParameter(description="Who was invited.", max_length=200)]
) -> None:
    """Let an invitation work no longer. Nothing happens if there is none of that name."""
    await caller.run(_users(caller, "withdrawing an invitation").withdraw, name)


@post("/users/join", operation_id="joinAsUser", tags=["users"])
async def join(request: ApiRequest, caller: CallerGiven, data: JSONBody[JoinRequest]) -> Joined:
    """Become a user by an invitation, and sign in. The recovery words are shown in this answer and never again."""
    agent, address = agent_of(request), origin_of(request)
    done = await caller.run(
        lambda: caller.context.users.join(data.code, phrase=data.phrase, agent=agent, address=address)
    )
    return Joined(
        id=id_text(done.id),
        name=done.row.name,
        token=done.secret,
        expires=known_moment(done.expires_ms),
        words=done.words,
        returned=done.returned,
    )


@get("/users/self", operation_id="getSelf", tags=["users"])
async def get_self(caller: CallerGiven) -> UserInfo:
    """Say who the caller is among the users, with their quota and what theirs takes."""
    return _shown(await caller.run(lambda: _self(caller)))


@get("/users/self/settings", operation_id="getOwnSettings", tags=["users"])
async def get_own_settings(caller: CallerGiven) -> OwnSettings:
    """Say what the caller has set for themselves."""
    return OwnSettings((await caller.run(lambda: _self(caller))).row.settings)


@put("/users/self/settings", operation_id="setOwnSettings", tags=["users"])
async def set_own_settings(caller: CallerGiven, data: JSONBody[OwnSettings]) -> OwnSettings:
    """Keep what the caller sets for themselves, in place of what was."""

    def work() -> OwnSettings:
        return OwnSettings(caller.context.users.set_settings(_self(caller).id, data.settings).row.settings)

    return await caller.run(work)


def _self(caller: Caller) -> User:
    """Return the user who asks. Raises: Denied: to the owner, who is none, and to others."""
    principal = caller.principal
    principal.require_resident("being a user of this node")
    if principal.user is None:
        raise Denied("being a user of this node, which its owner is not,")
    return caller.context.users.get(principal.user)


@patch("/users/{user:str}", operation_id="changeUser", tags=["users"])
async def change_user(caller: CallerGiven, user: UserRef, data: JSONBody[UserChange]) -> UserInfo:
    """Rename a user, change their quota, or suspend them. Suspended, they can't sign in, and their data stays."""
    users = _users(caller, "changing a user")

    def work() -> UserInfo:
        found = users.find(user)
        if data.name is not UNSET:
            found = users.rename(found.id, data.name)
        if data.quota is not UNSET:
            found = users.set_quota(found.id, data.quota)
        if data.suspended is not UNSET:
            found = users.suspend(found.id, suspended=data.suspended)
        return _shown(found)

    return await caller.run(work)


@post("/users/{user:str}/export", status_code=200, operation_id="exportUser", tags=["users"])
async def export_user(caller: CallerGiven, user: UserRef, data: JSONBody[SealedExport]) -> ByteStream:
    """Send all that is a suspended user's as a CAR for them to take along, their encrypted seed in it."""
    found = await caller.run(leaving_user, caller, user)
    caller.note_export(found.id)

    def make() -> Iterator[bytes]:
        engines = caller.engines
        update_index(engines, found.id)
        sealed = seal_identity(engines, engines.persons.of_user(found.id), data.passphrase)
        yield from joined(export_car(engines, own_ids(engines, found.id), identity=sealed))

    return ByteStream(caller, make, media_type=CAR, headers=CAR_HEADERS)


@post("/users/{user:str}/remove", status_code=200, operation_id="removeUser", tags=["users"])
async def remove(caller: CallerGiven, user: UserRef, data: JSONBody[Removal]) -> Removed:
    """Take a user off the node, and say what was theirs. Their recovery words bring them back, where data was kept."""
    users = _users(caller, "removing a user")
    done = await caller.run(lambda: remove_user(caller.engines, users, users.find(user).id, Fate(data.data)))
    return Removed(
        mimei=done.mimei,
        versions=done.versions,
        bytes=done.bytes,
        sessions=done.sessions,
        blocks_dropped=done.blocks_dropped,
        bytes_reclaimed=done.bytes_reclaimed,
        receipt=record_text(done.erasure.encode()) if done.erasure is not None else None,
        compacted=done.compacted,
    )


OPERATIONS = (
    list_users,
    invite_user,
    withdraw_invitation,
    join,
    get_self,
    get_own_settings,
    set_own_settings,
    change_user,
    export_user,
    remove,
)
