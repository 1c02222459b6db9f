"""What the server says of itself: INFO, CONFIG, TIME, LASTSAVE, MEMORY."""

from typing import TYPE_CHECKING

from leither import __version__, limits
from leither.crypto import id_text
from leither.db.glob import Glob
from leither.db.layout import HEAD
from leither.db.object_info import memory_usage
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.greeting import REDIS_VERSION
from leither.resp.reply import LATER, OK, Failure, Verbatim
from leither.resp.waiting import Slot

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FLAGS = frozenset({"noscript", "loading", "stale"})
_SECTIONS = ("server", "clients", "memory", "persistence", "stats", "replication", "cluster", "mimei", "keyspace")


def _info(connection: "Connection", words: list[bytes]) -> object:
    wanted = {word.lower().decode("utf-8", "replace") for word in words[1:]}
    if not wanted or wanted & {"default", "all", "everything"}:
        wanted |= set(_SECTIONS)
    assert connection.lane is not None
    rows = {name: _facts(connection, name) for name in _SECTIONS if name in wanted}
    text = "\r\n".join(
        "".join(f"{line}\r\n" for line in (f"# {name.capitalize()}", *(f"{key}:{value}" for key, value in facts)))
        for name, facts in rows.items()
    )
    return Verbatim(text.encode())


def _facts(connection: "Connection", section: str) -> list[tuple[str, object]]:
    server, session, lane = connection.server, connection.session, connection.lane
    assert session is not None
    assert lane is not None
    stats = server.stats
    match section:
        case "server":
            return [
                ("redis_version", REDIS_VERSION.decode()),
                ("redis_mode", "standalone"),
                ("leither_version", __version__),
                ("uptime_in_seconds", (server.context.engines.clock.now_ms() - server.started_ms) // 1000),
            ]
        case "clients":
            return [
                ("connected_clients", len(lane.connections)),
                ("maxclients", limits.REDIS_CONNECTIONS_MAX),
                ("blocked_clients", len(lane.waiting)),
            ]
        case "memory":
            return [("maxmemory", 0), ("maxmemory_policy", "noeviction")]
        case "persistence":
            return [("loading", 0), ("aof_enabled", 1), ("aof_last_write_status", "ok")]
        case "stats":
            return [
                ("total_connections_received", stats.connections),
                ("total_commands_processed", stats.commands),
                ("total_error_replies", stats.failed),
                ("rejected_connections", stats.rejected),
                ("dropped_connections", stats.dropped),
                ("pubsub_channels", len(lane.channels.by_name)),
                ("pubsub_patterns", len(lane.channels.by_pattern)),
            ]
        case "replication":
            return [("role", "slave" if session.read_only else "master"), ("connected_slaves", 0)]
        case "cluster":
            return [("cluster_enabled", 0)]
        case "mimei":
            return [("mimei", id_text(session.mimei)), ("version", session.version or "cur")]
        case _:
            return [("db0", f"keys={_keys(connection)},expires=0,avg_ttl=0")]


def _keys(connection: "Connection") -> int:
    """Count the keys; a key has one head."""
    assert connection.lane is not None
    with connection.lane.database.reading() as space:
        return space.count(HEAD, b"\x91")


def _config_get(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    settings = {
        b"appendonly": b"yes",
        b"appendfsync": b"always",
        b"bind": b"127.0.0.1",
        b"databases": b"1",
        b"maxclients": b"%d" % limits.REDIS_CONNECTIONS_MAX,
        b"maxmemory": b"0",
        b"maxmemory-policy": b"noeviction",
        b"notify-keyspace-events": connection.lane.notices.text,
        b"proto-max-bulk-len": b"%d" % limits.REDIS_BULK_BYTES_MAX,
        b"save": b"",
        b"timeout": b"0",
    }
    patterns = [word.lower() for word in words[2:]]
    return {name: value for name, value in settings.items() if any(Glob(pattern).matches(name) for pattern in patterns)}


def _config_set(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    if len(words) % 2:
        return refusal.wrong_arity(b"config|set")
    for name, value in zip(words[2::2], words[3::2], strict=True):
        if name.lower() != b"notify-keyspace-events":
            return Failure(f"ERR Unknown option or number of arguments for CONFIG SET - '{refusal.shown(name)}'")
        if not connection.lane.notices.set(value):
            return Failure(
                f"ERR CONFIG SET failed (possibly related to argument '{refusal.shown(name)}') - "
                "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
            )
    return OK


def _config_resetstat(connection: "Connection", _: list[bytes]) -> object:
    connection.server.stats.reset()
    return OK


def _time(connection: "Connection", _: list[bytes]) -> object:
    ms = connection.server.context.engines.clock.now_ms()
    return [b"%d" % (ms // 1000), b"%d" % (ms % 1000 * 1000)]


def _lastsave(connection: "Connection", _: list[bytes]) -> object:
    """Answer when the newest version was made, in seconds; 0 while there is none."""
    session, context = connection.session, connection.server.context
    assert session is not None
    slot = Slot()
    connection.await_slot(slot, park=True)
    connection.server.answer_beside(connection, slot, lambda: context.last_saved_s(session.mimei))
    return LATER


def _memory_usage(connection: "Connection", words: list[bytes]) -> object:
    if len(words) not in (3, 5) or (len(words) == 5 and words[3].lower() != b"samples"):
        return refusal.SYNTAX
    database = connection.lane.database if connection.lane is not None else None
    assert database is not None

    def measure() -> int | None:
        with database.reading() as space:
            return memory_usage(space, words[2])

    slot = Slot()
    connection.await_slot(slot, park=True)
    connection.server.answer_beside(connection, slot, measure)
    return LATER


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "server", since, summary, flags=_FLAGS, **more)  # type: ignore[arg-type]


COMMANDS = (
    _made(b"info", -1, "1.0.0", "Describe the server, and the MiMei that is open", local=_info),
    _made(b"config", -2, "2.0.0", "Read settings as clients ask for them"),
    _made(b"config|get", -3, "2.0.0", "Read settings", local=_config_get),
    _made(b"config|set", -4, "2.0.0", "Choose notify-keyspace-events; nothing else", local=_config_set),
    _made(b"config|resetstat", 2, "2.0.0", "Begin to count anew what INFO counts", local=_config_resetstat),
    _made(b"time", 1, "2.6.0", "Tell the time, in seconds and microseconds", local=_time),
    _made(b"memory", -2, "4.0.0", "See what takes how much"),
    _made(
        b"memory|usage",
        -3,
        "4.0.0",
        "Count the bytes that a key and its entries take",
        local=_memory_usage,
        keys=(2, 2, 1),
        in_multi=False,
    ),
    _made(b"lastsave", 1, "1.0.0", "Tell when the newest version was made", local=_lastsave, in_multi=False),
)
