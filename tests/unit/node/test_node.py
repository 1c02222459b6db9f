"""Opening a node on a folder."""

import stat
from pathlib import Path

import pytest

from leither.node import HomeInUse, Node
from leither.node.welcome import publish_welcome
from leither.people import GUEST, Act
from leither.service.catalog import Catalog
from leither.store.keyfile import read_secret, write_secret
from tests.unit.node.folder import settings


def test_a_node_opens_on_an_empty_folder_and_again_with_the_same_identity(tmp_path: Path) -> None:
    with Node.open(settings(tmp_path), listening=False) as node:
        first = node.facts()
    with Node.open(settings(tmp_path), listening=False) as node:
        assert node.facts() == first


def test_two_nodes_on_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Node.open(settings(tmp_path), listening=False),
        pytest.raises(HomeInUse),
        Node.open(settings(tmp_path), listening=False),
    ):
        pass


def test_the_owners_token_is_kept_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    with Node.open(settings(tmp_path), listening=False) as node:
        token = node.token
        assert node.tokens.principal_of(token).is_owner
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    with Node.open(settings(tmp_path), listening=False) as node:
        assert node.token == token


@pytest.mark.parametrize("left", [None, b"forged\n"])
def test_a_token_file_that_is_gone_or_wrong_is_made_anew_and_the_old_token_ends(
    tmp_path: Path, left: bytes | None
) -> None:
    with Node.open(settings(tmp_path), listening=False) as node:
        old = node.token
    (tmp_path / "token").unlink()
    if left is not None:
        write_secret(tmp_path / "token", left)
    with Node.open(settings(tmp_path), listening=False) as node:
        assert node.token != old
        assert read_secret(tmp_path / "token", size_bytes_max=200) == f"{node.token}\n".encode()
        assert [row.name for row in node.tokens.list()] == ["command-line"]


@pytest.mark.network
def test_the_address_is_that_of_the_port_found(tmp_path: Path) -> None:
    with Node.open(settings(tmp_path)) as node:
        assert node.port > 0
        assert node.url == f"http://localhost:{node.port}/"


def welcome(folder: Path) -> Path:
    (folder / "style").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>welcome</h1>")
    (folder / "style" / "a.css").write_text("h1 {}")
    return folder


def test_the_welcome_app_is_released_for_everyone_once(tmp_path: Path) -> None:
    folder = welcome(tmp_path / "welcome")
    with Node.open(settings(tmp_path / "home"), listening=False) as node:
        publish_welcome(node.engines, folder)
        publish_welcome(node.engines, folder)
        (found,) = Catalog(node.engines).list(GUEST)
        assert found.genesis.mark == "welcome"
        assert found.row.release
        assert found.control.right == int(Act.READ_RELEASE)


def test_a_welcome_app_that_was_deleted_stays_away(tmp_path: Path) -> None:
    folder = welcome(tmp_path / "welcome")
    with Node.open(settings(tmp_path / "home"), listening=False) as node:
        publish_welcome(node.engines, folder)
        catalog = Catalog(node.engines)
        catalog.delete(catalog.list(GUEST)[0].id)
    with Node.open(settings(tmp_path / "home"), listening=False) as node:
        publish_welcome(node.engines, folder)
        assert Catalog(node.engines).list(GUEST) == []
