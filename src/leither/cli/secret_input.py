"""Asking for what must not stand on a command line: from the environment, a file, standard input, or the keyboard."""

import sys
from pathlib import Path

import click

from leither.cli.session import Session

PASSPHRASE = "LEITHER_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase from the first line of a file, instead of LEITHER_PASSPHRASE or the keyboard.",
)
_LINE_BYTES_MAX = 4096


def known_passphrase(session: Session, file: Path | None) -> str | None:
    """Return the passphrase of the owner's identity as far as nobody need be asked."""
    return _checked(_first_line(file) if file else session.environ.get(PASSPHRASE))


def ask_passphrase(
    session: Session, file: Path | None, *, twice: bool, prompt: str = "Passphrase of the identity"
) -> str:
    """Return the passphrase of the owner's identity, asked for on the terminal where it is not known.

    `twice`: for a new one.
    """
    known = known_passphrase(session, file)
    if known is not None:
        return known
    if not sys.stdin.isatty():
        raise click.UsageError(
            "nobody is there to ask for the passphrase; give it in LEITHER_PASSPHRASE or with --passphrase-file"
        )
    return str(click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True))


def ask_new_passphrase(file: Path | None, prompt: str) -> str:
    """Return a passphrase that is chosen now: from a file, twice from the terminal, or a line of standard input."""
    known = _checked(_first_line(file)) if file else None
    if known is not None:
        return known
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))
    return ask_line(prompt)


def _first_line(file: Path) -> str:
    return file.read_text("utf-8").partition("\n")[0]


def _checked(found: str | None) -> str | None:
    if found == "":
        raise click.UsageError("the passphrase is empty; choose one that nobody guesses")
    return found


def ask_line(prompt: str, *, hidden: bool = False) -> str:
    """Return a line: asked for on a terminal, else the next of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=hidden, err=True)).strip()
    line = sys.stdin.readline(_LINE_BYTES_MAX).strip()
    if not line:
        raise click.UsageError(f"nobody is there to ask; give it as a line of standard input: {prompt}")
    return line
