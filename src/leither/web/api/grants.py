"""Grants: what named keys may do with a MiMei."""

from collections.abc import Sequence
from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, PathParameter

from leither import limits
from leither.codec.record_text import record_bytes, record_text
from leither.crypto import MimeiId, id_text, key_id, key_text, parse_id, parse_reader
from leither.crypto.ids import ID_TEXT
from leither.errors import InputError
from leither.people import Act, Grant, Principal
from leither.people.period import Period
from leither.people.right import act_names, parse_acts
from leither.service import grants
from leither.service.cur import Cur
from leither.service.grant_entries import Kept, grants_of, state_of
from leither.service.holding import Mimei
from leither.service.readers import gets_key
from leither.web.api.context import Caller, working_copy
from leither.web.api.describing import moment
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.schema_people import GrantInfo, GrantRequest, PassedOn, PassOnRequest


class GrantUnclear(InputError):
    """Neither a whole grant came, nor what one is made from."""

    code = "grant-unclear"

    def __init__(self) -> None:
        super().__init__(
            "a grant is asked for by `to` and `rights`, or brought as `record` and nothing else; send either"
        )


class KeyUnknown(InputError):
    """An id was given, and the key behind it isn't known here."""

    code = "key-unknown"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(
            f"this node doesn't know the key whose id is {self.given!r}; ask that person for the whole key, "
            "which `leither share key` prints on a node of theirs"
        )


@get(f"{REF}/grants", operation_id="listGrants", tags=["rights"])
async def list_grants(caller: CallerGiven, ref: Ref) -> Sequence[GrantInfo]:
    """List the grants of a MiMei: all of them to whose it is, to others those that their key gave or was given."""

    def work() -> list[GrantInfo]:
        mimei = caller.catalog.readable(working_copy(ref), caller.principal)
        with caller.engines.state.read() as view:
            found = list(grants_of(Cur(caller.engines, view, mimei)))
        return [_shown(caller, mimei, kept) for kept in found if _may_see(caller, mimei, kept)]

    return await caller.run(work)


def _owns(principal: Principal, mimei: Mimei) -> bool:
    return principal.is_resident and principal.user == mimei.facts.user


def _may_see(caller: Caller, mimei: Mimei, kept: Kept) -> bool:
    return _owns(caller.principal, mimei) or bool({kept.chain.to, kept.grant.by} & set(caller.keys))


def _shown(caller: Caller, mimei: Mimei, kept: Kept) -> GrantInfo:
    chain = kept.chain
    return GrantInfo(
        name=kept.name,
        to=key_text(chain.to),
        to_id=id_text(key_id(chain.to)),
        by_id=id_text(key_id(kept.grant.by)),
        rights=act_names(chain.acts),
        start=moment(chain.period.start_ms),
        until=moment(chain.period.until_ms),
        passed_on=kept.grant.passed_on is not None,
        opens=gets_key(chain.acts) and chain.seal is not None if mimei.is_private else None,
        state=state_of(mimei, chain, caller.engines.clock.now_ms()),
        record=record_text(kept.record) if chain.to in caller.keys else None,
    )


@post(f"{REF}/grants", operation_id="giveGrant", tags=["rights"])
async def give_grant(caller: CallerGiven, ref: Ref, data: JSONBody[GrantRequest]) -> GrantInfo:
    """Let a key do something with a MiMei. What is asked for by `to` is signed here, for a person of this node."""

    def work() -> GrantInfo:
        if data.record is not None and (data.to, data.rights, data.seconds) == (None, None, None):
            mimei = caller.mimei(ref, Act.SHARE)
            keys = None if _owns(caller.principal, mimei) else caller.keys
            record = record_bytes("record", data.record)
            kept = grants.keep(caller.engines, mimei.id, record, keys=keys, by=caller.principal)
        elif data.record is None and data.to is not None and data.rights is not None:
            mimei = caller.mimei(ref, Act.SHARE)
            caller.principal.require_resident("signing a grant")
            kept = _given(caller, mimei, to=data.to, acts=parse_acts(data.rights), seconds=data.seconds)
        else:
            raise GrantUnclear
        return _shown(caller, mimei, kept)

    return await caller.run(work)


def _given(caller: Caller, mimei: Mimei, *, to: str, acts: Act, seconds: int | None) -> Kept:
    engines = caller.engines
    key, seal = _whole_key(caller, mimei, to)
    now_ms = engines.clock.now_ms()
    until_ms = min(now_ms + (seconds or limits.GRANT_S_DEFAULT) * 1000, limits.TIME_MS_MAX)
    signer = engines.persons.of_user(caller.principal.user).key
    period = Period(now_ms, until_ms)
    return grants.give(engines, mimei, signer, to=key, acts=acts, period=period, seal=seal, by=caller.principal)


def _whole_key(caller: Caller, mimei: Mimei, given: str) -> tuple[bytes, bytes | None]:
    if not ID_TEXT.fullmatch(given):
        return parse_reader(given)
    with caller.engines.state.read() as view:
        found = grants.known_key(caller.engines, mimei, view, parse_id(given))
    if found is None:
        raise KeyUnknown(given)
    return found, None


@delete(f"{REF}/grants/{{name:str}}", operation_id="takeBackGrant", tags=["rights"])
async def take_back_grant(
    caller: CallerGiven,
    ref: Ref,
    name: Annotated[str, PathParameter(max_length=64, description="The grant's name, or how it begins.")],
) -> None:
    """Take a grant back, with all that was passed on under it. Only the author's node can."""

    def work() -> None:
        mimei = caller.own(ref, "taking back a grant")
        grants.take_back(caller.engines, mimei.id, name, by=caller.principal)

    await caller.run(work)


@post("/grants/pass-on", status_code=200, operation_id="passOn", tags=["rights"])
async def pass_on(caller: CallerGiven, data: JSONBody[PassOnRequest]) -> PassedOn:
    """Sign a grant that passes on one of the caller's, whose MiMei may be on another node."""
    caller.principal.require_resident("passing on a grant")

    def work() -> PassedOn:
        record = record_bytes("record", data.record)
        held = Grant.decode(record)
        to, seal = parse_reader(data.to)
        acts = parse_acts(data.rights) if data.rights is not None else held.acts & ~Act.SHARE
        now_ms = max(caller.engines.clock.now_ms(), held.start_ms)
        until_ms = held.until_ms if data.seconds is None else min(now_ms + data.seconds * 1000, held.until_ms)
        signer = caller.engines.persons.of_user(caller.principal.user).key
        made = grants.sign_grant(
            signer,
            MimeiId(held.mimei),
            to=to,
            seal=seal,
            acts=acts,
            period=Period(now_ms, until_ms),
            passed_on=record,
        )
        return PassedOn(record_text(made.encode()))

    return await caller.run(work)


OPERATIONS = (list_grants, give_grant, take_back_grant, pass_on)
