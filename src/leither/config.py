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

from leither.errors import Conflict, InputError

FILE_NAME = "config.toml"
PREFIX = "LEITHER_"
NO_SETTINGS = frozenset({"LEITHER_DEBUG", "LEITHER_PASSPHRASE"})
"""Variables that are no settings: tracebacks for developers, and a passphrase, which belongs in no file."""
LOG_LEVELS = ("error", "warning", "info", "debug")
DURABILITIES = ("always", "everysec")
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
    """The node would be reachable from other machines, and nobody said that it may be."""

    code = "host-not-loopback"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            f"host {host} can be reached from other machines, and what they send and get is not encrypted yet; "
            "use 127.0.0.1, or say that you want it: set expose = true"
        )


def _port(given: object) -> int:
    number = int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 65535:
        raise ValueError("a port number from 1 to 65535, or 0 for any free one")
    return number


def _flag(given: object) -> bool:
    if isinstance(given, bool):
        return given
    known = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    if isinstance(given, str) and given.lower() in known:
        return known[given.lower()]
    raise ValueError("true or false")


def _text(given: object) -> str:
    if isinstance(given, str) and "\0" not in given:
        return given
    raise ValueError("a text")


def _host(given: object) -> str:
    try:
        return "127.0.0.1" if given == "localhost" else str(ipaddress.ip_address(_text(given)))
    except ValueError:
        raise ValueError("an IP address of this machine, or localhost") from None


def _level(given: object) -> str:
    if given in LOG_LEVELS:
        return str(given)
    raise ValueError(f"one of {', '.join(LOG_LEVELS)}")


def _durability(given: object) -> str:
    if given in DURABILITIES:
        return str(given)
    raise ValueError("always, or everysec")


def _store(given: object) -> str:
    if isinstance(given, str) and (given == "pack" or re.fullmatch(r"s3://[^/\s?#]+(/[^\s?#]*)?", given)):
        return given
    raise ValueError("pack, or s3://bucket/prefix")


def _path(given: object) -> Path:
    if isinstance(given, str | Path) and str(given) and "\0" not in str(given):
        return Path(given).expanduser().absolute()
    raise ValueError("a folder")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `read` turns what was given into its value, or raises ValueError with what is allowed."""

    default: object
    read: Callable[[object], object]
    about: str
    secret: bool = False


SETTINGS: dict[str, Setting] = {
    "home": Setting(None, _path, "the folder that holds everything of this node; not in the file, which is inside it"),
    "host": Setting("127.0.0.1", _host, "the address the node listens on"),
    "expose": Setting(False, _flag, "whether host may be an address that other machines reach"),
    "names": Setting("", _text, "further names the node answers to, separated by commas, where expose is on"),
    "port": Setting(4800, _port, "where browsers, the API and this program meet the node"),
    "network_port": Setting(4801, _port, "where other nodes will meet it"),
    "redis_port": Setting(4802, _port, "where Redis clients will meet it"),
    "durability": Setting(
        "always",
        _durability,
        "when a change counts as done: always (once it would survive a power cut) or everysec (at once; a power cut "
        "may take back the last second)",
    ),
    "store": Setting("pack", _store, "where blocks are kept: pack (files in the home folder) or s3://bucket/prefix"),
    "store_endpoint": Setting("", _text, "address of the S3 service; empty for Amazon's"),
    "store_region": Setting("", _text, "region of the S3 service"),
    "store_key_id": Setting("", _text, "id of the S3 access key"),
    "store_key": Setting("", _text, "the S3 access key", secret=True),
    "log_level": Setting("warning", _level, "what the node tells on its standard error: error, warning, info or debug"),
    "welcome": Setting(True, _flag, "whether the first start publishes the welcome app"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A setting as it stands. `source`: default, file, environment or option. A secret's value is not shown."""

    name: str
    value: object
    source: str
    about: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one node, checked."""

    home: Path
    host: str
    expose: bool
    names: str
    port: int
    network_port: int
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

    @property
    def file(self) -> Path:
        """Where the settings file is, or would be."""
        return self.home / FILE_NAME

    @property
    def reachable(self) -> bool:
        """Whether other machines can reach `host`."""
        return not ipaddress.ip_address(self.host).is_loopback


def load(options: Mapping[str, object] | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings; `options` (those that are not None) win over the environment, and that over the file.

    Raises: BadSetting, UnknownSetting, BadConfigFile, HostNotLoopback.
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
    settings = Settings(
        **{name: value for name, value, _, _ in rows},  # type: ignore[arg-type]
        rows=tuple(Row(name, _shown(value, setting), source, setting.about) for name, value, source, setting in rows),
    )
    if settings.reachable and not settings.expose:
        raise HostNotLoopback(settings.host)
    return settings


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
