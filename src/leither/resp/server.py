"""The server: connections, open databases, and the turn of the loop in which everything that came runs together."""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import LeitherError
from leither.resp.brief import Brief, TooLong
from leither.resp.client import Client
from leither.resp.command import Command
from leither.resp.connection import Connection
from leither.resp.context import RedisContext
from leither.resp.execution import Database, execute, failure_of
from leither.resp.lane import Lane
from leither.resp.reply import Failure, encode
from leither.resp.session import Session, open_session
from leither.resp.table import Commands
from leither.resp.waiting import Slot
from leither.service.events import ENDED, Event

if TYPE_CHECKING:
    import ssl

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Statistics:
    """What INFO counts."""

    commands: int = 0
    failed: int = 0
    refused: int = 0
    connections: int = 0
    rejected: int = 0
    dropped: int = 0

    def reset(self) -> None:
        """Count anew."""
        self.commands = self.failed = self.refused = self.connections = self.rejected = self.dropped = 0


class Reading:
    """One turn's snapshots, one a database, opened when the first command reads. So a turn sees one moment."""

    def __init__(self, server: "RedisServer") -> None:
        self._server = server
        self._stack = ExitStack()
        self._spaces: dict[Lane, Brief] = {}

    def space(self, lane: Lane) -> Brief:
        """Return the turn's snapshot of a database's `cur`."""
        space = self._spaces.get(lane)
        if space is None:
            space = self._spaces[lane] = Brief(self._stack.enter_context(lane.database.reading()))
        return space

    def run(self, connection: Connection, command: Command, words: list[bytes]) -> None:
        """Run a command that changes nothing, here or beside the loop, and answer."""
        lane = connection.lane
        assert lane is not None
        if command.slow or lane.database.version is not None:
            self.run_beside(connection, command, words)
            return
        space = self.space(lane)
        space.renew()
        try:
            value = execute(command, space, words)
        except LeitherError as error:
            value = failure_of(error)
        except TooLong:
            self.run_beside(connection, command, words)
            return
        connection.answer(value)

    def run_beside(self, connection: Connection, command: Command, words: list[bytes]) -> None:
        """Run a command that changes nothing beside the loop; the connection's next ones wait for it."""
        lane = connection.lane
        assert lane is not None
        slot = Slot()
        connection.await_slot(slot, park=True)
        self._server.answer_beside(connection, slot, lambda: _read(lane.database, command, words))

    def close(self) -> None:
        """Let the snapshots go."""
        self._stack.close()


def _read(database: Database, command: Command, words: list[bytes]) -> object:
    with database.reading() as space:
        return execute(command, space, words)


