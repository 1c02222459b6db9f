"""`measure.py FOLDER ENTRIES CHANGES`: the work of `benches.database` on doltlite, a table of keys and values.

For each line that comes in, `change` or `diff`, it does that and answers with the milliseconds each part took. The
first line it gives says the same of the first fill. Transactions are durable when they end (`synchronous` is full).
"""

import json
import random
import sys
from pathlib import Path
from time import perf_counter

import doltlite  # type: ignore[import-not-found]  # noqa: F401  it puts itself in the place of SQLite, so it comes first

# isort: split
import sqlite3

FOLDER, ENTRIES, CHANGES = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
DICE = random.Random(7)
DATABASE = sqlite3.connect(FOLDER / "doltlite.db", isolation_level=None)


def key(number: int) -> bytes:
    """Return what a field of one of a thousand hashes is called."""
    return b"bench:%03d:field:%d" % (number % 1000, number // 1000)


def fill() -> None:
    """Put every entry in, in one transaction."""
    DATABASE.execute("CREATE TABLE entries(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID")
    DATABASE.execute("BEGIN")
    rows = ((key(number), DICE.randbytes(30)) for number in range(ENTRIES))
    DATABASE.executemany("INSERT INTO entries VALUES (?, ?)", rows)
    DATABASE.execute("COMMIT")


def change(numbers: list[int]) -> None:
    """Change the entries of these numbers, in one transaction."""
    DATABASE.execute("BEGIN")
    rows = [(DICE.randbytes(30), key(number)) for number in numbers]
    DATABASE.executemany("UPDATE entries SET value = ? WHERE key = ?", rows)
    DATABASE.execute("COMMIT")


def commit() -> None:
    """Make a version."""
    DATABASE.execute("SELECT dolt_commit('-A', '-m', 'bench')").fetchall()


def diff() -> None:
    """Read every row that differs between the two newest versions."""
    newest, before = (row[0] for row in DATABASE.execute("SELECT commit_hash FROM dolt_log LIMIT 2"))
    columns = "to_key, from_value, to_value, diff_type"
    asked = f"SELECT {columns} FROM dolt_diff_entries WHERE from_commit = ? AND to_commit = ?"
    found = DATABASE.execute(asked, (before, newest)).fetchall()
    if len(found) != CHANGES:
        raise RuntimeError(f"{len(found)} rows differ")


def told(**parts: float) -> None:
    """Answer one line."""
    print(json.dumps(parts), flush=True)


start = perf_counter()
fill()
filled = perf_counter()
commit()
told(fill=(filled - start) * 1000, commit=(perf_counter() - filled) * 1000)
for line in sys.stdin:
    chosen = DICE.sample(range(ENTRIES), CHANGES)
    start = perf_counter()
    if line.strip() == "diff":
        diff()
        told(diff=(perf_counter() - start) * 1000)
        continue
    change(chosen)
    changed = perf_counter()
    commit()
    told(change=(changed - start) * 1000, commit=(perf_counter() - changed) * 1000)
