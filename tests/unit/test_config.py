"""Settings: where they come from, which wins, and what is refused."""

from pathlib import Path

import pytest

from leither import config
from leither.config import BadConfigFile, BadSetting, HostNotLoopback, Settings, UnknownSetting


def load(home: Path, text: str = "", environ: dict[str, str] | None = None, **options: object) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text, "utf-8")
    return config.load({"home": home, **options}, environ=environ or {})


def source(settings: Settings, name: str) -> str:
    return next(row.source for row in settings.rows if row.name == name)


def test_without_anything_said_defaults_hold(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert (settings.host, settings.port, settings.network_port, settings.redis_port) == ("127.0.0.1", 4800, 4801, 4802)
    assert source(settings, "port") == "default"


def test_the_file_wins_over_a_default(tmp_path: Path) -> None:
    settings = load(tmp_path, "port = 5000\n")
    assert (settings.port, source(settings, "port")) == (5000, "file")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "port = 5000\n", {"LEITHER_PORT": "6000"})
    assert (settings.port, source(settings, "port")) == (6000, "environment")


def test_an_option_wins_over_the_environment(tmp_path: Path) -> None:
    settings = load(tmp_path, "port = 5000\n", {"LEITHER_PORT": "6000"}, port=7000)
    assert (settings.port, source(settings, "port")) == (7000, "option")


def test_an_option_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, "port = 5000\n", port=None).port == 5000


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load(tmp_path, environ={"LEITHER_PORT": ""}).port == 4800


@pytest.mark.parametrize(
    ("given", "expected"),
    [("1000", 1000), ("500MiB", 500 << 20), ("2 GiB", 2 << 30), ("1KiB", 1024), ("3TiB", 3 << 40), ("0", 0)],
)
def test_a_size_is_a_number_of_bytes_or_of_a_unit(tmp_path: Path, given: str, expected: int) -> None:
    assert load(tmp_path, environ={"LEITHER_CACHE_BYTES": given}).cache_bytes == expected
    assert load(tmp_path, f"cache_bytes = {expected}\n").cache_bytes == expected


@pytest.mark.parametrize("given", ["-1", "1.5GiB", "10 GB", "GiB", "9999999TiB", "many"])
def test_what_is_no_size_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(BadSetting, match="a number of bytes"):
        load(tmp_path, environ={"LEITHER_CACHE_BYTES": given})


def test_home_comes_from_the_environment(tmp_path: Path) -> None:
    settings = config.load(environ={"LEITHER_HOME": str(tmp_path)})
    assert (settings.home, settings.file) == (tmp_path, tmp_path / "config.toml")


def test_the_default_home_is_the_platforms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = config.load(environ={})
    assert settings.home.name == "leither"
    assert source(settings, "home") == "default"


@pytest.mark.parametrize("value", ["-1", "65536", "http", "4800.5", ""])
def test_what_is_no_port_is_refused_with_its_place(tmp_path: Path, value: str) -> None:
    with pytest.raises(BadSetting, match=r"config\.toml: port can't be .* 65535") as caught:
        load(tmp_path, f'port = "{value}"\n')
    assert caught.value.where == str(tmp_path / "config.toml")


def test_a_flag_is_no_port(tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        load(tmp_path, "port = true\n")


def test_a_bad_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="environment variable LEITHER_LOG_LEVEL"):
        load(tmp_path, environ={"LEITHER_LOG_LEVEL": "loud"})


def test_an_unknown_name_in_the_file_is_refused_with_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UnknownSetting, match=r"config\.toml: there is no setting 'prot'; there are .*port"):
        load(tmp_path, "prot = 5000\n")


def test_an_unknown_variable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSetting, match="LEITHER_PROT"):
        load(tmp_path, environ={"LEITHER_PROT": "5000"})


def test_home_in_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownSetting):
        load(tmp_path, 'home = "elsewhere"\n')


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfigFile, match=r"config\.toml can't be read as TOML"):
        load(tmp_path, "port == 5\n")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "lan"])
def test_a_host_that_others_reach_is_refused_with_its_source_and_what_to_do(tmp_path: Path, host: str) -> None:
    settings = load(tmp_path, f'host = "{host}"\n')
    assert settings.reachable
    remedies = r'tls = "local".*tls = "files".*host = 127\.0\.0\.1.*insecure = true'
    with pytest.raises(HostNotLoopback, match=rf"host {host} \(from .*config\.toml\) is reached.*{remedies}"):
        settings.check_encrypted()
    with pytest.raises(HostNotLoopback, match=r"\(from the option\)"):
        load(tmp_path, host=host).check_encrypted()


