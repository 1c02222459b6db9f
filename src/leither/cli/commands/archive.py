"""`leither export` and `leither import`: MiMei, or a whole node, in one file."""

import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.output import Output, count, size
from leither.cli.progress import counted, progress
from leither.cli.secret_input import PASSPHRASE_FILE, ask_passphrase, known_passphrase
from leither.cli.session import Session, pass_session
from leither.cli.unpack import replacing_file

_CHUNK_BYTES = 1 << 20


@click.command(cls=Command)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.argument("mimei", nargs=-1, metavar="[ID]...")
@click.option("--with-identity", is_flag=True, help="Add your identity, encrypted under a passphrase.")
@PASSPHRASE_FILE
@click.option("--everyone", is_flag=True, help="Add what is the users' of this node, but not their identities.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@pass_session
def export(
    session: Session,
    file: Path,
    mimei: tuple[str, ...],
    with_identity: bool,
    passphrase_file: Path | None,
    everyone: bool,
    force: bool,
) -> None:
    """Write MiMei, or all that are yours, to one file.

    FILE is a CAR, which IPFS programs read too; - is standard output. With your identity in it, it is all that is
    needed to go on on another machine.
    """
    passphrase = ask_passphrase(session, passphrase_file, twice=True) if with_identity else None
    with session.api() as api:
        ids = [resolve_whole(api, each) for each in mimei] or None
        request: dict[str, Any] = {"ids": ids} | ({"everyone": True} if everyone else {})
        request |= {"passphrase": passphrase} if passphrase is not None else {}
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
            state = "kept sealed, since nobody here can read it" if each["state"] == "kept" else each["state"]
            output.line(f"{each['id']}  {state}, {count(each['versions'], 'version')}")
        output.line(f"{count(done['blocks'], 'block')}, {size(done['bytes'])}")
        if any(each["state"] == "kept" for each in done["mimei"]):
            output.line("to read it here, give its author what `leither share key --private` prints, and import again")

    session.show(done, human)


def _take_identity(
    session: Session, pieces: Iterator[bytes], passphrase_file: Path | None, *, replace: bool
) -> Iterator[bytes]:
    """Adopt the identity that the archive begins with, if any; return the archive's bytes from its start."""
    from leither.crypto import id_text, open_seed, person_key
    from leither.node.home import Home
    from leither.node.identity import IdentityPresent, adopt_seed, is_locked, read_seed
    from leither.runtime import SystemRandom
    from leither.service.archive_in import sealed_identity

    seen: list[bytes] = []

    def recorded() -> Iterator[bytes]:
        for piece in pieces:
            seen.append(piece)
            yield piece

    sealed = sealed_identity(recorded())
    if sealed is not None:
        home = Home(session.settings.home)
        if home.seed_file.exists() and not replace and known_passphrase(session, passphrase_file) is None:
            present = None if is_locked(home) else read_seed(home.seed_file, None)
            raise IdentityPresent("under a passphrase" if present is None else id_text(person_key(present).id))
        seed = open_seed(sealed, ask_passphrase(session, passphrase_file, twice=False))
        adopt_seed(home, seed, SystemRandom(), replace=replace, unlock=session.passphrase)
    return chain(seen, pieces)
