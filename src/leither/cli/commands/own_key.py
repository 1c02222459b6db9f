"""`leither user passphrase`, `unlock` and `rotate`: what a user does about the key they have on a node."""

from pathlib import Path
from typing import Any

import click

from leither.cli.command import Command
from leither.cli.output import Output
from leither.cli.secret_input import ask_line, ask_new_passphrase
from leither.cli.session import Session, pass_session


@click.command(cls=Command)
@click.option("--remove", is_flag=True, help="Keep your identity in clear again.")
@click.option(
    "--new-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the new passphrase from the first line of a file, instead of the keyboard or standard input.",
)
@pass_session
def passphrase(session: Session, remove: bool, new_passphrase_file: Path | None) -> None:
    """Encrypt your identity on this node, as a user of it, under a passphrase of yours.

    Who you are is said by LEITHER_TOKEN. After each start the node signs for you once you gave the passphrase: until
    then you read what is yours, and change nothing that needs your signature.
    """
    if remove and new_passphrase_file is not None:
        raise click.UsageError("either --remove, or a new passphrase")
    chosen = None if remove else ask_new_passphrase(new_passphrase_file, "New passphrase")
    with session.api() as api:
        api.put("/identity/passphrase", {"passphrase": chosen})
    done = "your identity is under the new passphrase" if chosen is not None else "your identity is in clear"
    session.show({"passphrase": chosen is not None}, lambda output: output.line(done))


@click.command(cls=Command)
@pass_session
def unlock(session: Session) -> None:
    """Give your passphrase, so that the node signs for you until it stops.

    It is asked for, or read as a line from standard input.
    """
    given = ask_line("Your passphrase", hidden=True)
    with session.api() as api:
        api.post("/identity/unlock", {"passphrase": given})
    session.show({"unlocked": True}, lambda output: output.line("this node signs for you until it stops"))


@click.command(cls=Command)
@click.option("--locked", is_flag=True, help="Your identity is under a passphrase, which is asked for.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def rotate(session: Session, locked: bool, yes: bool) -> None:
    """Let a new key take the place of yours, as a user of this node, with new recovery words.

    What you made stays yours, under the ids it has, and is signed for with the new key. The words are shown once.
    """
    if not yes:
        click.confirm("Take a new key, and new recovery words?", abort=True, err=True)
    body: dict[str, Any] = {"passphrase": ask_line("Your passphrase", hidden=True)} if locked else {}
    with session.api() as api:
        done = api.post("/identity/rotate", body)

    def human(output: Output) -> None:
        output.fields([("person", done["person"]), ("formerly", done["former"])])
        output.notice("write these words down, in order; they bring you back, and are not shown again:")
        output.notice(done["words"])

    session.show(done, human)
