"""What settings can be: each reader turns what was given into a value, or says what is allowed."""

import ipaddress
import re
from pathlib import Path

from leither import limits

LOG_LEVELS = ("error", "warning", "info", "debug")
DURABILITIES = ("always", "everysec")
REACHES = ("off", "lan", "peers", "public")
TLS_WAYS = ("off", "local", "files")
LAN = "lan"
"""As a host: every private address of this machine that others reach."""
_NAME_MAX = 253
_BYTES = re.compile(r"([0-9]{1,18}) ?(|KiB|MiB|GiB|TiB)")
_SHIFTS = {"": 0, "KiB": 10, "MiB": 20, "GiB": 30, "TiB": 40}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def read_port(given: object) -> int:
    """Return a port number. Raises: ValueError, with what is allowed."""
    number = int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 65535:
        raise ValueError("a port number from 1 to 65535, or 0 for any free one")
    return number


def read_flag(given: object) -> bool:
    """Return true or false. Raises: ValueError, with what is allowed."""
    if isinstance(given, bool):
        return given
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if isinstance(given, str) and given.lower() in known:
        return known[given.lower()]
    raise ValueError("true or false")


def read_bytes(given: object) -> int:
    """Return a number of bytes. Raises: ValueError, with what is allowed."""
    found = _BYTES.fullmatch(given) if isinstance(given, str) else None
    number = int(found[1]) << _SHIFTS[found[2] or ""] if found is not None else given
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 1 << 63:
        raise ValueError("a number of bytes, or of MiB, GiB or TiB as in 500MiB")
    return number


def read_text(given: object) -> str:
    """Return a text. Raises: ValueError, with what is allowed."""
    if isinstance(given, str) and "\0" not in given:
        return given
    raise ValueError("a text")


def read_host(given: object) -> str:
    """Return an address to listen on. Raises: ValueError, with what is allowed."""
    try:
        return (
            "127.0.0.1"
            if given == "localhost"
            else LAN
            if given == LAN
            else str(ipaddress.ip_address(read_text(given)))
        )
    except ValueError:
        raise ValueError("an IP address of this machine, localhost, or lan for all its private addresses") from None


def read_names(given: object) -> str:
    """Return names of hosts, separated by commas. Raises: ValueError, with what is allowed."""
    names = [name.strip().lower().rstrip(".") for name in read_text(given).split(",") if name.strip()]
    if len(names) > limits.LAN_NAMES_MAX or not all(_is_name(name) for name in names):
        raise ValueError(f"at most {limits.LAN_NAMES_MAX} DNS names or IP addresses, separated by commas")
    return ",".join(_plain(name) for name in names)


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name


def _is_name(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        labels = name.split(".")
        # What ends in a number is no name but an address that is misspelt.
        return len(name) <= _NAME_MAX and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return True


def read_tls(given: object) -> str:
    """Return how to serve over TLS. Raises: ValueError, with what is allowed."""
    if given in TLS_WAYS:
        return str(given)
    raise ValueError(f"one of {', '.join(TLS_WAYS)}")


def read_network(given: object) -> str:
    """Return how far the network reaches. Raises: ValueError, with what is allowed."""
    if given in REACHES:
        return str(given)
    raise ValueError(f"one of {', '.join(REACHES)}")


def read_addresses(given: object) -> str:
    """Return addresses of peers, separated by commas. Raises: ValueError, with what is allowed."""
    from leither.codec.multiaddr import Multiaddr, NotAMultiaddr  # it brings keys along, which most commands don't need

    words = [word.strip() for word in read_text(given).split(",") if word.strip()]
    try:
        addresses = [Multiaddr.parse(word) for word in words]
    except NotAMultiaddr as error:
        raise ValueError(f"addresses of peers, separated by commas: {error}") from None
    if any(address.peer is None for address in addresses):
        raise ValueError("addresses that end in /p2p/ and a peer id, separated by commas")
    return ",".join(map(str, addresses))


def read_ports(given: object) -> str:
    """Return a range of ports. Raises: ValueError, with what is allowed."""
    first, _, last = read_text(given).partition("-")
    ports = [int(port) for port in (first, last) if re.fullmatch("[0-9]{1,5}", port)]
    if len(ports) == 2 and 1 <= ports[0] <= ports[1] <= 65535 and ports[1] - ports[0] < limits.APP_PORTS_MAX:
        return f"{ports[0]}-{ports[1]}"
    raise ValueError(f"a range of at most {limits.APP_PORTS_MAX} ports, such as 4810-4899")


def read_file_name(given: object) -> str:
    """Return the path of a file, or nothing. Raises: ValueError, with what is allowed."""
    return str(read_path(given)) if given != "" else ""


def read_level(given: object) -> str:
    """Return how much is logged. Raises: ValueError, with what is allowed."""
    if given in LOG_LEVELS:
        return str(given)
    raise ValueError(f"one of {', '.join(LOG_LEVELS)}")


def read_durability(given: object) -> str:
    """Return when a change counts as done. Raises: ValueError, with what is allowed."""
    if given in DURABILITIES:
        return str(given)
    raise ValueError("always, or everysec")


def read_store(given: object) -> str:
    """Return where blocks are kept. Raises: ValueError, with what is allowed."""
    if isinstance(given, str) and (given == "pack" or re.fullmatch(r"s3://[^/\s?#]+(/[^\s?#]*)?", given)):
        return given
    raise ValueError("pack, or s3://bucket/prefix")


def read_path(given: object) -> Path:
    """Return a folder. Raises: ValueError, with what is allowed."""
    if isinstance(given, str | Path) and str(given) and "\0" not in str(given):
        return Path(given).expanduser().absolute()
    raise ValueError("a folder")
