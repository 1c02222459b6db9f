"""MiMei: finding, making, deleting them; their rights and quotas."""

from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.params import JSONBody, QueryParameter

from leither import limits
from leither.mimei.address import parse_address
from leither.mimei.tag import parse_tag
from leither.people import Act
from leither.people import right as rights
from leither.people.audit import Kind
from leither.service import tags
from leither.service.holding import Mimei
from leither.web.api.context import Caller
from leither.web.api.describing import describe_mimei
from leither.web.api.parameters import REF, CallerGiven, Limit, Ref
from leither.web.schema import MimeiInfo, MimeiPage, NewMimei, QuotaInfo, QuotaRequest, RightInfo


def shown(caller: Caller, mimei: Mimei) -> MimeiInfo:
    """Return `mimei` as the caller may see it."""
    with caller.engines.state.read() as view:
        return describe_mimei(caller, view, mimei)


@get("/mimei", operation_id="listMimei", tags=["mimei"])
async def list_mimei(
    caller: CallerGiven,
    app: Annotated[str | None, QueryParameter(description="Only those of this app.")] = None,
    kind: Annotated[str | None, QueryParameter(name="type", description="Only those of this type.")] = None,
    tag: Annotated[
        list[str] | None,
        QueryParameter(description="Only those that carry every one of these `dimension:value` tags.", max_items=64),
    ] = None,
    limit: Limit = limits.LIST_PAGE_DEFAULT,
    cursor: Annotated[str | None, QueryParameter(description="`next` of the page before.", max_length=200)] = None,
) -> MimeiPage:
    """List the MiMei the caller may read anything of, by id."""

    def work() -> MimeiPage:
        with caller.engines.state.read() as view:
            found = [m for m in caller.catalog.list(caller.principal) if _asked_for(m, app, kind)]
            if tag:
                carriers = tags.find(view, [parse_tag(text) for text in tag])
                found = [m for m in found if m.id in carriers and _reads_cur(caller, m)]
            if cursor is not None:
                start = parse_address(cursor).id
                found = [m for m in found if m.id > start]
            items = [describe_mimei(caller, view, m) for m in found[:limit]]
        return MimeiPage(items, items[-1].id if len(found) > limit else None)

    return await caller.run(work)


def _asked_for(mimei: Mimei, app: str | None, kind: str | None) -> bool:
    return app in (None, mimei.genesis.app) and kind in (None, mimei.genesis.type)


def _reads_cur(caller: Caller, mimei: Mimei) -> bool:
    return Act.READ_CUR in mimei.acts(caller.principal)


@post("/mimei", operation_id="createMimei", tags=["mimei"])
async def create_mimei(caller: CallerGiven, data: JSONBody[NewMimei]) -> Response[MimeiInfo]:
    """Make the MiMei of a topic (201), or find the one that is there (200)."""
    caller.principal.require_resident("creating a MiMei")

    def work() -> tuple[MimeiInfo, bool]:
        mimei, new = caller.catalog.create(
            kind=data.type,
            app=data.app,
            ext=data.ext,
            mark=data.mark,
            right=rights.parse(data.right),
            quota=data.quota,
            user=caller.principal.user,
            private=data.private,
        )
        if new:
            caller.note(mimei, Kind.CREATE)
        return shown(caller, mimei), new

    info, new = await caller.run(work)
    return Response(info, status_code=201 if new else 200)


@get(REF, operation_id="getMimei", tags=["mimei"])
async def get_mimei(caller: CallerGiven, ref: Ref) -> MimeiInfo:
    """Describe a MiMei. A selector is ignored."""
    return await caller.run(lambda: shown(caller, caller.catalog.readable(parse_address(ref).id, caller.principal)))


@delete(REF, operation_id="deleteMimei", tags=["mimei"])
async def delete_mimei(
    caller: CallerGiven,
    ref: Ref,
    force: Annotated[bool, QueryParameter(description="Whether to delete it although others refer to it.")] = False,
) -> None:
    """Forget a MiMei with all its versions. Collecting garbage then frees what nothing else holds."""

    def work() -> None:
        mimei = caller.own(ref, "deleting a MiMei")
        caller.catalog.delete(mimei.id, force=force, by=caller.principal)

    await caller.run(work)


@get(f"{REF}/right", operation_id="getRight", tags=["rights"])
async def get_right(caller: CallerGiven, ref: Ref) -> RightInfo:
    """Say who may do what."""
    mimei = await caller.run(lambda: caller.catalog.readable(parse_address(ref).id, caller.principal))
    return RightInfo(rights.text(mimei.control.right))


@put(f"{REF}/right", operation_id="setRight", tags=["rights"])
async def set_right(caller: CallerGiven, ref: Ref, data: JSONBody[RightInfo]) -> RightInfo:
    """Change who may do what. Only the author's node can."""
    right = rights.parse(data.right)

    def work() -> Mimei:
        return caller.catalog.change_control(caller.own(ref, "changing a right").id, by=caller.principal, right=right)

    return RightInfo(rights.text((await caller.run(work)).control.right))


@get(f"{REF}/quota", operation_id="getQuota", tags=["rights"])
async def get_quota(caller: CallerGiven, ref: Ref) -> QuotaInfo:
    """Say how large `cur` may become, and how large it is."""
    mimei = await caller.run(caller.mimei, ref, Act.READ_CUR)
    return QuotaInfo(mimei.control.quota, mimei.row.size_bytes)


@put(f"{REF}/quota", operation_id="setQuota", tags=["rights"])
async def set_quota(caller: CallerGiven, ref: Ref, data: JSONBody[QuotaRequest]) -> QuotaInfo:
    """Change how large `cur` may become. One below what it takes now lets it shrink only."""

    def work() -> Mimei:
        return caller.catalog.change_control(
            caller.own(ref, "changing a quota").id, by=caller.principal, quota=data.quota
        )

    changed = await caller.run(work)
    return QuotaInfo(changed.control.quota, changed.row.size_bytes)


OPERATIONS = (
    list_mimei,
    create_mimei,
    get_mimei,
    delete_mimei,
    get_right,
    set_right,
    get_quota,
    set_quota,
)
