"""One open database: what waits to be written to it, who waits for its keys, who watches them, and its channels.

Changes of all connections gather while a transaction is on its way to the disk, and go together in the next one. A
reply is sent when its transaction is durable.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING

from leither import limits
from leither.db.reply import Wait
from leither.db.space import Space
from leither.errors import LeitherError
from leither.resp.batch import Outcome, run_units
from leither.resp.brief import TooLong
from leither.resp.channels import Channels
from leither.resp.command import Command
from leither.resp.execution import Database, failure_of
from leither.resp.keyspace import Notices
from leither.resp.reply import NIL_ARRAY, OK, encode
from leither.resp.sweep import Sweep
from leither.resp.waiting import Together, Unit

if TYPE_CHECKING:
    from leither.resp.connection import Connection

OK_REPLY = encode(OK, 2)


def _touch(space: Space, words: list[bytes]) -> None:
    for key in words:
        space.notify("", "", key)


_RETRY = Command(b"retry", -1, "server", "7.0.0", "Try those who wait for these keys", run=_touch, is_write=True)


class Lane:
    """The connections' way into one database. Only the event loop's thread calls it."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        database: Database,
        *,
        flush: Callable[[], None],
        beside: Callable[[Callable[[], Outcome]], Future[Outcome]],
    ) -> None:
        """Open a lane.

        Args: flush: sends the replies that are there, and has a turn soon, in which who got one may join what waits.
            beside: runs what takes long in a thread.
        """
        self.database = database
        self._beside = beside
        self.channels = Channels()
        self.notices = Notices(self.channels)
        self.connections: set[Connection] = set()
        self.waiting: dict[Unit, Wait] = {}
        self._loop = loop
        self._flush = flush
        self._units: list[Unit] = []
        self._in_flight = False
        self._tick: int | None = None
        self._sweep = Sweep()
        self._heard = False
        self._watchers: dict[bytes, set[Connection]] = {}

    # Changes

    def add(self, unit: Unit) -> None:
        """Queue a unit for the next transaction."""
        self._units.append(unit)

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way to the disk."""
        return not self._in_flight and not self._units

    def submit(self) -> None:
        """Send what is queued to the state's writer, unless a transaction is on its way; then it goes after it."""
        if self._in_flight or not self._units:
            return
        batch, self._units = self._units[: limits.REDIS_BATCH_MAX], self._units[limits.REDIS_BATCH_MAX :]
        self._in_flight = True
        together = [unit for unit in batch if type(unit) is Together]
        for unit in together:
            if unit.connection is not None:
                unit.broken = unit.connection.watch_broken
                unit.connection.unwatch()
        self._send(batch, self._done, brief=not any(unit.is_long for unit in together))

    def _send(
        self, batch: list[Unit], done: Callable[[list[Unit], Future[Outcome]], None], *, brief: bool = False
    ) -> None:
        """Have a batch run: in this thread, if it is `brief`, else beside the loop."""
        work = partial(self.database.write, partial(run_units, batch, dict(self.waiting), self._tick, brief=brief))
        try:
            future = work() if brief else self._beside(lambda: work().result())
        except LeitherError as error:
            future = Future()
            future.set_exception(error)
        future.add_done_callback(lambda done_future: self._tell(done, batch, done_future))

    def _tell(
        self, done: Callable[[list[Unit], Future[Outcome]], None], batch: list[Unit], future: Future[Outcome]
    ) -> None:
        try:
            self._loop.call_soon_threadsafe(done, batch, future)
        except RuntimeError:
            # The loop has closed with the connections; nobody is left to tell.
            return

    def _done(self, batch: list[Unit], future: Future[Outcome]) -> None:
        error = future.exception()
        if type(error) is TooLong:
            self._send(batch, self._done)
            return
        if error is not None and len(batch) > 1:
            # One of them may be too large for a quota. Alone, who fits gets in and the others hear why.
            self._alone(batch)
            return
        self._in_flight = False
        if error is None:
            self._settle(batch, future.result())
        else:
            self._fail(batch[0], error)
        self._gone_on()

    def _gone_on(self) -> None:
        """Go on after a transaction."""
        if self._heard:
            self._heard = False
            self.look_again()
        self._flush()

    def _alone(self, batch: list[Unit]) -> None:
        """Run each unit of a refused batch in a transaction of its own, one after the other."""
        first, rest = batch[0], batch[1:]

        def next_one(sent: list[Unit], future: Future[Outcome]) -> None:
            error = future.exception()
            if error is None:
                self._settle(sent, future.result())
            else:
                self._fail(sent[0], error)
            if rest:
                self._send([rest.pop(0)], next_one)
                return
            self._in_flight = False
            self._gone_on()

        self._send([first], next_one)

    def _fail(self, unit: Unit, error: BaseException) -> None:
        if unit.connection is not None:
            unit.connection.settle(unit, encode(failure_of(error), unit.resp))

    def sweep(self) -> None:
        """Have expired keys removed, a stretch of the keys a call."""
        with self.database.reading() as space:
            unit = self._sweep.unit(space)
        if unit is not None:
            self.add(unit)

    # What came of them

    def _settle(self, batch: list[Unit], outcome: Outcome) -> None:
        if self._watchers:
            self._break_watches(outcome.touched())
            if self._tick not in (None, outcome.began, outcome.tick):
                self._break_watches(set(self._watchers))
        self._tick = outcome.tick
        for unit, value in outcome.served.items():
            self._leave(unit)
            self._reply(unit, value)
        for unit, wait in outcome.waiting.items():
            if unit not in self.waiting:
                self._wait(unit, wait)
                self._heard = True  # others may have written before it waited
        answered: dict[Connection, None] = {}
        for unit, value in zip(batch, outcome.values, strict=True):
            connection = unit.connection
            if connection is None or type(value) is Wait:
                continue
            if type(unit) is Together:
                connection.settle(unit, _reply_together(unit, value))
            else:
                unit.reply = OK_REPLY if value is OK else encode(value, unit.resp)
                answered[connection] = None
        for connection in answered:
            connection.release_replies()
        self.notices.tell(outcome.changes)
        for unit in [unit for unit in self.waiting if unit.ended]:
            self._leave(unit)
            self._reply(unit, unit.ended_with)

    def _reply(self, unit: Unit, value: object) -> None:
        if unit.connection is not None:
            unit.connection.settle(unit, encode(value, unit.resp))

    # Waiting for keys

    def _wait(self, unit: Unit, wait: Wait) -> None:
        self.waiting[unit] = wait
        if unit.connection is None or unit.connection.transport is None:
            self.end_wait(unit, NIL_ARRAY)
        elif wait.timeout_s:
            unit.timer = self._loop.call_later(wait.timeout_s, self.end_wait, unit, NIL_ARRAY)

    def _leave(self, unit: Unit) -> None:
        self.waiting.pop(unit, None)
        if unit.timer is not None:
            unit.timer.cancel()
            unit.timer = None

    def end_wait(self, unit: Unit, value: object) -> None:
        """Let a unit wait no longer and reply `value`, unless the transaction on its way serves it."""
        if unit not in self.waiting or unit.ended:
            return
        unit.ended, unit.ended_with = True, value
        if not self._in_flight:
            self._leave(unit)
            self._reply(unit, value)
            self._flush()

    def look_again(self) -> None:
        """Try those that wait for keys anew, if others than this lane have changed the database."""
        if not self.waiting:
            return
        if self._in_flight:
            self._heard = True  # most likely of its own transaction; it is looked at after that
        elif self.database.tick() != self._tick:
            keys = {key for wait in self.waiting.values() for key in wait.keys}
            self.add(Unit(None, _RETRY, sorted(keys)))

    def unblock(self, client: int, value: object) -> bool:
        """Let the connection numbered `client` wait no longer; tell whether it did."""
        for unit in self.waiting:
            if unit.connection is not None and unit.connection.client.id == client and not unit.ended:
                self.end_wait(unit, value)
                return True
        return False

    # Watching keys

    def watch(self, connection: "Connection", keys: list[bytes]) -> None:
        """Mark `connection` when one of `keys` changes, or when others than this lane change the database.

        Raises: MimeiNotFound.
        """
        if not self._in_flight or self._tick is None:
            self._look()
        connection.watched.update(keys)
        for key in keys:
            self._watchers.setdefault(key, set()).add(connection)

    def unwatch(self, connection: "Connection") -> None:
        """Watch nothing for `connection` any more."""
        for key in connection.watched:
            watchers = self._watchers.get(key)
            if watchers is not None:
                watchers.discard(connection)
                if not watchers:
                    del self._watchers[key]

    def _break_watches(self, touched: set[bytes]) -> None:
        if self._watchers:
            for key in touched & self._watchers.keys():
                for connection in self._watchers[key]:
                    connection.watch_broken = True

    def _look(self) -> None:
        """See whether others changed the database. Then what is watched so far counts as changed."""
        tick = self.database.tick()
        if tick != self._tick:
            self._break_watches(set(self._watchers))
        self._tick = tick

    # Connections

    def leave(self, connection: "Connection") -> None:
        """Let a connection go: it watches and waits no more."""
        connection.unwatch()
        connection.leave_channels()
        self.connections.discard(connection)
        self.release(connection)

    def release(self, connection: "Connection") -> None:
        """Let a connection wait for nothing any more."""
        for unit in [unit for unit in self.waiting if unit.connection is connection]:
            self.end_wait(unit, NIL_ARRAY)


def _reply_together(unit: Together, values: object) -> bytes:
    """Return the reply of EXEC: an array of its steps' replies."""
    if values is None:
        return encode(NIL_ARRAY, unit.resp)
    assert isinstance(values, list)
    assert unit.connection is not None
    parts = [
        encode(value if step.command.local is None else step.command.local(unit.connection, step.words), unit.resp)
        for step, value in zip(unit.steps, values, strict=True)
    ]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))
