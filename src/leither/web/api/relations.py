"""What a MiMei refers to, what refers to it, and what people say of it."""

from collections.abc import Sequence
from typing import Annotated

from litestar import delete, get, post
from litestar.params import JSONBody, QueryParameter

from leither.crypto import id_text
from leither.mimei.entry import Reference
from leither.mimei.tag import Tag, parse_tag
from leither.mimei.version import Version
from leither.people import Act, Denied, Scope
from leither.service import references, tags
from leither.service.cur import Cur
from leither.web.api.context import Caller, working_copy
from leither.web.api.describing import moment, visible_referrers
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.api.targets import reference_target
from leither.web.schema import ReferenceInfo, ReferenceRequest, ReferrerInfo, TagInfo, TagText


@get(f"{REF}/references", operation_id="listReferences", tags=["relations"])
async def list_references(caller: CallerGiven, ref: Ref) -> Sequence[ReferenceInfo]:
    """List what a MiMei refers to."""

    def work() -> list[ReferenceInfo]:
        mimei = caller.mimei(ref, Act.READ_CUR)
        with caller.engines.state.read() as view:
            found = references.of(Cur(caller.engines, view, mimei))
        return [_reference(caller, reference, count) for reference, count in found]

    return await caller.run(work)


@post(f"{REF}/references", status_code=200, operation_id="countReference", tags=["relations"])
async def count_reference(caller: CallerGiven, ref: Ref, data: JSONBody[ReferenceRequest]) -> ReferenceInfo:
    """Count a reference to another MiMei up or down. What is referred to can't be reclaimed."""

    def work() -> ReferenceInfo:
        mimei = caller.mimei(ref, Act.WRITE)
        reference = Reference(*reference_target(caller, data.target, follow=data.follow))
        count = references.add(caller.engines, mimei.id, reference, delta=data.count)
        return _reference(caller, reference, count)

    return await caller.run(work)


def _reference(caller: Caller, reference: Reference, count: int) -> ReferenceInfo:
    version = reference.version
    n = None
    if version is not None and caller.engines.blocks.has(version):
        n = caller.engines.record(Version, version).n
    return ReferenceInfo(id_text(reference.mimei), version.text if version is not None else None, n, count)


@get(f"{REF}/referrers", operation_id="listReferrers", tags=["relations"])
async def list_referrers(caller: CallerGiven, ref: Ref) -> Sequence[ReferrerInfo]:
    """List which MiMei refer to this one, as far as the caller may see them."""

    def work() -> list[ReferrerInfo]:
        mimei = caller.catalog.readable(working_copy(ref), caller.principal)
        with caller.engines.state.read() as view:
            return [
                ReferrerInfo(source, version.text if version is not None else None, count)
                for source, version, count in visible_referrers(caller, view, mimei)
            ]

    return await caller.run(work)


@get(f"{REF}/tags", operation_id="listTags", tags=["relations"])
async def list_tags(caller: CallerGiven, ref: Ref) -> Sequence[TagInfo]:
    """List the tags of a MiMei."""

    def work() -> list[TagInfo]:
        mimei = caller.mimei(ref, Act.READ_CUR)
        with caller.engines.state.read() as view:
            return [_tag(tag) for tag in tags.of(Cur(caller.engines, view, mimei))]

    return await caller.run(work)


@post(f"{REF}/tags", status_code=200, operation_id="addTag", tags=["relations"])
async def add_tag(caller: CallerGiven, ref: Ref, data: JSONBody[TagText]) -> TagInfo:
    """Tag a MiMei. A tag that is there is left."""

    def work() -> TagInfo:
        mimei = caller.mimei(ref, Act.TAG)
        _require_own_name(caller)
        return _tag(tags.add(caller.engines, mimei.id, *parse_tag(data.tag), user=caller.principal.user))

    return await caller.run(work)


@delete(f"{REF}/tags", operation_id="removeTag", tags=["relations"])
async def remove_tag(
    caller: CallerGiven,
    ref: Ref,
    tag: Annotated[str, QueryParameter(max_length=1000, description="`dimension:value`.")],
) -> None:
    """Take a tag back."""

    def work() -> None:
        mimei = caller.mimei(ref, Act.TAG)
        _require_own_name(caller)
        tags.remove(caller.engines, mimei.id, *parse_tag(tag), user=caller.principal.user)

    await caller.run(work)


def _require_own_name(caller: Caller) -> None:
    """Check that the caller acts for a person whose seed is here: a tag is signed. Raises: Denied."""
    if caller.principal.scope is Scope.NONE:
        raise Denied("signing a tag")


def _tag(tag: Tag) -> TagInfo:
    return TagInfo(tag.dimension, tag.value, tags.tagger(tag), moment(tag.at))


OPERATIONS = (list_references, count_reference, list_referrers, list_tags, add_tag, remove_tag)
