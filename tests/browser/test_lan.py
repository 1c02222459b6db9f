"""A browser on another machine, in Chromium: what it refuses, what it trusts, and how apps are kept apart there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leither.crypto import MimeiId, id_text
from leither.mimei.path import parse_path
from leither.node import Node
from leither.node.welcome import publish_welcome
from leither.people import GUEST, Act
from leither.people.right import pack
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.uploads import TreeUpload
from tests.browser.trusting import trusting_home
from tests.unit.node.machines import FakeMachine, served, settings_for, stand_in

pytestmark = [pytest.mark.browser, pytest.mark.network]
HERE = Path(__file__).parent
PAGE = b"<!doctype html><p id=shown>for everyone"
SECRET = b"<!doctype html><p id=secret>mine"


def published(node: Node, mark: str, files: dict[str, bytes], *, right: int) -> MimeiId:
    mimei, _ = Catalog(node.engines).create(kind="fs", app="app", mark=mark, right=right)
    with TreeUpload(node.engines, mimei.id) as tree:
        for path, data in files.items():
            file = tree.file(parse_path(path))
            file.write(data)
            file.finish()
        tree.finish()
    backup(node.engines, mimei.id)
    release(node.engines, mimei.id)
    return mimei.id


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Visit the node once, as a stranger and as one who trusts it, and return what the browser saw."""
    if not (HERE.parents[1] / "web/node_modules/playwright-core").exists():
        pytest.fail("web/node_modules is missing; `make test` installs it, or run tools/node-packages")
    folder, address = tmp_path_factory.mktemp("lan"), stand_in()
    with served(settings_for(folder / "home", host=address, tls="local"), FakeMachine(name="desk")) as node:
        publish_welcome(node.node.engines)
        (welcome,) = (mimei.id for mimei in Catalog(node.node.engines).list(GUEST))
        public = published(node.node, "paper", {"index.html": PAGE}, right=pack(everyone=Act.READ_RELEASE))
        private = published(node.node, "diary", {"index.html": SECRET, "mine.js": b"1"}, right=0)
        authority = node.node.lan.authority
        assert authority is not None
        (folder / "stranger").mkdir()
        trusting_home(folder / "trusting", authority.pem)
        given = {
            "address": address,
            "port": node.node.port,
            "name": "desk.local",
            "home": str(folder),
            "link": f"https://{address}:{node.node.port}/#code={node.node.tokens.one_time_code()[0]}",
            "privateId": id_text(private),
            "publicId": id_text(public),
            "welcomeId": id_text(welcome),
        }
        done = subprocess.run(
            ["node", HERE / "lan.mjs", json.dumps(given)], capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found | given | {"fingerprint": authority.fingerprint, "base": f"https://{address}:{node.node.port}/"}


def test_a_browser_that_does_not_trust_the_authority_refuses_the_node(seen: dict[str, Any]) -> None:
    assert seen["untrusted"] == "ERR_CERT_AUTHORITY_INVALID"


def test_a_name_of_somebody_elses_that_leads_here_is_refused_twice(seen: dict[str, Any]) -> None:
    assert seen["foreign"] == "ERR_CERT_COMMON_NAME_INVALID"
    assert seen["rebound"] == 421


def test_a_browser_that_trusts_the_authority_meets_the_node_by_address_and_name(seen: dict[str, Any]) -> None:
    assert seen["troubles"] == []
    assert seen["byName"] == 200
    assert seen["guest"] == {"titles": ["paper", "welcome"], "secure": True}


def test_a_sign_in_link_opens_the_owners_view_and_tabs_follow(seen: dict[str, Any]) -> None:
    assert seen["owner"] == {"address": seen["base"], "titles": ["diary", "paper", "welcome"]}
    assert seen["live"] == 201


def test_an_app_runs_at_a_port_of_its_own(seen: dict[str, Any]) -> None:
    assert seen["app"] == {"origin": f"https://{seen['address']}:20000", "text": "for everyone", "storage": 0}
    assert seen["publicPath"] == 200


def test_the_welcome_app_knows_itself_and_leads_back_to_the_nodes_page(seen: dict[str, Any]) -> None:
    assert (seen["welcome"], seen["back"]) == (seen["welcomeId"], seen["base"])


def test_a_private_app_opens_from_the_page_and_stays_open(seen: dict[str, Any]) -> None:
    origin = f"https://{seen['address']}:20001"
    assert seen["private"] == {"origin": origin, "text": "mine", "cookie": ""}
    assert seen["again"] == "mine"
    name = f"__Host-leither-{seen['privateId']}"
    assert seen["cookie"] == {"name": name, "secure": True, "httpOnly": True, "sameSite": "Strict"}


def test_an_app_gets_nothing_of_another_one_or_of_the_node(seen: dict[str, Any]) -> None:
    assert (seen["api"], seen["fetched"], seen["script"], seen["framed"]) == ("refused", "refused", "refused", 404)
    assert seen["write"] in ("opaque", "refused")


def test_the_page_for_trusting_shows_the_authoritys_fingerprint(seen: dict[str, Any]) -> None:
    assert seen["fingerprint"] in seen["trust"]
