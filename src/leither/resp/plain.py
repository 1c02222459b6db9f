"""The many commands that just run: what `Connection` asks of every command is answered once for a row of them."""

from typing import TYPE_CHECKING

from leither import limits
from leither.errors import LeitherError
from leither.people import Act
from leither.people.audit import Kind
from leither.resp.brief import Brief, TooLong
from leither.resp.execution import failure_of
from leither.resp.reply import RESP2, encode
from leither.resp.waiting import Unit

if TYPE_CHECKING:
    from leither.resp.connection import Connection
    from leither.resp.server import Reading


def is_plain(connection: "Connection") -> bool:
    """Tell whether a command on keys of `cur` just runs: nothing was begun that would make it something else."""
    return (
        connection.session is not None
        and connection.session.version is None
        and not connection.session.is_blind
        and connection.multi is None
        and not connection.silent
        and not connection.silent_once
        and not (connection.resp == RESP2 and (connection.names or connection.patterns))
    )


def run_plain(connection: "Connection", reading: "Reading", turn: int) -> int:
    """Run the usual commands at the head of a plain connection's queue; return what is left of its turn."""
    session, lane, queue = connection.session, connection.lane, connection.queue
    assert session is not None
    assert lane is not None
    by_name, slots, resp = connection.server.commands.by_name, connection.slots, connection.resp
    may_write = Act.WRITE in session.acts
    space: Brief | None = None
    out: list[bytes] = []
    done = written = 0
    while queue and done < turn:
        words = queue[0]
        command = by_name.get(words[0]) if words else None
        if command is None or not command.usual or (command.is_write and not may_write):
            break
        count, arity = len(words), command.arity
        if (count != arity if arity > 0 else count < -arity) or max(map(len, words)) > limits.DB_KEY_BYTES_MAX:
            break
        queue.popleft()
        done += 1
        if command.is_write or slots:
            written += command.is_write
            unit = Unit(connection, command, words, resp)
            slots.append(unit)
            lane.add(unit)
            continue
        if space is None:
            space = reading.space(lane)
        space.renew()
        try:
            value = command.run(space, words)  # type: ignore[misc]
        except LeitherError as error:
            value = failure_of(error)
        except TooLong:
            connection.send(out)
            out = []
            reading.run_beside(connection, command, words)
            break
        out.append(encode(value, resp))
    if done:
        connection.server.stats.commands += done
        connection.count(Kind.CHANGE, written)
        connection.count(Kind.READ, done - written)
        connection.send(out)
    return turn - done