class RedisServer:
    """All of the Redis front door. Everything but the work given to `beside` runs in the loop's thread."""

    def __init__(self, context: RedisContext, loop: asyncio.AbstractEventLoop) -> None:
        self.context = context
        self.loop = loop
        self.commands = Commands()
        self.stats = Statistics()
        self.connections: set[Connection] = set()
        self.lanes: dict[tuple[MimeiId, Cid | None], Lane] = {}
        self.sending: set[Connection] = set()
        self.started_ms = context.engines.clock.now_ms()
        self._ready: dict[Connection, None] = {}
        self._scheduled = False
        self._held: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(limits.REDIS_THREADS_MAX, thread_name_prefix="leither-redis")
        self._listening: list[asyncio.AbstractServer] = []
        self._last_id = 0
        self._checking: asyncio.TimerHandle | None = None
        self._watching = ExitStack()

    # Starting and stopping

    async def start(self, sockets: Sequence[socket.socket]) -> None:
        """Serve on bound sockets."""
        for each in sockets:
            self._listening.append(await self.listen(each, None))
        self._checking = self.loop.call_later(limits.REDIS_CHECK_S, self._check)
        self._watching.enter_context(self.context.engines.events.watching(self._hear))

    async def listen(self, sock: socket.socket, tls: "ssl.SSLContext | None") -> asyncio.AbstractServer:
        """Take connections on a bound socket as well, with TLS where a context is given, until it is closed."""
        bounds: dict[str, Any] = {}
        if tls is not None:
            bounds = {"ssl_handshake_timeout": limits.TLS_HANDSHAKE_S, "ssl_shutdown_timeout": limits.TLS_CLOSING_S}
        return await self.loop.create_server(lambda: Connection(self), sock=sock, ssl=tls, **bounds)

    async def stop(self) -> None:
        """Take no more connections, let what is on its way to the disk be answered, and close. Idempotent."""
        for server in self._listening:
            server.close()
        if self._checking is not None:
            self._checking.cancel()
        self._watching.close()
        for connection in list(self.connections):
            connection.close_after_replies()
        self.flush()
        for _ in range(limits.STOP_S * 100):
            if all(lane.idle for lane in self.lanes.values()):
                break
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.drop("the node stops")
        self._threads.shutdown(wait=False, cancel_futures=True)

    # One turn

    def wake(self, connection: Connection) -> None:
        """Have `connection` looked at in the next turn."""
        self._ready[connection] = None
        self.schedule()

    def schedule(self) -> None:
        """Have a turn soon."""
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        ready, self._ready = self._ready, {}
        reading = Reading(self)
        try:
            for connection in ready:
                try:
                    connection.process(reading)
                except Exception:
                    # A fault of ours ends the connection that met it, and no other.
                    _LOG.exception("redis client %d met a fault", connection.client.id)
                    connection.drop("a fault in the server")
        finally:
            reading.close()
        for lane in self.lanes.values():
            lane.submit()
        self.flush()

    def _flush_and_go_on(self) -> None:
        self.flush()
        self.schedule()

    def flush(self) -> None:
        """Send every reply that is there."""
        sending, self.sending = self.sending, set()
        for connection in sending:
            connection.flush()

    # Beside the loop

    def beside(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Run `work`, which may wait for the disk and raises nothing, in a thread; hand its value to `done`."""

        def finished(future: "Future[T]") -> None:
            try:
                self.loop.call_soon_threadsafe(settle, future)
            except RuntimeError:
                # The loop has closed; nobody is left to answer.
                return

        def settle(future: "Future[T]") -> None:
            done(future.result())
            self.flush()

        self._threads.submit(work).add_done_callback(finished)

    def answer_beside(self, connection: Connection, slot: Slot, work: Callable[[], object]) -> None:
        """Run `work` in a thread, and give its value, or its error, as the reply in `slot`."""

        def run() -> bytes:
            try:
                return encode(work(), connection.resp)
            except Exception as error:
                return encode(failure_of(error), connection.resp)

        self.beside(run, lambda reply: connection.settle(slot, reply))

    # Connections

    def describe(self) -> Client:
        """Return the particulars of a new connection."""
        self._last_id += 1
        now = self.loop.time()
        return Client(self._last_id, now, active=now)

    def connected(self, connection: Connection) -> None:
        """Take a connection in, unless there are too many."""
        self.stats.connections += 1
        if len(self.connections) >= limits.REDIS_CONNECTIONS_MAX:
            self.stats.rejected += 1
            connection.answer(Failure("ERR max number of clients reached"))
            connection.close_after_replies()
            connection.flush()
            return
        self.connections.add(connection)
        self.loop.call_later(limits.REDIS_GREETING_S, self._expect_greeting, connection)

    def _expect_greeting(self, connection: Connection) -> None:
        if connection.session is None and connection.transport is not None:
            connection.drop("it did not say who it is")

    def disconnected(self, connection: Connection) -> None:
        """Forget a connection."""
        self.connections.discard(connection)
        self.sending.discard(connection)
        self.hold(connection, -connection.held_bytes)
        self.leave(connection)

    def enter(self, connection: Connection, session: Session, database: Database) -> None:
        """Let a connection work with what its session opened."""
        self.hold(connection, -connection.held_bytes)
        self.leave(connection)
        key = session.mimei, session.version
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(self.loop, database, flush=self._flush_and_go_on, beside=self._threads.submit)
            shared = next((other for (mimei, _), other in self.lanes.items() if mimei == session.mimei), lane)
            lane.channels, lane.notices = shared.channels, shared.notices
        connection.session, connection.lane = session, lane
        audit = self.context.engines.audit
        connection.tallies = {kind: audit.tally(session.owner, trace) for kind, trace in session.traces.items()}
        connection.client.user = session.user
        connection.reader.request_bytes_max = limits.REDIS_REQUEST_BYTES_MAX
        lane.connections.add(connection)

    def leave(self, connection: Connection) -> None:
        """Take a connection out of the database it has open."""
        lane, session = connection.lane, connection.session
        if lane is None or session is None:
            return
        lane.leave(connection)
        connection.session = connection.lane = None
        for tally in connection.tallies.values():
            tally.ended = True
        connection.tallies = {}
        if not lane.connections and lane.idle:
            self.lanes.pop((session.mimei, session.version), None)

    def reset(self, connection: Connection) -> None:
        """Make a connection as it was when it was new."""
        connection.leave_multi()
        self.leave(connection)
        connection.reset()
        self.loop.call_later(limits.REDIS_GREETING_S, self._expect_greeting, connection)

    def dropped(self, connection: Connection, reason: str) -> None:
        """Note why a connection was ended."""
        self.stats.dropped += 1
        _LOG.warning("redis client %d (%s) dropped: %s", connection.client.id, connection.client.address, reason)

    def hold(self, connection: Connection, change_bytes: int) -> None:
        """Count bytes that a user keeps in memory; drop the connection that brings too many."""
        user = connection.session.principal.holder if connection.session is not None else ""
        connection.held_bytes += change_bytes
        self._held[user] += change_bytes
        if change_bytes > 0 and self._held[user] > limits.REDIS_USER_BYTES_MAX:
            connection.drop("its user has too much waiting to be answered")

    # Once in a while, and when rights have changed

    def _hear(self, event: Event) -> None:
        """Look at all sessions when one has ended or rights are others; at who waits when others have written.

        Called by the thread that changes something.
        """
        with suppress(RuntimeError):  # the loop has closed, and with it every connection
            if event is ENDED or event.what in ("control", "merge", "delete"):
                self.loop.call_soon_threadsafe(self._look_at_all)
            lane = self.lanes.get((event.id, None))
            if lane is not None and lane.waiting and event.what in ("change", "restore", "merge"):
                self.loop.call_soon_threadsafe(self._look_again_at, lane)

    def _look_again_at(self, lane: Lane) -> None:
        lane.look_again()
        self.schedule()

    def _check(self) -> None:
        self._checking = self.loop.call_later(limits.REDIS_CHECK_S, self._check)
        self._look_at_all()
        for lane in self.lanes.values():
            if lane.database.version is None and lane.idle:
                lane.sweep()
        self.schedule()

    def _look_at_all(self) -> None:
        seen: dict[tuple[str, str], Session | LeitherError] = {}
        for connection in list(self.connections):
            session = connection.session
            if session is not None:
                who = session.user, session.secret
                if who not in seen:
                    seen[who] = self._look_again(session)
                self._recheck(connection, session, seen[who])

    def _look_again(self, session: Session) -> Session | LeitherError:
        try:
            return open_session(self.context.engines, self.context.tokens, session.user, session.secret, noted=False)
        except LeitherError as error:
            return error

    def _recheck(self, connection: Connection, session: Session, again: Session | LeitherError) -> None:
        """End the connection if its token no longer opens what it opened; else take what it may do now."""
        if isinstance(again, LeitherError):
            connection.drop(str(again))
        elif again.mimei != session.mimei or again.read_only != session.read_only:
            connection.drop("its token opens something else now")
        elif again.acts != session.acts:
            connection.session = replace(session, acts=again.acts)


async def serve_redis(context: RedisContext, sockets: Sequence[socket.socket]) -> RedisServer:
    """Serve the Redis protocol on bound sockets in the running loop; `stop` of what is returned ends it."""
    server = RedisServer(context, asyncio.get_running_loop())
    await server.start(sockets)
    return server
