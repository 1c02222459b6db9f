"""The one reader of settings: defaults, then `config.toml` in the home folder, then `LEITHER_*`, then options.

A later place wins over an earlier one, and each value remembers where it came from. Nothing else in the project
looks at the environment or at the file.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leither import limits
from leither.config.values import (
    LAN,
    read_addresses,
    read_bytes,
    read_durability,
    read_file_name,
    read_flag,
    read_host,
    read_level,
    read_names,
    read_network,
    read_path,
    read_port,
    read_ports,
    read_store,
    read_text,
    read_tls,
)
from leither.errors import Conflict, InputError

FILE_NAME = "config.toml"
PREFIX = "LEITHER_"
NO_SETTINGS = frozenset({"LEITHER_DEBUG", "LEITHER_PASSPHRASE", "LEITHER_TOKEN"})
"""Variables that are no settings: tracebacks for developers, and a passphrase and a token, which belong in no file."""
_FILE_BYTES_MAX = 1 << 20


class BadSetting(InputError):
    """A value of a setting is not one it can have."""

    code = "bad-setting"

    def __init__(self, name: str, given: object, where: str, allowed: str) -> None:
        self.name = name
        self.given = repr(given)[:200]
        self.where = where
        self.allowed = allowed
        super().__init__(f"{where}: {name} can't be {self.given}; it is {allowed}")


class UnknownSetting(InputError):
    """There is no setting of that name."""

    code = "unknown-setting"

    def __init__(self, name: str, where: str) -> None:
        self.name = name[:200]
        self.where = where
        self.allowed = sorted(SETTINGS)
        super().__init__(f"{where}: there is no setting {self.name!r}; there are {', '.join(self.allowed)}")


class BadConfigFile(InputError):
    """The settings file can't be read."""

    code = "bad-config-file"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(
            f"{path} can't be read as TOML: {reason}; correct it, or move it away to start with the defaults"
        )


class HostNotLoopback(Conflict):
    """Other machines would reach the node, and nothing says how what they send and get is encrypted."""

    code = "host-not-loopback"

    def __init__(self, host: str, source: str) -> None:
        self.host = host
        self.source = source
        super().__init__(
            f"host {host} (from {source}) is reached from other machines, and nothing says how what they send and get "
            'is encrypted; set tls = "local" for certificates that this node makes itself, or tls = "files" for the '
            "one in tls_certificate and tls_key; stay on this machine with host = 127.0.0.1; or, if all on that "
            "network may read and change everything, tokens included, set insecure = true"
        )


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `read` turns what was given into its value, or raises ValueError with what is allowed."""

    default: object
    read: Callable[[object], object]
    about: str
    secret: bool = False


SETTINGS: dict[str, Setting] = {
    "home": Setting(
        None, read_path, "the folder that holds everything of this node; not in the file, which is inside it"
    ),
    "host": Setting(
        "127.0.0.1",
        read_host,
        "the address the node listens on; lan for all private ones, 0.0.0.0 or :: for all there are",
    ),
    "names": Setting("", read_names, "further names the node answers to, separated by commas"),
    "tls": Setting(
        "off",
        read_tls,
        "what encrypts for other machines: local (this node's own authority), files (the next two), or off",
    ),
    "tls_certificate": Setting(
        "", read_file_name, "file of a given certificate, PEM, with those between it and its authority behind"
    ),
    "tls_key": Setting("", read_file_name, "file of its private key, PEM"),
    "insecure": Setting(False, read_flag, "whether other machines may reach the node with nothing encrypted"),
    "app_ports": Setting("4810-4899", read_ports, "ports that apps get for other machines, one each"),
    "port": Setting(4800, read_port, "where browsers, the API and this program meet the node"),
    "network": Setting(
        "off",
        read_network,
        "how far it speaks with other nodes: off (this machine only), lan, peers (those you name, wherever they are) "
        "or public (the public IPFS network as well)",
    ),
    "guest_lookups": Setting(
        False, read_flag, "whether guests, too, may make the node look on the network for what it doesn't hold"
    ),
    "cache_bytes": Setting(
        limits.CACHE_BYTES, read_bytes, "how much may be kept of files that are on demand: a number of bytes, or 500MiB"
    ),
    "network_port": Setting(4801, read_port, "where other nodes meet it"),
    "network_key": Setting(
        "", read_file_name, "file of a private network's key, as swarm.key; then nobody without it is spoken with"
    ),
    "network_bootstrap": Setting(
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN,"
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa,"
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb,"
        "/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt,"
        "/ip4/104.131.131.82/tcp/4001/p2p/QmaCpDMGvV2BGHeYERUEnRQAwe3N8SzbUtfsmvsqQLuvuJ",
        read_addresses,
        "peers through which the public network is joined, separated by commas",
    ),
    "redis_port": Setting(4802, read_port, "where Redis clients will meet it"),
    "durability": Setting(
        "always",
        read_durability,
        "when a change counts as done: always (once it would survive a power cut) or everysec (at once; a power cut "
        "may take back the last second)",
    ),
    "store": Setting(
        "pack", read_store, "where blocks are kept: pack (files in the home folder) or s3://bucket/prefix"
    ),
    "store_endpoint": Setting("", read_text, "address of the S3 service; empty for Amazon's"),
    "store_region": Setting("", read_text, "region of the S3 service"),
    "store_key_id": Setting("", read_text, "id of the S3 access key"),
    "store_key": Setting("", read_text, "the S3 access key", secret=True),
    "log_level": Setting(
        "warning", read_level, "what the node tells on its standard error: error, warning, info or debug"
    ),
    "welcome": Setting(True, read_flag, "whether the first start publishes the welcome app"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as it stands. `source`: default, file, environment or option. A secret's value is not shown."""

    name: str
    value: object
    source: str
    about: str


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one node, checked."""

    home: Path
    host: str
    names: str
    tls: str
    tls_certificate: str
    tls_key: str
    insecure: bool
    app_ports: str
    port: int
    network: str
    guest_lookups: bool
    cache_bytes: int
    network_port: int
    network_key: str
    network_bootstrap: str
    redis_port: int
    durability: str
    store: str
    store_endpoint: str
    store_region: str
    store_key_id: str
    store_key: str = field(repr=False)
    log_level: str
    welcome: bool
    rows: tuple[Row, ...]
    is_loopback: Callable[[str], bool] = field(default=_is_loopback, repr=False, compare=False)

    @property
    def file(self) -> Path:
        """Where the settings file is, or would be."""
        return self.home / FILE_NAME

    @property
    def reachable(self) -> bool:
        """Whether other machines can reach `host`."""
        return self.host == LAN or not self.is_loopback(self.host)

    @property
    def ports_for_apps(self) -> range:
        """The ports that `app_ports` names."""
        first, _, last = self.app_ports.partition("-")
        return range(int(first), int(last) + 1)

    def check_encrypted(self) -> None:
        """Check that what leaves this machine is encrypted, or may go without in so many words.

        Raises: HostNotLoopback.
        """
        if self.reachable and self.tls == "off" and not self.insecure:
            source = next(row.source for row in self.rows if row.name == "host")
            raise HostNotLoopback(self.host, str(self.file) if source == "file" else f"the {source}")


def load(
    options: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    is_loopback: Callable[[str], bool] | None = None,
) -> Settings:
    """Return the settings; `options` (those that are not None) win over the environment, and that over the file.

    `is_loopback` says of an address whether only this machine reaches it; by default the standards do.

    Raises: BadSetting, UnknownSetting, BadConfigFile.
    """
    environment = _environment(os.environ if environ is None else environ)
    chosen = {name: value for name, value in (options or {}).items() if value is not None}
    found: dict[str, tuple[object, str]] = {}

    def take(values: Mapping[str, object], source: str, where: Callable[[str], str]) -> None:
        for name, given in values.items():
            found[name] = (_value(name, given, where(name)), source)

    take(environment, "environment", lambda name: f"environment variable {PREFIX}{name.upper()}")
    take(chosen, "option", lambda name: f"option --{name.replace('_', '-')}")
    home, home_source = found.get("home") or (default_home(), "default")
    assert isinstance(home, Path)
    path = home / FILE_NAME
    for name, given in read_file(path).items():
        value = _value(name, given, str(path))
        found.setdefault(name, (value, "file"))
    found["home"] = (home, home_source)
    rows = [(name, *found.get(name, (setting.default, "default")), setting) for name, setting in SETTINGS.items()]
    return Settings(
        **{name: value for name, value, _, _ in rows},  # type: ignore[arg-type]
        rows=tuple(Row(name, _shown(value, setting), source, setting.about) for name, value, source, setting in rows),
        is_loopback=is_loopback or _is_loopback,
    )


def default_home() -> Path:
    """Return where this platform keeps a program's data, e.g. `~/.local/share/leither`."""
    import platformdirs

    return Path(platformdirs.user_data_dir("leither", appauthor=False))


