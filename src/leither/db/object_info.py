"""OBJECT: how a key is kept, as far as that means something here."""

from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.encoding import encoding
from leither.db.keyspace import peek
from leither.db.refusal import Refusal
from leither.db.reply import Reply, Simple
from leither.db.space import Space

_HELP = (
    "OBJECT <subcommand> [<key>]. Subcommands are:",
    "ENCODING <key>",
    "    How Redis would keep the value.",
    "FREQ <key>",
    "    How often the key is used: not counted.",
    "IDLETIME <key>",
    "    How long the key has not been used: 0, since it is not kept.",
    "REFCOUNT <key>",
    "    How many names the value has: 1.",
    "HELP",
    "    These lines.",
)


class UnknownSubcommand(Refusal):
    """OBJECT has no such subcommand, or it takes other arguments."""

    code = "db-subcommand"


class NoAccessFrequency(Refusal):
    """How often a key is used is not counted."""

    code = "db-no-frequency"
    text = (
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching "
        "between policies at runtime LRU and LFU data will take some time to adjust."
    )


@command("object")
def object_info(space: Space, arguments: Arguments) -> Reply:
    """OBJECT ENCODING | FREQ | IDLETIME | REFCOUNT key; OBJECT HELP. Nothing here is idle or shared: 0 and 1."""
    name = arguments[1].lower()
    if name == b"help" and len(arguments) == 2:
        return [Simple(line) for line in _HELP]
    if name not in (b"help", b"encoding", b"freq", b"idletime", b"refcount"):
        shown = arguments[1].decode("utf-8", "surrogateescape")
        raise UnknownSubcommand(f"ERR unknown subcommand '{shown[:128]}'. Try OBJECT HELP.")
    if name == b"help" or len(arguments) != 3:
        raise UnknownSubcommand(f"ERR wrong number of arguments for 'object|{name.decode()}' command")
    head = peek(space, arguments[2])
    if head is None:
        return None
    if name == b"freq":
        raise NoAccessFrequency
    if name == b"encoding":
        return encoding(space, arguments[2], head)
    return 1 if name == b"refcount" else 0


def memory_usage(space: Space, key: bytes) -> int | None:
    """Return how many bytes the entries of `key` take, or None if it does not exist. Cost: its entries."""
    head = peek(space, key)
    if head is None:
        return None
    total = 1 + len(key) + len(head)
    for kind in layout.VALUE_ENTRIES[head[1]]:
        prefix = kind + key if kind == layout.STRING else layout.collection(kind, key)
        stop = prefix + b"\0" if kind == layout.STRING else layout.after(prefix)
        total += sum(len(entry_key) + len(value) for entry_key, value in space.scan(prefix, stop))
    return total
