"""One client's connection: requests in, replies out, in order."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

from leither import limits
from leither.people.audit import Kind
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.plain import is_plain, run_plain
from leither.resp.protocol_error import ProtocolError
from leither.resp.reader import CommandReader
from leither.resp.reply import LATER, QUEUED, RESP2, RESP3, Encoded, Failure, Push, encode
from leither.resp.session import Session
from leither.resp.waiting import Slot, Step, Unit
from leither.service.audit import Tally

if TYPE_CHECKING:
    from leither.resp.lane import Lane
    from leither.resp.server import Reading, RedisServer

_SUBSCRIBED = frozenset({b"subscribe", b"unsubscribe", b"psubscribe", b"punsubscribe", b"ping", b"quit", b"reset"})


class Connection(asyncio.Protocol):
    """The state of one client. Everything here runs in the event loop's thread.

    `parked`: a reply that must come before the next command is looked at. `multi`: the steps since MULTI, or None.
    """

    def __init__(self, server: "RedisServer") -> None:
        self.server = server
        self.reader = CommandReader()
        self.queue: deque[list[bytes]] = deque()
        self.slots: deque[Slot] = deque()
        self.parked: Slot | None = None
        self.session: Session | None = None
        self.lane: Lane | None = None
        self.tallies: dict[Kind, Tally] = {}
        self.resp = RESP2
        self.multi: list[Step] | None = None
        self.multi_failed = False
        self.watched: set[bytes] = set()
        self.watch_broken = False
        self.names: dict[bytes, None] = {}
        self.patterns: dict[bytes, None] = {}
        self.client = server.describe()
        self.silent = False
        self.silent_once = 0
        self.closing = False
        self.held_bytes = 0
        self._fault: ProtocolError | None = None
        self._ended = False
        self._mark: tuple[Slot, int] | None = None
        self._out: list[bytes] = []
        self._stopped_reading = False
        self._writable = True
        self._stalled: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    # What the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport, or refuse it where there are too many."""
        # uvloop's transports are none of asyncio's classes, but do what these do.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=limits.REDIS_OUTPUT_PAUSE_BYTES)
        self.client.met(transport.get_extra_info("peername"), transport.get_extra_info("sockname"))
        self.server.connected(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget everything about the client."""
        self.closing = True
        self.transport = None
        self.queue.clear()
        if self._stalled is not None:
            self._stalled.cancel()
        self.server.disconnected(self)

    def data_received(self, data: bytes) -> None:
        """Read requests and have them run in this turn of the loop."""
        if self.closing:
            return
        self.server.hold(self, len(data))
        try:
            self.queue.extend(self.reader.feed(data))
        except ProtocolError as error:
            self.queue.extend(error.commands)
            self._fault = error
            self._stop_reading()
        if len(self.queue) > limits.REDIS_PIPELINE_MAX:
            self._stop_reading()
        self.server.wake(self)

    def eof_received(self) -> bool:
        """Answer what came before the end, then close."""
        self._ended = True
        if self.lane is not None:
            self.lane.release(self)
        self.server.wake(self)
        return True

    def pause_writing(self) -> None:
        """Let the client's commands wait until it reads its replies; drop it if it doesn't."""
        self._writable = False
        self._stop_reading()
        self._stalled = self.server.loop.call_later(limits.REDIS_STALLED_S, self.drop, "it does not read its replies")

    def resume_writing(self) -> None:
        """Go on."""
        self._writable = True
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        self.server.wake(self)

    # Running what came

    def process(self, reading: "Reading") -> None:
        """Run commands that came, until none is left, one has to wait, or others should have their turn."""
        turn = limits.REDIS_TURN_MAX
        queue, find = self.queue, self.server.commands.find
        while queue and self.parked is None and self._writable and not self.closing:
            if is_plain(self):
                turn = run_plain(self, reading, turn)
                if not queue:
                    break
            if turn <= 0:
                self.server.wake(self)
                break
            turn -= 1
            words = queue.popleft()
            if not words:
                continue
            command = find(words)
            if isinstance(command, Failure):
                if refusal.is_from_a_browser(words[0]):
                    self.drop(refusal.FROM_A_BROWSER.format(word=refusal.shown(words[0])))
                    return
                self._refuse(words, command)
            elif command.barrier and self.slots and self.multi is None:
                queue.appendleft(words)
                break
            else:
                self._run(command, words, reading)
        if not queue:
            self._drained()

    def _drained(self) -> None:
        if self._fault is not None and not self.slots and not self.closing:
            self.answer(Failure(f"ERR {self._fault}"))
            self.close_after_replies()
        elif self._ended and not self.slots:
            self.close_after_replies()
        elif self._stopped_reading and self._writable and self._fault is None and self.transport is not None:
            self._stopped_reading = False
            self.transport.resume_reading()
        if not self.slots:
            self._mark = None
            self.server.hold(self, -self.held_bytes)
        elif self._mark is None:
            # A client that never stops sending never has all its replies; what came so far is done with the last.
            self._mark = self.slots[-1], self.held_bytes

    def _run(self, command: Command, words: list[bytes], reading: "Reading") -> None:
        self.server.stats.commands += 1
        if not command.takes(len(words)):
            self._refuse(words, refusal.wrong_arity(command.name))
            return
        session = self.session
        if session is None and not command.before_auth:
            self._refuse(words, refusal.NO_AUTH)
            return
        if session is not None and command.is_write:
            refused = refusal.of_write(session, command.name)
            if refused is not None:
                if refused is not refusal.READ_ONLY:
                    self.count(Kind.DENIED, 1)
                self._refuse(words, refused)
                return
        if session is not None and session.is_blind:
            refused = refusal.of_blind(session, command, words)
            if refused is not None:
                self._refuse(words, refused)
                return
        if (self.names or self.patterns) and self.resp == RESP2 and command.name not in _SUBSCRIBED:
            self._refuse(words, refusal.subscribed(command.name))
            return
        if self.multi is not None and not command.ends_multi:
            self._queue_step(command, words)
            return
        if command.local is not None:
            value = command.local(self, words)
            if value is not LATER:
                self.answer(value)
            return
        self.count(Kind.CHANGE if command.is_write else Kind.READ, 1)
        if command.is_write or self.slots or command.waits:
            self._write(command, words)
        else:
            reading.run(self, command, words)

    def count(self, kind: Kind, deeds: int) -> None:
        """Count what the client did, for the audit."""
        tally = self.tallies.get(kind)
        if tally is not None:
            tally.count += deeds

    def _queue_step(self, command: Command, words: list[bytes]) -> None:
        assert self.multi is not None
        if not command.in_multi:
            self._refuse(words, refusal.not_in_multi(command.name))
        elif len(self.multi) >= limits.REDIS_MULTI_MAX:
            self._refuse(words, refusal.MULTI_TOO_LONG)
        else:
            self.multi.append(Step(command, words))
            self.answer(QUEUED)

    def _write(self, command: Command, words: list[bytes]) -> None:
        assert self.lane is not None
        unit = Unit(self, command, words, self.resp)
        self.await_slot(unit, park=command.waits)
        self.lane.add(unit)

    def _refuse(self, words: list[bytes], failure: Failure) -> None:
        if self.multi is not None:
            self.multi_failed = True
        self.server.stats.failed += 1
        self.answer(failure)

    # Replies

    def answer(self, value: object) -> None:
        """Send a reply in its place after those that are still awaited."""
        data = value.data if type(value) is Encoded else encode(value, self.resp)
        if self.silent or self.silent_once:
            self.silent_once = 0
            return
        if self.slots:
            self.slots.append(Slot(data))
        else:
            self._out.append(data)
            self.server.sending.add(self)

    def send(self, replies: list[bytes]) -> None:
        """Send replies; no others are awaited before them."""
        self._out += replies
        self.server.sending.add(self)

    def await_slot(self, slot: Slot, *, park: bool) -> None:
        """Keep the place of a reply that is yet to come; with `park`, look at no command before it."""
        if self.silent or self.silent_once:
            slot.silent = True
            self.silent_once = 0
        self.slots.append(slot)
        if park:
            self.parked = slot

    def settle(self, slot: Slot, reply: bytes) -> None:
        """Give an awaited reply, and go on if it was waited for."""
        slot.reply = reply
        self.release_replies()

    def release_replies(self) -> None:
        """Send the replies that are there, up to the first that is still awaited, and go on."""
        slots = self.slots
        mark = self._mark
        if self.parked is not None and self.parked.reply is not None:
            self.parked = None
        while slots and slots[0].reply is not None:
            done = slots.popleft()
            if not done.silent:
                self._out.append(done.reply or b"")
            if mark is not None and done is mark[0]:
                self._mark = None
                self.server.hold(self, -mark[1])
        self.server.sending.add(self)
        if self.queue or self._fault is not None or not slots:
            self.server.wake(self)

    def push(self, message: Push) -> None:
        """Send a message; drop the client where it has left too much unread."""
        if self.transport is None:
            return
        self._out.append(encode(message, self.resp))
        self.server.sending.add(self)

    def flush(self) -> None:
        """Hand what was answered to the socket."""
        out, transport = self._out, self.transport
        if transport is None:
            return
        if out:
            self._out = []
            transport.write(out[0] if len(out) == 1 else b"".join(out))
        if transport.get_write_buffer_size() > limits.REDIS_OUTPUT_BYTES_MAX:
            self.drop("it left more than the output limit unread")
        elif self.closing and not self.slots:
            transport.close()

    def close_after_replies(self) -> None:
        """Take no further command; close once what was answered is sent."""
        self.closing = True
        self.queue.clear()
        self._stop_reading()
        self.server.sending.add(self)

    def drop(self, reason: str) -> None:
        """End the connection now, and say why in the log."""
        self.server.dropped(self, reason)
        self.closing = True
        if self.transport is not None:
            self.transport.abort()

    def _stop_reading(self) -> None:
        if self.transport is not None and not self._stopped_reading:
            self._stopped_reading = True
            self.transport.pause_reading()

    # Transactions and sessions

    def leave_multi(self) -> None:
        """Forget MULTI and what is watched."""
        self.multi = None
        self.multi_failed = False
        self.unwatch()

    def unwatch(self) -> None:
        """Forget what is watched."""
        if self.lane is not None:
            self.lane.unwatch(self)
        self.watched = set()
        self.watch_broken = False

    def set_resp(self, resp: int) -> None:
        """Speak protocol `resp` from here on."""
        assert resp in (RESP2, RESP3)
        self.resp = resp

    def skip_next_reply(self) -> None:
        """Send no reply to the next command."""
        if not self.silent:
            self.silent_once = 1

    def reset(self) -> None:
        """Be as a new connection."""
        self.resp = RESP2
        self.silent = False
        self.silent_once = 0
        self.client.name = b""
        self.client.user = "(none)"
        self.reader.request_bytes_max = limits.REDIS_GREETING_BYTES_MAX

    def leave_channels(self) -> None:
        """Hear nothing any more."""
        if self.lane is not None:
            for name in self.names:
                self.lane.channels.remove(self, name, pattern=False)
            for name in self.patterns:
                self.lane.channels.remove(self, name, pattern=True)
        self.names = {}
        self.patterns = {}

    def line(self) -> str:
        """Return what CLIENT LIST says of this connection."""
        return self.client.line(
            self.server.loop.time(),
            resp=self.resp,
            subscriptions=len(self.names),
            patterns=len(self.patterns),
            multi=-1 if self.multi is None else len(self.multi),
            watched=len(self.watched),
        )
