"""The home folder: who holds it, and how to reach them."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from leither.node.home import Home, HomeInUse, Running, TokenMissing
from leither.store.keyfile import write_secret


def running(home: Home) -> Running:
    return Running(url="http://localhost:4800/", host="127.0.0.1", port=4800, host_header="h", process=os.getpid())


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "home")
    with home.held():
        assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_second_holder_is_refused_and_told_which_process(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held(), pytest.raises(HomeInUse, match=f"process {os.getpid()}.*LEITHER_HOME"), Home(tmp_path).held():
        pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with Home(tmp_path).held():
            pass


def test_nobody_runs_on_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert Home(tmp_path / "none").running() is None
    assert not (tmp_path / "none").exists()


def test_a_running_node_is_found_with_its_token(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        write_secret(home.token_file, b"secret\n")
        home.announce(running(home))
        found = Home(tmp_path).running()
    assert found is not None
    assert (found.port, found.token) == (4800, "secret")


def test_the_token_is_neither_announced_nor_shown(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        write_secret(home.token_file, b"secret\n")
        home.announce(replace(running(home), token="secret"))
        assert "secret" not in home.node_file.read_text()
        assert "secret" not in repr(home.running())


def test_what_a_killed_node_left_behind_counts_for_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        home.announce(running(home))
        left = home.node_file.read_bytes()
    write_secret(home.node_file, left)
    assert home.running() is None


def test_a_new_holder_does_not_pass_for_the_node_before(tmp_path: Path) -> None:
    home = Home(tmp_path)
    write_secret(home.token_file, b"secret\n")
    write_secret(home.node_file, b'{"url":"u","host":"127.0.0.1","port":1,"host_header":"h","process":1}')
    with home.held():
        assert home.running() is None


def test_a_running_node_without_its_token_file_is_a_clear_error(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        home.announce(running(home))
        with pytest.raises(TokenMissing, match="token"):
            Home(tmp_path).running()


def test_an_announcement_that_can_not_be_read_counts_for_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held():
        write_secret(home.node_file, b"{torn")
        assert home.running() is None
