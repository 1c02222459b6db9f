"""`leither db`: one command of a database."""

from typing import Any

import click

from leither.cli.address import resolve
from leither.cli.api import mimei_path
from leither.cli.command import Command
from leither.cli.session import Session, pass_session


@click.command(cls=Command, context_settings={"ignore_unknown_options": True})
@click.argument("mimei", metavar="ID[@VERSION]")
@click.argument("words", metavar="COMMAND...", nargs=-1, required=True, type=click.UNPROCESSED)
@pass_session
def db(session: Session, mimei: str, words: tuple[str, ...]) -> None:
    """Run a Redis command on a database, or on a version of it.

    For instance: leither db notes HSET user:1 name Ada
    """
    with session.api() as api:
        found = api.post(mimei_path(resolve(api, mimei).ref, "db"), {"commands": [list(words)]})
    reply = found["replies"][0]
    session.show({"reply": reply}, lambda output: output.line("\n".join(_lines(reply))))


def _lines(reply: Any, indent: str = "") -> list[str]:  # noqa: ANN401
    """Return a reply as redis-cli shows one, a line each."""
    match reply:
        case None:
            return [f"{indent}(nil)"]
        case bool() | int() | float():
            return [f"{indent}{reply}"]
        case str():
            return [f"{indent}{reply}"]
        case {"error": text}:
            return [f"{indent}(error) {text}"]
        case {"base64": text}:
            return [f"{indent}(base64) {text}"]
        case {"map": pairs}:
            return [line for pair in pairs for line in _lines(pair, indent)]
        case []:
            return [f"{indent}(empty)"]
        case _:
            return [
                line for item in reply for line in _lines(item, indent + "  " if isinstance(item, list) else indent)
            ]
