"""Visitors: signing in with what a node of one's own has signed; and making that for a visit elsewhere."""

from litestar import get, post
from litestar.params import JSONBody

from leither.codec.record_text import record_bytes, record_text
from leither.crypto import MimeiId, id_text, key_id, key_text, parse_id, parse_key
from leither.errors import InputError
from leither.people import ALL, Device, Presentation, Revocation, Successor
from leither.people.right import act_names, parse_acts
from leither.service.visits import make_passport
from leither.web.api.describing import known_moment
from leither.web.api.parameters import CallerGiven
from leither.web.schema_people import (
    Challenge,
    PassportMade,
    PassportRequest,
    RevocationRequest,
    VisitMade,
    VisitRequest,
)


class VisitUnclear(InputError):
    """Neither a passport nor a presentation came, or both."""

    code = "visit-unclear"

    def __init__(self) -> None:
        super().__init__("a visitor shows a passport or a presentation, one of the two; send either")


@get("/session/challenge", operation_id="getChallenge", tags=["tokens"])
async def get_challenge(caller: CallerGiven) -> Challenge:
    """Say for which node a visitor's passport must be made, and what a presentation has to answer."""
    nonce, expires_ms = caller.context.visits.challenge()
    node = key_text(caller.engines.identity.node.public)
    return Challenge(node=node, nonce=record_text(nonce), expires=known_moment(expires_ms))


@post("/session/visit", operation_id="openVisit", tags=["tokens"])
async def open_visit(caller: CallerGiven, data: JSONBody[VisitRequest]) -> VisitMade:
    """Turn a passport, or a presentation, into a session of the person who signed it. Each works once."""

    def work() -> VisitMade:
        visits = caller.context.visits
        if (data.passport is None) is (data.presentation is None):
            raise VisitUnclear
        devices = [Device.decode(record_bytes("devices", text)) for text in data.devices]
        successors = [Successor.decode(record_bytes("successors", text)) for text in data.successors]
        if data.passport is not None:
            secret, visit = visits.enter_with_passport(data.passport, devices, successors)
        else:
            assert data.presentation is not None
            shown = Presentation.decode(record_bytes("presentation", data.presentation))
            secret, visit = visits.enter_with_presentation(shown, devices, successors)
        return VisitMade(
            token=secret,
            expires=known_moment(visit.until_ms),
            name=id_text(key_id(visit.person)),
            rights=act_names(visit.most),
            only=id_text(visit.only) if visit.only is not None else None,
        )

    return await caller.run(work)


@post("/session/revocation", status_code=204, operation_id="tellRevocation", tags=["tokens"])
async def tell_revocation(caller: CallerGiven, data: JSONBody[RevocationRequest]) -> None:
    """Tell this node that a device or passport counts no longer. Anyone may bring a person's signed word for it."""
    await caller.run(
        lambda: caller.context.visits.learn(Revocation.decode(record_bytes("revocation", data.revocation)))
    )


@post("/passport", operation_id="makePassport", tags=["tokens"])
async def passport(caller: CallerGiven, data: JSONBody[PassportRequest]) -> PassportMade:
    """Make a passport by which the caller enters another node. It opens one session there, once."""
    caller.principal.require_resident("making a passport")

    def work() -> PassportMade:
        person = caller.engines.persons.of_user(caller.principal.user)
        made, until_ms = make_passport(
            caller.engines,
            person.key,
            node=parse_key(data.node),
            seconds=data.seconds,
            acts=parse_acts(data.rights) if data.rights is not None else ALL,
            only=MimeiId(parse_id(data.only)) if data.only is not None else None,
        )
        successors = [record_text(former.successor.encode()) for former in person.former]
        return PassportMade(passport=made, expires=known_moment(until_ms), successors=successors)

    return await caller.run(work)


OPERATIONS = (get_challenge, open_visit, tell_revocation, passport)
