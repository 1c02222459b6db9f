"""`leither identity`: who you are, and how you come back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from leither.cli.command import Group
from leither.cli.output import Output, count, size
from leither.cli.progress import counted, progress
from leither.cli.secret_input import ask_line, ask_new_passphrase
from leither.cli.session import Session, pass_session
from leither.errors import CorruptionError, DeniedError

if TYPE_CHECKING:
    from leither.node.home import Home
    from leither.service.archive_in import Imported

_CHUNK_BYTES = 1 << 20


class WordsNotShown(DeniedError):
    """Nobody confirmed that the recovery words be shown."""

    code = "words-not-shown"

    def __init__(self) -> None:
        super().__init__(
            "whoever reads the recovery words is you from then on, so they are shown on a terminal that somebody "
            "answers at, or with --yes"
        )


class NotRecovered(CorruptionError):
    """What came with the words does not belong to them."""

    code = "not-recovered"

    def __init__(self, person: str) -> None:
        self.person = person
        super().__init__(
            f"these are the words of {person}, and the file holds nothing that this person made; "
            "check the words, and that it is the right file; the identity is in place"
        )


@click.group(cls=Group)
def identity() -> None:
    """Who you are: recovery words, passphrase, a new key, coming back."""


def _home(session: Session) -> Home:
    from leither.node.home import Home

    return Home(session.settings.home)


@identity.command()
@pass_session
def show(session: Session) -> None:
    """Show your ids, and what your index names."""
    with session.api() as api:
        found = api.get("/identity")
    if found["passphrase"] is None and session.at is None:
        from leither.node.identity import is_locked

        found["passphrase"] = is_locked(_home(session))
    said = {True: "set", False: "none", None: None}[found["passphrase"]]

    def human(output: Output) -> None:
        output.fields(
            [
                ("person", found["person"]),
                ("key", found["key"]),
                ("formerly", ", ".join(found["former"]) or None),
                ("node", found["node"]),
                ("index", found["index"]),
                ("passphrase", said),
            ]
        )
        _show_listed(output, found["mimei"])

    session.show(found, human)


def _show_listed(output: Output, listed: list[dict[str, Any]]) -> None:
    rows = [(one["id"], one["type"], one["app"], one["mark"], "here" if one["held"] else "missing") for one in listed]
    output.table(("id", "type", "app", "mark", "held"), rows, empty="your index names nothing")


@identity.command()
@click.option("--yes", is_flag=True, help="Show them without asking.")
@pass_session
def words(session: Session, yes: bool) -> None:
    """Show your 24 recovery words.

    They bring your ids back on an empty machine, and whoever reads them is you. Write them down where nobody looks.
    """
    if not yes:
        if not sys.stdin.isatty() or session.json:
            raise WordsNotShown
        click.confirm("Whoever reads the words is you. Show them here?", abort=True, err=True)
    from leither.crypto import write_phrase
    from leither.node.identity import IdentityMissing, read_seed

    home = _home(session)
    seed = read_seed(home.seed_file, session.passphrase)
    if seed is None:
        raise IdentityMissing(str(home.seed_file))
    phrase = write_phrase(seed)
    session.show({"words": phrase}, lambda output: _show_words(output, phrase))


def _show_words(output: Output, phrase: str) -> None:
    for number, word in enumerate(phrase.split(), start=1):
        output.line(f"{number:>2}  {word}")


@identity.command()
@click.option("--remove", is_flag=True, help="Keep the identity in clear again.")
@click.option(
    "--new-passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the new passphrase from the first line of a file, instead of the keyboard or standard input.",
)
@pass_session
def passphrase(session: Session, remove: bool, new_passphrase_file: Path | None) -> None:
    """Encrypt your identity under a passphrase, or change it. The node must not be running.

    From then on `leither up` asks for it, or takes it from LEITHER_PASSPHRASE. Users have passphrases of their own:
    `leither user passphrase`.
    """
    from leither.node.identity import set_passphrase
    from leither.runtime import SystemRandom

    if remove and new_passphrase_file is not None:
        raise click.UsageError("either --remove, or a new passphrase")
    chosen = None if remove else ask_new_passphrase(new_passphrase_file, "New passphrase")
    set_passphrase(_home(session), SystemRandom(), chosen, session.passphrase)
    done = "the identity is under the new passphrase" if chosen is not None else "the identity is in clear"
    session.show({"passphrase": chosen is not None}, lambda output: output.line(done))


@identity.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def rotate(session: Session, yes: bool) -> None:
    """Let a new key take the place of yours, with new recovery words. The node must not be running.

    What you made stays yours, under the ids it has, and is signed for with the new key: where that is known, nothing
    counts any more that is signed with the old one. Your old words bring nothing back; write down the new ones.
    """
    if not yes:
        click.confirm("Take a new key, and new recovery words?", abort=True, err=True)
    from leither.crypto import id_text, person_key
    from leither.node import Node
    from leither.node import identity as identities
    from leither.runtime import SystemClock, SystemRandom

    old, seed = identities.rotate(_home(session), SystemRandom(), SystemClock(), session.passphrase)
    with Node.open(session.settings, listening=False, passphrase=session.passphrase):
        pass  # opened once, it has signed anew for what was made
    answer = {"person": id_text(person_key(seed).id), "former": old}

    def human(output: Output) -> None:
        output.fields([("person", answer["person"]), ("formerly", answer["former"])])
        output.notice("write down the new recovery words: `leither identity words` shows them")

    session.show(answer, human)


@identity.command()
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="An export of yours, to have your data back as well.",
)
@click.option(
    "--from-node", "address", metavar="ADDRESS", help="A node that you were paired with, to have it back from."
)
@pass_session
def recover(session: Session, file: Path | None, address: str | None) -> None:
    """Be yourself again on an empty machine, from your 24 recovery words.

    The words are asked for, or read as a line from standard input. Your ids come back from them alone; your data comes
    from an export, which needs no passphrase then, or from a node that you were paired with.
    """
    if file is not None and address is not None:
        raise click.UsageError("either --from or --from-node")
    from leither.crypto import id_text, person_key, read_phrase
    from leither.node.identity import adopt_seed
    from leither.runtime import SystemRandom

    seed = read_phrase(ask_line("Your 24 recovery words"))
    home = _home(session)
    adopt_seed(home, seed, SystemRandom(), replace=False, unlock=session.passphrase)
    answer: dict[str, Any] = {
        "person": id_text(person_key(seed).id),
        "blocks": 0,
        "bytes": 0,
        "former": [],
        "mimei": [],
    }
    if file is not None:
        answer |= _restore(session, file, answer["person"])
    if address is not None:
        answer |= _bring_back(session, address)

    def human(output: Output) -> None:
        output.fields([("person", answer["person"]), ("formerly", ", ".join(answer["former"]) or None)])
        if file is not None:
            output.line(f"{count(answer['blocks'], 'block')}, {size(answer['bytes'])}")
        if file is not None or address is not None:
            _show_listed(output, answer["mimei"])

    session.show(answer, human)


def _restore(session: Session, file: Path, person: str) -> dict[str, Any]:
    """Take in an export of the person's; return what it brought."""
    done, is_named = _take_in(session, file)
    if not is_named:
        raise NotRecovered(person)
    if any(one.state == "kept" for one in done.mimei):
        _take_in(session, file)  # what is private and was made under a former key opens now that the index is here
    with session.api() as api:
        found = api.get("/identity")
    return {"blocks": done.blocks, "bytes": done.bytes, "former": found["former"], "mimei": found["mimei"]}


