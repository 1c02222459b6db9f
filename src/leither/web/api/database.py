"""Databases: commands of the Redis data model over HTTP."""

import base64
import binascii
from collections.abc import Sequence

from litestar import post
from litestar.params import JSONBody

from leither.codec import Cid
from leither.db import NIL_ARRAY, Command, Map, NilArray, Pairs, Refusal, Reply, Space, Wait, find
from leither.db.telling import tells
from leither.errors import InputError
from leither.mimei.address import CUR, Selector, parse_address
from leither.people import Act
from leither.service.catalog import authorize
from leither.service.database import Database
from leither.service.holding import Mimei, load
from leither.service.versions import default_selector
from leither.web.api.context import Caller
from leither.web.api.parameters import REF, CallerGiven, Ref
from leither.web.schema import Binary, Text
from leither.web.schema_database import CommandsDone, CommandsRequest


class BadWord(InputError):
    """A word of a command is not base64."""

    code = "bad-word"

    def __init__(self) -> None:
        super().__init__("a word given as {base64} is not standard base64 with padding; send text as it is")


_READONLY = {"error": "READONLY You can't write against a read only version."}


@post(f"{REF}/db", status_code=200, operation_id="runCommands", tags=["databases"])
async def run_commands(caller: CallerGiven, ref: Ref, data: JSONBody[CommandsRequest]) -> CommandsDone:
    """Carry out database commands in one transaction, on `cur` or, reading only, on a version.

    A refused command says so in its place and leaves the others standing. Blocking commands don't wait.
    """
    batch = [[_word(word) for word in words] for words in data.commands]
    return await caller.run(_run, caller, ref, batch)


def _run(caller: Caller, ref: str, batch: list[list[bytes]]) -> CommandsDone:
    found = [_find(words) for words in batch]
    writes = any(isinstance(command, Command) and command.declaration.writes for command in found)
    mimei, selector = _opened(caller, ref, quiet=not any(map(tells, batch)))
    version = selector if isinstance(selector, Cid) else None
    if writes and selector == CUR:
        caller.catalog.get(mimei.id, caller.principal, Act.WRITE)
    database = Database.open(caller.engines, mimei.id, version)

    def work(space: Space) -> list[object]:
        return [
            command
            if not isinstance(command, Command)
            else _carry_out(space, command, words, frozen=version is not None)
            for command, words in zip(found, batch, strict=True)
        ]

    if writes and version is None:
        return CommandsDone(database.write(work).result())
    with database.reading() as space:
        return CommandsDone(work(space))


def _opened(caller: Caller, ref: str, *, quiet: bool) -> tuple[Mimei, Selector]:
    """Return the database and the state that `ref` names. What tells nothing needs the right to write alone.

    Raises: NotAnAddress, MimeiNotFound, VersionNotFound.
    """
    address = parse_address(ref)
    with caller.engines.state.read() as view:
        mimei = load(caller.engines, view, address.id, caller.principal)
        acts = mimei.acts(caller.principal)
        if quiet and address.version in (None, CUR) and Act.WRITE in acts and Act.READ_CUR not in acts:
            return authorize(caller.principal, mimei, Act.WRITE), CUR
        selector = default_selector(mimei, caller.principal) if address.version is None else address.version
        return mimei, caller.readable(view, mimei, selector)


def _find(words: Sequence[bytes]) -> Command | dict[str, str]:
    try:
        return find(words)
    except Refusal as error:
        return {"error": str(error)}


def _carry_out(space: Space, command: Command, words: Sequence[bytes], *, frozen: bool) -> object:
    if frozen and command.declaration.writes:
        return _READONLY
    try:
        return _plain(command.run(space, words))
    except Refusal as error:
        return {"error": str(error)}


def _plain(reply: Reply) -> object:
    """Return a reply as JSON has it."""
    match reply:
        case bytes():
            return shown(reply)
        case Wait():
            return None
        case NilArray():
            assert reply is NIL_ARRAY
            return None
        case Map():
            return {"map": [[_plain(key), _plain(value)] for key, value in reply]}
        case Pairs():
            return [[_plain(key), _plain(value)] for key, value in reply]
        case list():
            return [_plain(item) for item in reply]
        case _:
            return reply


def shown(data: bytes) -> Text:
    """Return bytes as JSON has them: text, or base64 where they are none."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return Binary(base64.b64encode(data).decode())


def _word(word: Text) -> bytes:
    if isinstance(word, Binary):
        try:
            return base64.b64decode(word.base64, validate=True)
        except (binascii.Error, ValueError):
            raise BadWord from None
    return word.encode(errors="surrogatepass")


OPERATIONS = (run_commands,)
