"""Refusals, in the words that clients of Redis 7.0 know."""

from leither.db.telling import tells
from leither.people import Act
from leither.resp.command import Command
from leither.resp.reply import Failure
from leither.resp.session import Session

NO_AUTH = Failure("NOAUTH Authentication required.")
READ_ONLY = Failure("READONLY You can't write against a read only replica.")
MULTI_TOO_LONG = Failure("ERR too many commands between MULTI and EXEC; EXEC what there is, or DISCARD it")
SYNTAX = Failure("ERR syntax error")
NOT_A_NUMBER = Failure("ERR value is not an integer or out of range")
WRONG_PASSWORD = Failure("WRONGPASS invalid username-password pair or user is disabled.")
FROM_A_BROWSER = (
    "possible attack: it sent {word}, as a browser does that a web page made send commands here; none of them ran"
)
_WORDS_OF_BROWSERS = frozenset({b"post", b"host:"})
_SHOWN_BYTES = 128
_OF_NO_DATABASE = frozenset(
    b"auth hello quit reset ping echo select client command multi exec discard mm.backup mm.release".split()
)
"""What is run for the connection itself, or asks for acts of its own."""


def shown(word: bytes) -> str:
    """Return a word as error messages show it, cut as Redis cuts it."""
    return word[:_SHOWN_BYTES].decode("utf-8", "surrogateescape")


def is_from_a_browser(word: bytes) -> bool:
    """Tell whether a command's first word is one that HTTP requests hold before anything a web page can choose."""
    return word.lower() in _WORDS_OF_BROWSERS


def unknown_subcommand(container: bytes, word: bytes) -> Failure:
    """Refuse a subcommand that does not exist."""
    return Failure(f"ERR unknown subcommand '{shown(word)}'. Try {container.decode().upper()} HELP.")


def wrong_arity(name: bytes) -> Failure:
    """Refuse too few words, or too many."""
    return Failure(f"ERR wrong number of arguments for '{name.decode()}' command")


def subscribed(name: bytes) -> Failure:
    """Refuse what can't be told from messages in RESP2."""
    return Failure(
        f"ERR Can't execute '{name.decode()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
        "are allowed in this context"
    )


def not_in_multi(name: bytes) -> Failure:
    """Refuse what can't be part of a transaction."""
    if name == b"watch":
        return Failure("ERR WATCH inside MULTI is not allowed")
    if name == b"multi":
        return Failure("ERR MULTI calls can not be nested")
    return Failure("ERR Command not allowed inside a transaction")


def no_permission(session: Session, name: bytes) -> Failure:
    """Refuse what the token's scope does not allow."""
    return Failure(f"NOPERM User {session.user} has no permissions to run the '{name.decode()}' command")


def of_blind(session: Session, command: Command, words: list[bytes]) -> Failure | None:
    """Return why the session, which may not read the database, may not run a command; None if it may."""
    if command.local is not None:
        return None if command.name.partition(b"|")[0] in _OF_NO_DATABASE else no_permission(session, command.name)
    return no_permission(session, command.name) if tells(words) else None


def of_write(session: Session, name: bytes) -> Failure | None:
    """Return why the session may not change the database, or None if it may."""
    if session.read_only:
        return READ_ONLY
    return None if Act.WRITE in session.acts else no_permission(session, name)