def _take_in(session: Session, file: Path) -> tuple[Imported, bool]:
    """Import an export; return what came, and whether the person's index names anything."""
    from leither.node import Node
    from leither.service.archive_in import import_car
    from leither.service.person_index import former_keys, listed

    with (
        file.open("rb") as source,
        progress(session.output, "reading", total=file.stat().st_size) as advance,
        Node.open(session.settings, listening=False, passphrase=session.passphrase) as node,
    ):
        pieces = iter(lambda: source.read(_CHUNK_BYTES), b"")
        done = import_car(node.engines, counted(pieces, advance))
        return done, bool(listed(node.engines, None) or former_keys(node.engines, node.engines.identity.seed))


def _bring_back(session: Session, address: str) -> dict[str, Any]:
    """Bring back what a paired node keeps, the index first: former keys stand in it. Return what came."""
    from leither.node.returning import Returning

    with Returning.open(session.settings, address, session.passphrase) as first:
        first.bring_index()
    with Returning.open(session.settings, address, session.passphrase) as rest:
        total = len(rest.kept)
        with progress(session.output, "bringing back", total=total) as advance:
            for _ in rest.bring_all():
                advance(1)
    with session.api() as api:
        found = api.get("/identity")
    return {"former": found["former"], "mimei": found["mimei"]}