def read_file(path: Path) -> dict[str, object]:
    """Return what the settings file says; nothing without a file. Raises: BadConfigFile, UnknownSetting."""
    try:
        with path.open("rb") as file:
            text = file.read(_FILE_BYTES_MAX + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadConfigFile(path, error.strerror or str(error)) from error
    if len(text) > _FILE_BYTES_MAX:
        raise BadConfigFile(path, f"it is larger than {_FILE_BYTES_MAX:,} bytes")
    try:
        values = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadConfigFile(path, str(error)) from error
    for name in values:
        if name not in SETTINGS or name == "home":
            raise UnknownSetting(name, str(path))
    return values


def edited(path: Path, name: str, given: str) -> str:
    """Return the text of the settings file with `name` set to `given`; comments and other lines stay.

    Raises: UnknownSetting, BadSetting, BadConfigFile.
    """
    if name not in SETTINGS or name == "home":
        raise UnknownSetting(name, str(path))
    value = _value(name, given, str(path))
    read_file(path)
    import tomli_w

    line = tomli_w.dumps({name: value})
    text = path.read_text("utf-8") if path.exists() else ""
    pattern = re.compile(rf"^[ \t]*{name}[ \t]*=[^\n]*\n?", re.MULTILINE)
    if pattern.search(text):
        text = pattern.sub(lambda _: line, text, count=1)
    else:
        text += ("" if not text or text.endswith("\n") else "\n") + line
    try:
        kept = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadConfigFile(path, f"{name} could not be set: {error}") from error
    if kept.get(name) != value:
        raise BadConfigFile(path, f"{name} could not be set, because a value in it spans several lines")
    return text


def _environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for variable, value in environ.items():
        if not variable.startswith(PREFIX) or variable in NO_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in SETTINGS or variable != variable.upper():
            raise UnknownSetting(variable, "environment")
        if value:  # set and empty counts as not set, as for most programs
            found[name] = value
    return found


def _value(name: str, given: object, where: str) -> object:
    if name not in SETTINGS:
        raise UnknownSetting(name, where)
    setting = SETTINGS[name]
    try:
        return setting.read(given)
    except ValueError as error:
        raise BadSetting(name, "(hidden)" if setting.secret else given, where, str(error)) from None


def _shown(value: object, setting: Setting) -> object:
    if setting.secret:
        return "(set)" if value else ""
    return str(value) if isinstance(value, Path) else value
