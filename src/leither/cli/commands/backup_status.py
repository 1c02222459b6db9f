"""`leither backup-status`, `leither traffic`, `leither where`: what is where, and what goes between nodes."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.output import Output, count, moment, size
from leither.cli.session import Session, pass_session

_LOOK_S = 0.2
_STATES = {
    "current": "as here",
    "behind": "older",
    "ahead": "newer",
    "apart": "differs",
    "waiting": "waiting",
    "stopped": "stopped",
}


@click.command(cls=Command)
@click.option("--check", is_flag=True, help="End with status 1 unless all of yours is at another node as it is here.")
@click.option("--wait", "wait_s", type=float, default=0, metavar="SECONDS", help="Wait so long until that is so.")
@pass_session
def backup_status(session: Session, check: bool, wait_s: float) -> int:
    """Show where copies of yours are and how old, and what is kept for others."""
    until_s = time.monotonic() + wait_s
    with session.api() as api:
        found: dict[str, Any] = api.get("/network/backup-status")
        while not found["safe"] and time.monotonic() < until_s:
            time.sleep(_LOOK_S)
            found = api.get("/network/backup-status")
    session.show(found, lambda output: _status(output, found))
    return int(check and not found["safe"])


def _status(output: Output, found: dict[str, Any]) -> None:
    rows: list[tuple[object, ...]] = []
    for one in found["own"]:
        about = (one["id"], one["mark"] or one["app"], moment(one["version"]) or "no version", one["unsaved"] or "")
        rows += [
            (*about, copy["name"], _state(copy), moment(copy["at"]) or "", size(copy["bytes"]) or "")
            for copy in one["copies"]
        ] or [(*about, "nowhere else", "", "", "")]
    output.table(("id", "mark", "version", "unsaved", "at", "is", "as of", "size"), rows, empty="nothing is yours")
    for one in found["kept"]:
        sealed = ", sealed" if one["sealed"] else ""
        state = one["reason"] or ("current" if one["current"] else "on its way")
        output.line(f"for {one['name']}: {one['id']}, {size(one['bytes'])}{sealed}, {state}")
    unsafe = sum(not one["safe"] for one in found["own"])
    if found["own"]:
        output.line(
            "all of yours is at another node" if found["safe"] else f"{count(unsafe, 'MiMei', 'MiMei')} at risk"
        )


def _state(copy: dict[str, Any]) -> str:
    return f"stopped: {copy['reason']}" if copy["state"] == "stopped" else _STATES[copy["state"]]


@click.command(cls=Command)
@click.option("--day", is_flag=True, help="Over the last day, not the last hour.")
@click.option("--by-peer", is_flag=True, help="By peer, not by protocol.")
@pass_session
def traffic(session: Session, day: bool, by_peer: bool) -> None:
    """Show what went to and came from other nodes of late.

    That is the last hour. Bytes are those of what was said; connections add some of their own, which `leither peers`
    counts.
    """
    with session.api() as api:
        found: dict[str, Any] = api.get("/network/traffic", seconds=24 * 3600 if day else 3600)
    rows = [
        (
            one["name"] or "others",
            size(one["bytes_received"]),
            size(one["bytes_sent"]),
            one["messages_received"],
            one["messages_sent"],
            one["streams"],
            one["errors"],
        )
        for one in found["peers" if by_peer else "protocols"]
    ]
    columns = ("peer" if by_peer else "protocol", "received", "sent", "messages in", "out", "streams", "errors")
    session.show(found, lambda output: output.table(columns, rows, empty="nothing went between nodes"))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@pass_session
def where(session: Session, mimei: str) -> None:
    """Show which nodes hold a MiMei, and how old that is.

    Paired nodes are shown as they last told, others as they tell now.
    """
    with session.api() as api:
        found: dict[str, Any] = api.get(f"/network/where/{quote(resolve_whole(api, mimei), safe='')}", look="true")

    def human(output: Output) -> None:
        here = ", ".join(f"{tip['n']} of {moment(tip['time']) or 'unknown time'}" for tip in found["tips"])
        rows: list[tuple[object, ...]] = [("this node", here or "no version", "", "")]
        rows += [
            (copy["name"], _state(copy), moment(copy["at"]) or "", size(copy["bytes"]) or "")
            for copy in found["copies"]
        ]
        told = {copy["peer"] for copy in found["copies"]}
        rows += [(one["peer"], _STATES[one["state"]], "now", "") for one in found["holders"] if one["peer"] not in told]
        output.table(("node", "has", "as of", "size"), rows, empty="nowhere")

    session.show(found, human)
