"""`leither verify` and `leither gc`: looking after what is stored."""

from typing import Any

import click

from leither.cli.command import Command
from leither.cli.output import Output, count, size
from leither.cli.progress import progress
from leither.cli.session import Session, pass_session

_CORRUPT = 6


@click.command(cls=Command)
@click.pass_context
@pass_session
def verify(session: Session, context: click.Context) -> None:
    """Read everything stored and name what is damaged.

    It changes nothing. The status is 6 if anything is damaged.
    """
    faults: list[dict[str, Any]] = []
    done: dict[str, Any] = {}
    with session.api() as api:
        total = api.get("/status")["bytes_on_disk"]
        with progress(session.output, "checking", total=total) as advance:
            read = 0
            for line in api.lines("POST", "/verify"):
                if "fault" in line:
                    faults.append(line["fault"])
                elif line.get("done"):
                    done = line
                else:
                    advance(line["bytes"] - read)
                    read = line["bytes"]
    blocks, size_bytes = done["blocks"], done["bytes"]
    answer = {"faults": faults, "blocks": blocks, "bytes": size_bytes}

    def human(output: Output) -> None:
        for fault in faults:
            output.line(f"damaged: {fault['cid'] or 'no block'} at {fault['where']}: {fault['reason']}")
        whole = f"{count(blocks, 'block')}, {size(size_bytes)}"
        output.line(f"{count(len(faults), 'fault')} in {whole}" if faults else f"all is well: {whole}")

    session.show(answer, human)
    if faults:
        context.exit(_CORRUPT)


@click.command(cls=Command)
@click.option("--thorough", is_flag=True, help="Leave nothing of what was deleted in any file, however long it takes.")
@pass_session
def gc(session: Session, thorough: bool) -> None:
    """Give back the space of what nothing refers to.

    Versions, releases and working copies keep all they need.
    """
    with session.api() as api:
        done = api.post("/gc", thorough=thorough)
    text = (
        f"{size(done['bytes_reclaimed'])} given back: {count(done['blocks_dropped'], 'block')} dropped, "
        f"{count(done['blocks_kept'], 'block')} kept"
    )
    session.show(done, lambda output: output.line(text))
