"""Parameters that several operations take."""

from typing import Annotated

from litestar.di import NamedDependency
from litestar.params import PathParameter, QueryParameter

from leither import limits
from leither.mimei.path import Path
from leither.web.api.context import Caller

REF = "/mimei/{ref:str}"

CallerGiven = NamedDependency[Caller]
PathTaken = NamedDependency[Path]
Ref = Annotated[
    str,
    PathParameter(
        description="`<id>`, or `<id>@<selector>` with cur, last, release, a number or a version's CID. Only reading "
        "takes a selector; without one, `cur` is read by who may read it, else the release, else the newest version.",
        max_length=200,
    ),
]
PathInUrl = Annotated[
    str,
    PathParameter(
        description="A path inside the MiMei. It may hold slashes, and may be empty for the root; each name is "
        "percent-encoded UTF-8 and may hold any Unicode, but no encoded slash.",
    ),
]
Limit = Annotated[
    int, QueryParameter(ge=1, le=limits.LIST_PAGE_MAX, description="How many items a page holds at most.")
]
After = Annotated[
    str | None,
    QueryParameter(description="Where to go on: `next` of the page before.", max_length=limits.PATH_BYTES_MAX),
]
