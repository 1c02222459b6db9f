"""The program `leither`: its commands, and how it ends."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from leither import __version__
from leither.cli import failure
from leither.cli.command import LazyGroup, PipeClosed
from leither.cli.session import Session
from leither.errors import LeitherError

COMMANDS = {
    "up": ("up:up", "Start the node here, in the foreground."),
    "status": ("status:status", "Show the node: identity, addresses, what it holds."),
    "link": ("link:link", "Make a one-time link that signs a browser in."),
    "lan": ("lan:lan", "Show how other machines reach the node; have them trust it."),
    "network": ("network:network", "Show how far the node speaks with others; switch it."),
    "peers": ("peers:peers", "List the nodes this one is connected with; choose some."),
    "pair": ("pair:pair", "Pair with another node, by a code; each keeps what the other has."),
    "backup-status": (
        "backup_status:backup_status",
        "Show where copies of yours are and how old, and what is kept for others.",
    ),
    "where": ("backup_status:where", "Show which nodes hold a MiMei, and how old that is."),
    "traffic": ("backup_status:traffic", "Show what went to and came from other nodes of late."),
    "follow": ("follow:follow", "Bring a MiMei here and keep it up to date; without ID, list what is followed."),
    "unfollow": ("follow:unfollow", "Bring a MiMei up to date no more. What is here of it stays."),
    "app": ("app:app", "Publish a folder as an app, list apps."),
    "get": ("get:get", "Bring a MiMei here from other nodes, or up to date, by its id."),
    "mm": ("mm:mm", "Make MiMei; read and write what is in them."),
    "db": ("db:db", "Run a Redis command on a database, or on a version of it."),
    "backup": ("versions:backup", "Keep the working copy as a new version."),
    "release": ("versions:release", "Choose the version that readers get."),
    "restore": ("versions:restore", "Make the working copy equal a version."),
    "discard": ("versions:discard", "Drop the unsaved changes."),
    "fork": ("versions:fork", "Make a new MiMei that goes on from a version."),
    "log": ("history:log", "List the versions."),
    "diff": ("history:diff", "Show what differs between two versions."),
    "merge": ("history:merge", "Join versions that went separate ways."),
    "conflicts": ("history:conflicts", "Show what a merge set aside, take it back."),
    "split": ("versions:split", "Turn a folder into a MiMei of its own, referred to from its place."),
    "delete-versions": ("versions:delete_versions", "Forget a range of old versions."),
    "ref": ("ref:ref", "References from one MiMei to others."),
    "tag": ("tag:tag", "Tags, and finding MiMei by them."),
    "right": ("right:right", "Who else may do what with a MiMei."),
    "share": ("share:share", "Let somebody do something with a MiMei, by their key."),
    "passport": ("visit:passport", "Make a passport by which you enter a friend's node."),
    "visit": ("visit:visit", "Sign in at a friend's node."),
    "quota": ("right:quota", "How much a MiMei may hold."),
    "kept": ("kept:kept", "What you keep sealed for others: private MiMei that nobody here can read."),
    "identity": ("identity:identity", "Who you are: recovery words, passphrase, a new key, coming back."),
    "device": ("device:device", "The machines that act for you; revoke one that was lost."),
    "user": ("user:user", "Share this node: invite people, see who is here, let them go."),
    "receipt": ("receipt:receipt", "What a node has signed when it deleted all that was somebody's."),
    "session": ("session:session", "Which browsers are signed in; end some."),
    "passkey": ("passkey:passkey", "Which passkeys sign you in; rename and remove them."),
    "audit": ("audit:audit", "Show who did what with what is yours, and where you signed in."),
    "token": ("token:token", "Tokens for programs that use this node."),
    "export": ("archive:export", "Write MiMei, or all that are yours, to one file."),
    "import": ("archive:import_", "Take in what an export holds."),
    "verify": ("upkeep:verify", "Read everything stored and name what is damaged."),
    "gc": ("upkeep:gc", "Give back the space of what nothing refers to."),
    "config": ("config:config", "Show the settings and where each comes from; change one."),
    "completion": ("completion:completion", "Print a script that completes commands in your shell."),
}

_EPILOG = (
    "A MiMei is named by its id, the beginning of its id, or its mark; a version by @cur, @last, @release, @N or @CID."
)


@click.group(
    cls=LazyGroup,
    table=COMMANDS,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="leither %(version)s")
def leither() -> None:
    """A personal cloud that you run yourself."""


def run(arguments: Sequence[str], *, session: Session | None = None) -> int:
    """Run one command line and return the status to end with. Raises nothing that a user could cause."""
    as_json = "--json" in arguments
    try:
        result = leither.main(list(arguments), prog_name="leither", standalone_mode=False, obj=session or Session())
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return failure.USAGE
    except click.ClickException as error:
        if not as_json:
            error.show()
        else:
            failure.say({"code": "usage", "detail": error.format_message()}, as_json=True)
        return failure.USAGE
    except LeitherError as error:
        return failure.report(error, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        print(file=sys.stderr)
        return failure.INTERRUPTED
    except (PipeClosed, BrokenPipeError):
        # What is left in the buffer has nowhere to go, and the interpreter would try once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return failure.PIPE_CLOSED
    except Exception as error:
        return _unexpected(error, as_json=as_json)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception, *, as_json: bool) -> int:
    if os.environ.get("LEITHER_DEBUG"):
        raise error
    reason = f"{type(error).__name__}: {error}" if not isinstance(error, OSError) else _system(error)
    hint = "" if isinstance(error, OSError) else "; this is a fault of the program: set LEITHER_DEBUG=1 to see where"
    failure.say({"code": "unexpected", "detail": reason + hint}, as_json=as_json)
    return failure.UNEXPECTED


def _system(error: OSError) -> str:
    return f"{error.filename}: {error.strerror}" if error.filename else str(error)


def main() -> NoReturn:
    """Run the program on its command line and end it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal's encoding lacks must not stop a listing
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
