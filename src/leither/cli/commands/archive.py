"""`leither export` and `leither import`: MiMei, or a whole node, in one file."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.output import Output, count, size
from leither.cli.progress import counted, progress
from leither.cli.session import Session, pass_session
from leither.cli.unpack import replacing_file

_CHUNK_BYTES = 1 << 20
_PASSPHRASE = "LEITHER_PASSPHRASE"  # noqa: S105 - the name of a variable
PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase from the first line of a file, instead of LEITHER_PASSPHRASE or the keyboard.",
)


def _known_passphrase(session: Session, file: Path | None) -> str | None:
    """Return the passphrase as far as nobody need be asked."""
    found = file.read_text("utf-8").partition("\n")[0] if file else session.environ.get(_PASSPHRASE)
    if found == "":
        raise click.UsageError("the passphrase is empty; choose one that nobody guesses")
    return found


def _passphrase(session: Session, file: Path | None, *, twice: bool) -> str:
    known = _known_passphrase(session, file)
    if known is not None:
        return known
    if not sys.stdin.isatty():
        raise click.UsageError(
            "nobody is there to ask for the passphrase; give it in LEITHER_PASSPHRASE or with --passphrase-file"
        )
    return str(click.prompt("Passphrase of the identity", hide_input=True, confirmation_prompt=twice, err=True))


@click.command(cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.argument("mimei", nargs=-1, metavar="[ID]...")
@click.option("--with-identity", is_flag=True, help="Add your identity, encrypted under a passphrase.")
@PASSPHRASE_FILE
@click.option("--force", is_flag=True, help="Replace FILE.")
@pass_session
def export(
    session: Session, file: Path, mimei: tuple[str, ...], with_identity: bool, passphrase_file: Path | None, force: bool
) -> None:
    """Write MiMei, or the whole node, to one file.

    FILE is a CAR, which IPFS programs read too; - is standard output. With your identity in it, it is all that is
    needed to go on on another machine.
    """
    passphrase = _passphrase(session, passphrase_file, twice=True) if with_identity else None
    with session.api() as api:
        ids = [resolve_whole(api, each) for each in mimei] or None
        request = {"ids": ids} | ({"passphrase": passphrase} if passphrase is not None else {})
        with progress(session.output, "writing") as advance, api.stream("POST", "/export", json=request) as chunks:
            if str(file) == "-":
                written = _copy(counted(chunks, advance), sys.stdout.buffer)
            else:
                with replacing_file(file.absolute(), force=force, secret=True) as target:
                    written = _copy(counted(chunks, advance), target)
    answer = {"path": str(file), "bytes": written, "identity": with_identity}
    if str(file) != "-":
        session.show(answer, lambda output: output.line(f"{file}: {size(written)}"))


def _copy(chunks: Iterator[bytes], target: IO[bytes]) -> int:
    written = 0
    for chunk in chunks:
        target.write(chunk)
        written += len(chunk)
    target.flush()
    return written


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path))
@click.option("--data-only", is_flag=True, help="Leave the identity in the file alone.")
@click.option(
    "--replace-identity", is_flag=True, help="Be the person in the file from now on, and no longer the present one."
)
@PASSPHRASE_FILE
@pass_session
def import_(
    session: Session, file: Path, data_only: bool, replace_identity: bool, passphrase_file: Path | None
) -> None:
    """Take in what an export holds.

    What is here already gets what it lacks; versions that went separate ways are merged. A file with an identity makes
    an empty home folder that person's; a folder that has an identity keeps it, unless you say otherwise.
    """
    source = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    with source:
        pieces = iter(lambda: source.read(_CHUNK_BYTES), b"")
        if not data_only:
            pieces = _take_identity(session, pieces, passphrase_file, replace=replace_identity)
        total = None if str(file) == "-" else file.stat().st_size
        with session.api() as api, progress(session.output, "reading", total=total) as advance:
            done = api.upload("POST", "/import", counted(pieces, advance), content_type="application/vnd.ipld.car")

    def human(output: Output) -> None:
        for each in done["mimei"]:
            output.line(f"{each['id']}  {each['state']}, {count(each['versions'], 'version')}")
        output.line(f"{count(done['blocks'], 'block')}, {size(done['bytes'])}")

    session.show(done, human)


def _take_identity(
    session: Session, pieces: Iterator[bytes], passphrase_file: Path | None, *, replace: bool
) -> Iterator[bytes]:
    """Adopt the identity that the archive begins with, if any; return the archive's bytes from its start."""
    from leither.crypto import id_text, open_seed, person_key
    from leither.node.home import Home
    from leither.node.identity import SEED_BYTES, IdentityPresent, adopt_seed
    from leither.runtime import SystemRandom
    from leither.service.archive_in import sealed_identity
    from leither.store.keyfile import read_key

    seen: list[bytes] = []

    def recorded() -> Iterator[bytes]:
        for piece in pieces:
            seen.append(piece)
            yield piece

    sealed = sealed_identity(recorded())
    if sealed is not None:
        home = Home(session.settings.home)
        present = read_key(home.seed_file, size_bytes=SEED_BYTES)
        if present is not None and not replace and _known_passphrase(session, passphrase_file) is None:
            raise IdentityPresent(id_text(person_key(present).id))
        seed = open_seed(sealed, _passphrase(session, passphrase_file, twice=False))
        adopt_seed(home, seed, SystemRandom(), replace=replace)
    return chain(seen, pieces)
