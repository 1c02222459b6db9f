"""Waiting until all of a MiMei is here, telling how far it is."""

from leither.cli.api import Api, mimei_path
from leither.cli.output import Output
from leither.cli.progress import progress

_STEP_S = 1


def bring_whole(output: Output, api: Api, id: str) -> None:
    """Return once all of a MiMei is on the node. Raises: why it can't be had now; what came stays."""
    copy = api.get(mimei_path(id, "copy"))
    with progress(output, "bringing", total=copy["total_bytes"]) as advance:
        advance(copy["here_bytes"])
        while copy["on_demand"]:
            before = copy["here_bytes"]
            copy = api.put(mimei_path(id, "copy"), {"on_demand": False, "wait_s": _STEP_S})
            advance(copy["here_bytes"] - before)
