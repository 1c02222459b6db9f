"""What every `State` adapter must do."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from leither import limits
from leither.ports import State, Transaction, View, prefix_end
from leither.store.lock import StoreClosed
from leither.store.state_bounds import StateKeyEmpty, StateKeyTooLong, StateValueTooLong
from leither.testing.suites.expect import raised


def set_all(state: State, entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Set entries durably in one change."""
    wanted = list(entries)

    def change(transaction: Transaction) -> None:
        for key, value in wanted:
            transaction.put(key, value)

    state.write(change)


def get(state: State, key: bytes) -> bytes | None:
    """Return what is committed under `key`."""
    with state.read() as view:
        return view.get(key)


def delete(state: State, key: bytes) -> bool:
    """Remove `key` durably; tell whether it was there."""
    return state.write(lambda transaction: transaction.delete(key))


def append(state: State, number: int) -> Future[None]:
    """Submit a change that appends `number` to a list."""

    def change(transaction: Transaction) -> None:
        transaction.put(b"list", (transaction.get(b"list") or b"") + b"%d," % number)

    return state.submit(change)


def keys(view: View, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False) -> list[bytes]:
    """Return the keys of a scan."""
    return [key for key, _ in view.scan(start, stop, reverse=reverse)]


class StateSuite:
    """Derive and define `make`. Where states outlive their process set `durable`."""

    durable = False

    def make(self, directory: Path) -> State:
        """Open the state of `directory`, which is empty the first time."""
        raise NotImplementedError

    def test_a_change_is_read_back(self, tmp_path: Path) -> None:
        """A change is read back."""
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"key", b"value")])
            assert get(state, b"key") == b"value"
            assert get(state, b"other") is None
            assert get(state, b"") is None

    def test_a_change_returns_its_result(self, tmp_path: Path) -> None:
        """A change returns its result."""
        with closing(self.make(tmp_path)) as state:
            assert state.write(lambda transaction: transaction.delete(b"absent")) is False
            assert state.submit(lambda _: 7).result() == 7

    def test_a_change_reads_what_it_wrote(self, tmp_path: Path) -> None:
        """A change reads what it wrote."""

        def change(transaction: Transaction) -> tuple[bytes | None, list[bytes], bool, bytes | None]:
            transaction.put(b"b", b"1")
            transaction.put(b"a", b"2")
            seen = transaction.get(b"a"), keys(transaction)
            return (*seen, transaction.delete(b"a"), transaction.get(b"a"))

        with closing(self.make(tmp_path)) as state:
            assert state.write(change) == (b"2", [b"a", b"b"], True, None)

    def test_a_failing_change_keeps_nothing_and_raises_here(self, tmp_path: Path) -> None:
        """A failing change keeps nothing and raises here."""

        def change(transaction: Transaction) -> None:
            transaction.put(b"kept", b"overwritten")
            transaction.put(b"new", b"value")
            transaction.delete(b"other")
            raise KeyError("mine")

        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"kept", b"1"), (b"other", b"2")])
            raised(KeyError, lambda: state.write(change))
            with state.read() as view:
                assert list(view.scan(b"")) == [(b"kept", b"1"), (b"other", b"2")]

    def test_a_failing_change_leaves_its_neighbours_alone(self, tmp_path: Path) -> None:
        """A failing change leaves its neighbours alone."""

        def change(number: int) -> int:
            return number

        with closing(self.make(tmp_path)) as state:
            waiting: list[Future[int]] = []
            for number in range(60):

                def one(transaction: Transaction, number: int = number) -> int:
                    transaction.put(b"%02d" % number, b"value")
                    if number % 3 == 0:
                        raise KeyError(number)
                    return change(number)

                waiting.append(state.submit(one))
            outcomes = [future.exception() is None for future in waiting]
            assert outcomes == [number % 3 != 0 for number in range(60)]
            with state.read() as view:
                assert keys(view) == [b"%02d" % number for number in range(60) if number % 3]

    def test_a_snapshot_does_not_change(self, tmp_path: Path) -> None:
        """A snapshot does not change."""
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"a", b"1"), (b"b", b"1")])
            with state.read() as view:
                set_all(state, [(b"a", b"2"), (b"c", b"2")])
                state.write(lambda transaction: transaction.delete(b"b"))
                assert list(view.scan(b"")) == [(b"a", b"1"), (b"b", b"1")]
                assert get(state, b"a") == b"2"

    def test_scans_are_in_byte_order_both_ways(self, tmp_path: Path) -> None:
        """Scans are in byte order both ways."""
        wanted = [b"\x00", b"\x00\x00", b"A", b"A\x00", b"AB", b"B", b"\xfe\xff", b"\xff", b"\xff\xff"]
        with closing(self.make(tmp_path)) as state:
            set_all(state, ((key, key) for key in reversed(wanted)))
            with state.read() as view:
                assert keys(view) == wanted
                assert keys(view, reverse=True) == wanted[::-1]
                assert keys(view, b"A", b"B") == [b"A", b"A\x00", b"AB"]
                assert keys(view, b"A", b"B", reverse=True) == [b"AB", b"A\x00", b"A"]
                assert keys(view, b"\xff") == [b"\xff", b"\xff\xff"]
                assert keys(view, b"B", b"A") == []
                assert keys(view, b"A", prefix_end(b"A")) == [b"A", b"A\x00", b"AB"]

    def test_long_keys_keep_byte_order(self, tmp_path: Path) -> None:
        """Long keys keep byte order."""
        sizes = (1, 509, 510, 511, 512, 1013, 1014, 1015, 1517, limits.STATE_KEY_BYTES_MAX - 1)
        wanted = sorted({b"k" * size + tail for size in sizes for tail in (b"", b"\x00", b"a", b"z")})
        with closing(self.make(tmp_path)) as state:
            set_all(state, ((key, b"%d" % len(key)) for key in reversed(wanted)))
            with state.read() as view:
                assert keys(view) == wanted
                assert keys(view, reverse=True) == wanted[::-1]
                assert all(view.get(key) == b"%d" % len(key) for key in wanted)
                for low, high in ((3, 20), (8, 9), (10, 30), (len(wanted) - 3, len(wanted) - 1)):
                    assert keys(view, wanted[low], wanted[high]) == wanted[low:high]
                    assert keys(view, wanted[low], wanted[high], reverse=True) == wanted[low:high][::-1]

    def test_long_keys_are_deleted_alone(self, tmp_path: Path) -> None:
        """Long keys are deleted alone."""
        wanted = [b"k" * 510, b"k" * 511, b"k" * 512, b"k" * 2000, b"k" * 2000 + b"z"]
        with closing(self.make(tmp_path)) as state:
            set_all(state, ((key, b"") for key in wanted))
            assert not delete(state, b"k" * 513)
            assert not delete(state, b"x" * 2000)
            for key in (wanted[3], wanted[1]):
                assert delete(state, key)
                assert not delete(state, key)
                wanted.remove(key)
                with state.read() as view:
                    assert keys(view) == wanted
            for key in wanted:
                delete(state, key)
            with state.read() as view:
                assert keys(view) == []

    def test_values_of_any_size_read_back(self, tmp_path: Path) -> None:
        """Values of any size read back."""
        values = {b"%d" % size: b"v" * size for size in (0, 1, 4080, 4081, 100_000, 3_000_000)}
        with closing(self.make(tmp_path)) as state:
            set_all(state, values.items())
            with state.read() as view:
                assert dict(view.scan(b"")) == values

    def test_keys_and_values_past_their_bounds_are_refused(self, tmp_path: Path) -> None:
        """Keys and values past their bounds are refused."""
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"k" * limits.STATE_KEY_BYTES_MAX, b"fits")])
            raised(StateKeyEmpty, lambda: set_all(state, [(b"", b"")]))
            raised(StateKeyTooLong, lambda: set_all(state, [(b"k" * (limits.STATE_KEY_BYTES_MAX + 1), b"")]))
            too_long = bytes(limits.STATE_VALUE_BYTES_MAX + 1)
            raised(StateValueTooLong, lambda: set_all(state, [(b"k", too_long)]))
            with state.read() as view:
                assert keys(view) == [b"k" * limits.STATE_KEY_BYTES_MAX]

    def test_a_scan_may_delete_what_it_visits(self, tmp_path: Path) -> None:
        """A scan may delete what it visits."""
        wanted = [b"%03d" % number for number in range(300)] + [b"k" * 600, b"k" * 600 + b"z"]

        def clear(transaction: Transaction) -> int:
            return sum(transaction.delete(key) for key, _ in transaction.scan(b""))

        with closing(self.make(tmp_path)) as state:
            set_all(state, ((key, b"") for key in wanted))
            assert state.write(clear) == len(wanted)
            with state.read() as view:
                assert keys(view) == []

    def test_a_scan_sees_what_is_written_ahead_of_it(self, tmp_path: Path) -> None:
        """A scan sees what is written ahead of it."""

        def change(transaction: Transaction) -> list[bytes]:
            seen = []
            for key, _ in transaction.scan(b""):
                seen.append(key)
                if key == b"b":
                    transaction.put(b"a", b"")
                    transaction.put(b"c", b"")
                    transaction.delete(b"d")
            return seen

        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"b", b""), (b"d", b""), (b"e", b"")])
            assert state.write(change) == [b"b", b"c", b"e"]

    def test_changes_apply_in_the_order_they_were_submitted(self, tmp_path: Path) -> None:
        """Changes apply in the order they were submitted."""
        with closing(self.make(tmp_path)) as state:
            futures = [append(state, number) for number in range(50)]
            for future in futures:
                future.result()
            assert get(state, b"list") == b"".join(b"%d," % number for number in range(50))

    def test_changes_of_many_threads_do_not_mix(self, tmp_path: Path) -> None:
        """Changes of many threads do not mix."""

        def count(transaction: Transaction) -> None:
            transaction.put(b"n", b"%d" % (int(transaction.get(b"n") or b"0") + 1))

        with closing(self.make(tmp_path)) as state:
            with ThreadPoolExecutor(8) as pool:
                list(pool.map(lambda _: state.write(count), range(80)))
            assert get(state, b"n") == b"80"

    def test_many_snapshots_are_open_at_once(self, tmp_path: Path) -> None:
        """Many snapshots are open at once."""
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"a", b"1")])
            together = threading.Barrier(16)

            def read(_: int) -> bytes | None:
                with state.read() as view:
                    together.wait()
                    return view.get(b"a")

            with ThreadPoolExecutor(16) as pool:
                assert list(pool.map(read, range(16))) == [b"1"] * 16

    def test_a_change_from_inside_a_change_is_refused(self, tmp_path: Path) -> None:
        """A change from inside a change is refused."""
        with closing(self.make(tmp_path)) as state:
            raised(RuntimeError, lambda: state.write(lambda _: state.write(lambda _: None)))
            set_all(state, [(b"a", b"1")])
            assert get(state, b"a") == b"1"

    def test_a_snapshot_inside_a_change_shows_what_is_committed(self, tmp_path: Path) -> None:
        """A snapshot inside a change shows what is committed."""

        def change(transaction: Transaction) -> bytes | None:
            transaction.put(b"a", b"2")
            return get(state, b"a")

        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"a", b"1")])
            assert state.write(change) == b"1"
            assert get(state, b"a") == b"2"

    def test_nothing_deleted_is_in_the_files_of_a_compacted_state(self, tmp_path: Path) -> None:
        """Nothing deleted is in the files of a compacted state, and what is kept is kept."""
        secret = b"a secret that goes away"
        with closing(self.make(tmp_path)) as state:
            for number in range(50):
                set_all(state, [(b"gone%d" % number, secret * 200), (b"kept%d" % number, b"%d" % number)])
            for number in range(50):
                delete(state, b"gone%d" % number)
            assert state.compact()
            assert [path for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_bytes()] == []
            with state.read() as view:
                assert dict(view.scan(b"")) == {b"kept%d" % number: b"%d" % number for number in range(50)}
            set_all(state, [(b"after", b"1")])
            assert get(state, b"after") == b"1"
        if self.durable:
            with closing(self.make(tmp_path)) as state:
                assert get(state, b"after") == b"1"
                assert get(state, b"kept7") == b"7"

    def test_changes_and_snapshots_go_on_beside_compactions(self, tmp_path: Path) -> None:
        """Changes and snapshots go on beside compactions."""
        with closing(self.make(tmp_path)) as state, ThreadPoolExecutor(3) as pool:
            adding = [pool.submit(append, state, number) for number in range(300)]
            reading = [pool.submit(get, state, b"list") for _ in range(100)]
            done = [state.compact() for _ in range(5)]
            for each in adding:
                each.result().result()
            for read in reading:
                read.result()
            assert any(done)
            numbers = (get(state, b"list") or b"").decode().split(",")[:-1]
            assert sorted(map(int, numbers)) == list(range(300))

    def test_an_open_snapshot_is_not_taken_away_by_a_compaction(self, tmp_path: Path) -> None:
        """An open snapshot is not taken away by a compaction."""
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"a", b"1")])
            with state.read() as view:
                state.compact()
                assert view.get(b"a") == b"1"
            assert state.compact()
            assert get(state, b"a") == b"1"

    def test_a_closed_state_refuses_work(self, tmp_path: Path) -> None:
        """A closed state refuses work."""
        state = self.make(tmp_path)
        waiting = state.submit(lambda transaction: transaction.put(b"a", b"1"))
        state.close()
        state.close()
        assert waiting.result() is None
        raised(StoreClosed, lambda: state.write(lambda _: None))
        raised(StoreClosed, lambda: get(state, b"a"))

    def test_what_was_written_is_there_when_opened_again(self, tmp_path: Path) -> None:
        """What was written is there when opened again."""
        if not self.durable:
            return
        with closing(self.make(tmp_path)) as state:
            set_all(state, [(b"a", b"1"), (b"k" * 3000, b"2")])
        with closing(self.make(tmp_path)) as state, state.read() as view:
            assert list(view.scan(b"")) == [(b"a", b"1"), (b"k" * 3000, b"2")]
