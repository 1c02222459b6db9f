"""Who did what on a node: counted in memory beside the requests, and written a few seconds later in one change.

What must not be lost to a kill, such as a change of rights, is written with that change itself.

A front door that does a lot at once counts by itself, in a `Tally`, which is looked at whenever is written.
"""

import threading
from collections import Counter, deque
from collections.abc import Callable, Sequence

from leither import limits
from leither.crypto import KeyId, key_id
from leither.people import Act, Front, Principal
from leither.people.audit import HOUR_MS, Entry, Kind, Trace, is_theirs, several, trace_of
from leither.people.right import act_names
from leither.ports import Clock, State, Transaction
from leither.service.audit_rows import put_entries, read_audit
from leither.service.granted import Granted

Owner = KeyId | None
_Waiting = dict[tuple[Owner, int, Trace], Entry]


class Tally:
    """A count that one thread raises and nobody lowers. `ended`: whether it is raised no more."""

    __slots__ = ("_taken", "count", "ended", "owner", "trace")

    def __init__(self, owner: Owner, trace: Trace) -> None:
        self.owner = owner
        self.trace = trace
        self.count = 0
        self.ended = False
        self._taken = 0

    def take(self) -> int:
        """Return by how much it was raised since this was asked last."""
        count = self.count
        new, self._taken = count - self._taken, count
        return new


class Audit:
    """The audits of one node. Thread-safe. `wake` is called when there begins to be something to write."""

    def __init__(self, state: State, clock: Clock, granted: Granted) -> None:
        self._state = state
        self._clock = clock
        self._granted = granted
        self._waiting: _Waiting = {}
        self._of_one: Counter[tuple[Owner, tuple[str, bytes]]] = Counter()
        self._tallies: list[Tally] = []
        self._denied: deque[tuple[int, Owner, Principal, bytes, Act]] = deque()
        self._denied_more: Counter[tuple[Owner, Trace]] = Counter()
        self._guard = threading.Lock()
        self._writing = threading.Lock()
        self.wake: Callable[[], object] = _nobody_writes

    def trace(
        self, principal: Principal | None, kind: Kind, owner: Owner, *, mimei: bytes = b"", basis: str = ""
    ) -> Trace | None:
        """Return what is to be noted in the audit of `owner`; None of what the node does of itself."""
        asking = principal.asking if principal is not None else None
        if principal is None or asking is None:
            return None
        return trace_of(
            principal,
            asking,
            kind,
            own=is_theirs(principal, owner),
            mimei=mimei,
            basis=basis,
            stranger=self.is_stranger(principal.keys),
        )

    def is_stranger(self, keys: Sequence[bytes]) -> bool:
        """Tell whether somebody has shown a key, and nothing here was ever granted to any of these whole keys."""
        return bool(keys) and not any(self._granted.held(key_id(key)) for key in keys)

    def note(self, owner: Owner, trace: Trace) -> None:
        """Remember a deed, without waiting for the disk. Cost: a few microseconds."""
        now_ms = self._clock.now_ms()
        with self._guard:
            first = not self._waiting
            self._add(owner, Entry(now_ms, now_ms, 1, trace))
        if first:
            self.wake()

    def note_denied(self, owner: Owner, principal: Principal, mimei: bytes, asked: Act) -> None:
        """Remember that somebody was denied something.

        Cost: under a microsecond, and the rest when it is written: the time that an answer takes must not tell that
        there is something to be denied.
        """
        if len(self._denied) >= limits.AUDIT_WAITING_MAX:
            front = principal.asking.front if principal.asking is not None else Front.NODE
            self._denied_more[owner, several(Kind.DENIED, front)] += 1
            return
        self._denied.append((self._clock.now_ms(), owner, principal, mimei, asked))
        if len(self._denied) == 1:
            self.wake()

    def _add_denied(self) -> None:
        for _ in range(len(self._denied)):
            at_ms, owner, principal, mimei, asked = self._denied.popleft()
            trace = self.trace(principal, Kind.DENIED, owner, mimei=mimei, basis=act_names(asked))
            if trace is not None:
                self._add(owner, Entry(at_ms, at_ms, 1, trace))
        more, self._denied_more = self._denied_more, Counter()
        now_ms = self._clock.now_ms()
        for (owner, trace), count in more.items():
            self._add(owner, Entry(now_ms, now_ms, count, trace))

    def _add(self, owner: Owner, entry: Entry) -> None:
        hour, trace = entry.first_ms // HOUR_MS, entry.trace
        held = self._waiting.get((owner, hour, trace))
        if held is None:
            bucket = (owner, trace.bucket)
            if (
                len(self._waiting) >= limits.AUDIT_WAITING_MAX
                or self._of_one[bucket] >= limits.AUDIT_WAITING_OF_ONE_MAX
            ):
                trace = several(trace.kind, trace.front)
                held = self._waiting.get((owner, hour, trace))
                entry = Entry(entry.first_ms, entry.last_ms, entry.count, trace)
            else:
                self._of_one[bucket] += 1
        self._waiting[owner, hour, trace] = entry if held is None else held.joined(entry)

    def tally(self, owner: Owner, trace: Trace) -> Tally:
        """Return a count for a front door to raise, until it says that it has ended."""
        made = Tally(owner, trace)
        with self._guard:
            self._tallies.append(made)
        self.wake()
        return made

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits, and nothing comes to wait without `wake` being called."""
        return not self._waiting and not self._tallies and not self._denied

    def add(
        self,
        transaction: Transaction,
        principal: Principal | None,
        kind: Kind,
        owner: Owner,
        *,
        mimei: bytes = b"",
        basis: str = "",
    ) -> None:
        """Write a deed with the change that it is; nothing of what the node does of itself."""
        trace = self.trace(principal, kind, owner, mimei=mimei, basis=basis)
        if trace is not None:
            now_ms = self._clock.now_ms()
            put_entries(transaction, owner, [Entry(now_ms, now_ms, 1, trace)], now_ms)

    def write(self) -> None:
        """Write what waits, if anything does. What can't be written goes on waiting. Raises: StoreFull."""
        now_ms = self._clock.now_ms()
        with self._writing:
            waiting = self._take(now_ms)
            if not waiting:
                return
            entries: dict[Owner, list[Entry]] = {}
            for (owner, _, _), entry in waiting.items():
                entries.setdefault(owner, []).append(entry)

            def put(transaction: Transaction) -> None:
                for owner, theirs in entries.items():
                    put_entries(transaction, owner, theirs, now_ms)

            try:
                self._state.write(put)
            except BaseException:
                with self._guard:
                    for (owner, _, _), entry in waiting.items():
                        self._add(owner, entry)
                raise

    def _take(self, now_ms: int) -> _Waiting:
        with self._guard:
            self._add_denied()
            going = []
            for tally in self._tallies:
                if not tally.ended:  # looked at before the count, so that none comes after it
                    going.append(tally)
                count = tally.take()
                if count:
                    self._add(tally.owner, Entry(now_ms, now_ms, count, tally.trace))
            self._tallies = going
            waiting, self._waiting = self._waiting, {}
            self._of_one.clear()
        return waiting

    def read(self, owner: Owner, *, since_ms: int = 0) -> list[Entry]:
        """Return a person's entries, the newest first, with all that was done until now. Raises: StoreFull."""
        self.write()
        with self._state.read() as view:
            found = [entry for entry in read_audit(view, owner, since_ms=since_ms) if entry.last_ms >= since_ms]
        return sorted(found, key=lambda entry: (entry.last_ms, entry.first_ms), reverse=True)


def _nobody_writes() -> None:
    """What waits is written when it is read, as on a node that one command has opened."""
