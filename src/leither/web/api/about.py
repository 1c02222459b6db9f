"""All that a node holds about a person, to read and to take along."""

from collections.abc import Iterable

from litestar import get

from leither.codec.record_text import record_text
from leither.crypto import KeyId, id_text, key_text
from leither.people import right as rights
from leither.people.grant import Grant
from leither.people.right import act_names
from leither.service.cur import Cur
from leither.service.grant_entries import grants_of
from leither.service.holding import load_all
from leither.service.versions import held_versions
from leither.web.api.audit import entry_info, names_known
from leither.web.api.context import Caller
from leither.web.api.describing import known_moment, moment
from leither.web.api.parameters import CallerGiven
from leither.web.api.passkeys import passkey_info
from leither.web.api.sessions import session_row, token_info
from leither.web.api.users import UserRef, leaving_user
from leither.web.schema_about import About, AboutGrant, AboutMimei
from leither.web.schema_users import InvitationInfo


@get("/about", operation_id="getAbout", tags=["identity"])
async def get_about(caller: CallerGiven) -> About:
    """Say all that this node holds about the caller, but for the contents of their MiMei, which `export` gives."""
    caller.principal.require_resident("seeing all about oneself")
    caller.note_export(caller.principal.user)
    return await caller.run(_about, caller, caller.principal.user)


@get("/users/{user:str}/about", operation_id="getAboutUser", tags=["users"])
async def get_about_user(caller: CallerGiven, user: UserRef) -> About:
    """Say all that this node holds about a suspended user, for them to take along."""

    def work() -> About:
        found = leaving_user(caller, user)
        caller.note_export(found.id)
        return _about(caller, found.id)

    return await caller.run(work)


def _about(caller: Caller, user: KeyId | None) -> About:
    engines, context = caller.engines, caller.context
    person = engines.persons.of_user(user)
    row = context.users.get(user).row if user is not None else None
    names = names_known(context.users, user)
    mimei, given = _theirs(caller, user)
    now_ms = engines.clock.now_ms()
    keys = person.keys
    return About(
        node=id_text(engines.identity.node.id),
        at=known_moment(now_ms),
        person=id_text(person.key.id),
        key=key_text(keys[0]),
        former=[key_text(key) for key in keys[1:]],
        role="owner" if user is None else "user",
        name=row.name if row is not None else None,
        joined=moment(row.created_ms) if row is not None else None,
        quota=row.quota if row is not None else None,
        suspended=row is not None and row.suspended,
        settings=row.settings if row is not None else {},
        mimei=mimei,
        tokens=[token_info(each) for each in context.tokens.list(user)],
        sessions=[session_row(shown, each, present=False) for shown, each in context.tokens.sessions(user)],
        passkeys=[passkey_info(shown, each) for shown, each in context.passkeys.list(user)],
        grants_given=given,
        grants_held=_grants(record for key in keys for record in engines.granted.records(key)),
        invitations=_invitations(caller) if user is None else [],
        audit=[entry_info(user, entry, names) for entry in engines.audit.read(user)],
    )


def _theirs(caller: Caller, user: KeyId | None) -> tuple[list[AboutMimei], list[AboutGrant]]:
    """Return a person's MiMei, and the grants that are kept with these."""
    found, given = [], []
    with caller.engines.state.read() as view:
        for held in load_all(caller.engines, view):
            if held.facts.user != user:
                continue
            topic = held.genesis
            found.append(
                AboutMimei(
                    id=topic.id_text,
                    type=topic.type,
                    app=topic.app,
                    ext=topic.ext,
                    mark=topic.mark,
                    private=held.is_private,
                    right=rights.text(held.control.right),
                    created=moment(held.control.created),
                    versions=len(held_versions(view, held.id)),
                    bytes=held.row.size_bytes,
                )
            )
            given += _grants(kept.record for kept in grants_of(Cur(caller.engines, view, held)))
    return found, given


def _grants(records: Iterable[bytes]) -> list[AboutGrant]:
    made = []
    for record in records:
        grant = Grant.decode(record)
        made.append(
            AboutGrant(
                mimei=id_text(grant.mimei),
                to=key_text(grant.to),
                by=key_text(grant.by),
                rights=act_names(grant.acts),
                start=moment(grant.start_ms),
                until=moment(grant.until_ms),
                record=record_text(record),
            )
        )
    return made


def _invitations(caller: Caller) -> list[InvitationInfo]:
    held = caller.context.users.invitations()
    return [InvitationInfo(one.name, one.quota, known_moment(one.expires_ms)) for one in held]


OPERATIONS = (get_about, get_about_user)
