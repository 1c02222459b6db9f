"""How other machines reach the node: its addresses there, its certificates, the ports of apps."""

from typing import Annotated

from litestar import delete, get
from litestar.params import PathParameter

from leither.crypto import MimeiId, id_text, parse_id
from leither.service.app_ports import NoPortGiven
from leither.web.api.describing import known_moment
from leither.web.api.parameters import CallerGiven
from leither.web.lan import LanFacts
from leither.web.schema_node import AppPort, AuthorityInfo, CertificateInfo, LanInfo


@get("/lan", operation_id="getLan", tags=["node"])
async def get_lan(caller: CallerGiven) -> LanInfo:
    """Say how other machines reach the node, and what they have to trust."""
    caller.principal.require_owner("reading how other machines reach the node")
    office = caller.context.lan
    facts = await caller.run(office.facts) if office is not None else LanFacts()
    held, authority = facts.certificate, facts.authority
    return LanInfo(
        tls=facts.tls,
        encrypted=facts.secure,
        hosts=list(facts.hosts),
        urls=facts.urls,
        redis=facts.redis_urls,
        certificate=None
        if held is None
        else CertificateInfo(
            held.fingerprint, list(held.names), known_moment(held.begins_ms), known_moment(held.ends_ms)
        ),
        authority=None
        if authority is None
        else AuthorityInfo(authority.fingerprint, known_moment(authority.ends_ms), authority.pem.decode("ascii")),
        warnings=list(facts.warnings),
        apps=[AppPort(port, id_text(mimei)) for port, mimei in sorted(facts.apps.items())],
    )


@delete("/lan/apps/{id:str}", operation_id="freePort", tags=["node"])
async def free_port(
    caller: CallerGiven, id: Annotated[str, PathParameter(description="The app's id.", max_length=200)]
) -> None:
    """Let other apps have the port of this one. Browsers may still keep, for that port, what this app stored."""
    caller.principal.require_owner("freeing a port")
    mimei, office = MimeiId(parse_id(id)), caller.context.lan
    if office is None:
        raise NoPortGiven(mimei)
    await office.free(mimei)


OPERATIONS = (get_lan, free_port)