@pytest.mark.parametrize("text", ['tls = "local"', 'tls = "files"', "insecure = true"])
def test_a_host_that_others_reach_is_taken_with_tls_or_in_so_many_words(tmp_path: Path, text: str) -> None:
    settings = load(tmp_path, text, host="0.0.0.0")
    assert settings.reachable
    settings.check_encrypted()


@pytest.mark.parametrize("text", ['tls = "none"', "tls = false", 'tls = ""', 'insecure = "very"'])
def test_encryption_is_not_switched_off_by_a_slip(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadSetting):
        load(tmp_path, text, host="0.0.0.0")


def test_what_counts_as_loopback_can_be_told(tmp_path: Path) -> None:
    settings = config.load(
        {"home": tmp_path, "host": "127.0.0.2"}, environ={}, is_loopback=lambda address: address == "127.0.0.1"
    )
    assert settings.reachable


def test_names_are_taken_in_lower_case_without_what_stands_around_them(tmp_path: Path) -> None:
    assert load(tmp_path, names=" Nas.Example. , 192.168.1.5,fd00::1,,").names == "nas.example,192.168.1.5,fd00::1"


@pytest.mark.parametrize(
    "names", ["*.example", "nas.example:443", "a b", "-a.example", "1.2.3", "a" * 64, ",".join("ab" * 33)]
)
def test_what_is_no_name_is_refused(tmp_path: Path, names: str) -> None:
    with pytest.raises(BadSetting, match="DNS names or IP addresses"):
        load(tmp_path, names=names)


def test_ports_of_apps_are_a_range(tmp_path: Path) -> None:
    assert load(tmp_path, app_ports="5000-5099").ports_for_apps == range(5000, 5100)
    assert load(tmp_path, app_ports="5000-5000").ports_for_apps == range(5000, 5001)


@pytest.mark.parametrize(
    "ports", ["", "4810", "4810-", "4899-4810", "0-10", "4810-4910", "65530-65536", "4810-4811-4812"]
)
def test_what_is_no_range_of_ports_is_refused(tmp_path: Path, ports: str) -> None:
    with pytest.raises(BadSetting, match="at most 100 ports"):
        load(tmp_path, app_ports=ports)


def test_files_are_taken_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load(tmp_path, tls_certificate="c.pem").tls_certificate == str(tmp_path / "c.pem")
    assert load(tmp_path, tls_certificate="").tls_certificate == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_loopback_needs_no_permission(tmp_path: Path, host: str) -> None:
    assert not load(tmp_path, host=host).reachable


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    settings = load(tmp_path, 'store_key = "s3cr3t"\n')
    assert "s3cr3t" not in str(settings.rows)
    assert settings.store_key == "s3cr3t"


def test_a_secret_that_is_refused_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as caught:
        load(tmp_path, "store_key = 31337\n")
    assert "31337" not in str(caught.value)


@pytest.mark.parametrize("store", ["pack", "s3://bucket", "s3://bucket/some/prefix"])
def test_a_store_is_pack_or_an_s3_address(tmp_path: Path, store: str) -> None:
    assert load(tmp_path, store=store).store == store


@pytest.mark.parametrize("store", ["", "packs", "s3://", "http://host/bucket"])
def test_another_store_is_refused(tmp_path: Path, store: str) -> None:
    with pytest.raises(BadSetting, match=r"s3://bucket/prefix"):
        load(tmp_path, store=store)


def test_setting_a_value_keeps_comments_and_other_lines(tmp_path: Path) -> None:
    load(tmp_path, "# mine\nport = 5000 # five\nwelcome = false\n")
    text = config.edited(tmp_path / "config.toml", "port", "6000")
    assert text == "# mine\nport = 6000\nwelcome = false\n"


def test_setting_a_new_value_appends_a_line(tmp_path: Path) -> None:
    load(tmp_path, "port = 5000")
    assert config.edited(tmp_path / "config.toml", "welcome", "no") == "port = 5000\nwelcome = false\n"


def test_setting_a_value_that_can_not_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting):
        config.edited(tmp_path / "config.toml", "port", "many")
