"""The node's page and apps in Chromium, over a real server with the real API."""

import json
import socket
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from leither.crypto import id_text, read_phrase
from leither.dav import create_dav
from leither.node.serving import serving_in_thread
from leither.service.history import release
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.web.api import create_api
from leither.web.api.context import ApiContext, NodeFacts
from leither.web.app import create_app
from leither.web.settings import WebSettings
from tests.unit.web.front import PRIVATE, Front

pytestmark = [pytest.mark.browser, pytest.mark.network]
HERE = Path(__file__).parent


def _serve(front: Front, users: Users, listening: socket.socket) -> AbstractContextManager[None]:
    facts = NodeFacts(
        version="0", home="", started_ms=front.clock.now_ms(), listening=lambda: [], memory_bytes=lambda: None
    )
    context = ApiContext(
        engines=front.engines,
        tokens=front.tokens,
        users=users,
        settings=front.settings,
        node=facts,
        config_rows=lambda: [],
    )
    app = create_app(
        front.engines,
        front.settings,
        tokens=front.tokens,
        api=create_api(context),
        dav=create_dav(front.engines, front.tokens),
    )
    return serving_in_thread(app, [listening])


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Go through the whole journey once and return what the browser saw."""
    if not (HERE.parents[1] / "web/node_modules/playwright-core").exists():
        pytest.fail("web/node_modules is missing; `make test` installs it, or run tools/node-packages")
    listening = socket.create_server(("127.0.0.1", 0))
    front = Front(WebSettings(port=listening.getsockname()[1]))
    private, _ = front.publish("diary", {"index.html": b"<p id=secret>mine</p>"}, right=PRIVATE)
    public, _ = front.publish("paper", {"index.html": b"first"})
    front.fill(public, {"index.html": b"second"})
    release(front.engines, public, front.save(public))
    folder = tmp_path_factory.mktemp("upload") / "site"
    (folder / "ünï").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><script type=module src=made.js></script>")
    (folder / "made.js").write_text('document.body.innerHTML = "<p id=made>made by a script</p>"')
    (folder / "ünï" / "☃ deep name.txt").write_text("deep")
    users = Users(front.engines, front.tokens, MemorySeeds())
    given = {
        "invitation": f"{front.settings.url}#invite={users.invite('Ann')[0]}",
        "base": front.settings.url,
        "link": f"{front.settings.url}#code={front.tokens.one_time_code()[0]}",
        "privateId": id_text(private),
        "publicId": id_text(public),
        "folder": str(folder),
    }
    with _serve(front, users, listening):
        done = subprocess.run(
            ["node", HERE / "journey.mjs", json.dumps(given)], capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"port": front.settings.port, "ids": given}


def test_nothing_goes_wrong_and_nothing_leaves_the_machine(seen: dict[str, Any]) -> None:
    assert seen["troubles"] == []
    assert seen["foreign"] == []


def test_a_guest_sees_what_is_public_and_can_publish_nothing(seen: dict[str, Any]) -> None:
    assert seen["guest"] == {"titles": ["paper"], "publish": 0}


def test_a_sign_in_link_opens_the_owners_view_and_leaves_the_address_bar(seen: dict[str, Any]) -> None:
    assert seen["owner"] == {"address": f"http://localhost:{seen['port']}/", "titles": ["diary", "paper"]}


def test_a_folder_becomes_an_app_that_runs_at_its_own_origin(seen: dict[str, Any]) -> None:
    origin = seen["app"]["origin"]
    assert origin.endswith(f".localhost:{seen['port']}")
    assert (seen["app"]["made"], seen["app"]["deep"]) == ("made by a script", "deep")


def test_a_page_open_in_another_tab_follows_by_itself(seen: dict[str, Any]) -> None:
    assert sorted(seen["live"]) == ["diary", "paper", "site"]


def test_an_app_reaches_neither_the_session_nor_the_api(seen: dict[str, Any]) -> None:
    assert (seen["app"]["storage"], seen["app"]["api"]) == (0, "refused")
    assert seen["app"]["write"] in ("opaque", "refused")


def test_a_private_app_opens_from_the_page_and_stays_open(seen: dict[str, Any]) -> None:
    address = f"http://{seen['ids']['privateId']}.localhost:{seen['port']}/"
    assert seen["private"] == {"text": "mine", "address": address, "cookie": "", "again": "mine"}


def test_versions_are_shown_and_rolled_back(seen: dict[str, Any]) -> None:
    assert seen["versions"]["shown"] == ["Version 0releasedlast"]
    assert seen["versions"]["focus"] == "main"
    assert seen["rolledBack"] is True
    assert any(each.startswith("You (Chrome) released a version") for each in seen["used"]), seen["used"]


def test_every_control_has_a_name_and_the_keyboard_finds_the_content_first(seen: dict[str, Any]) -> None:
    assert seen["nameless"] == []
    assert seen["firstStop"] == "Skip to content"


def test_the_page_fits_a_phone(seen: dict[str, Any]) -> None:
    assert seen["wider"] is False


def test_signing_out_leaves_nothing_in_the_browser(seen: dict[str, Any]) -> None:
    assert seen["after"] == 0


def test_who_is_invited_sees_their_words_once_and_is_signed_in(seen: dict[str, Any]) -> None:
    joined = seen["joined"]
    assert len(read_phrase(" ".join(joined["words"]))) == 32
    assert (joined["who"], sorted(joined["titles"])) == ("Signed in as Ann", ["paper", "site"])
    assert (joined["address"], joined["wider"]) == (f"http://localhost:{seen['port']}/", False)
