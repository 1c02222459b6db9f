"""Passkeys on the node's page, in Chromium with an authenticator that it plays itself."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.web.settings import WebSettings
from tests.browser.test_journey import _serve
from tests.unit.web.front import Front

pytestmark = [pytest.mark.browser, pytest.mark.network]
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Make a passkey, use it and remove it, once, and return what the browser saw."""
    if not (HERE.parents[1] / "web/node_modules/playwright-core").exists():
        pytest.fail("web/node_modules is missing; `make test` installs it, or run tools/node-packages")
    listening, another = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    front, other = (Front(WebSettings(port=each.getsockname()[1])) for each in (listening, another))
    given = {
        "base": front.settings.url,
        "elsewhere": other.settings.url,
        "byAddress": f"http://127.0.0.1:{front.settings.port}/",
        "link": f"{front.settings.url}#code={front.tokens.one_time_code()[0]}",
    }
    with (
        _serve(front, Users(front.engines, front.tokens, MemorySeeds()), listening),
        _serve(other, Users(other.engines, other.tokens, MemorySeeds()), another),
    ):
        done = subprocess.run(
            ["node", HERE / "passkeys.mjs", json.dumps(given)], capture_output=True, text=True, timeout=100
        )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"port": front.settings.port}


def test_a_passkey_is_made_for_the_host_and_found_by_the_browser(seen: dict[str, Any]) -> None:
    assert seen["made"] == [{"host": "localhost", "found": True}]
    assert seen["troubles"] == []


def test_the_page_of_passkeys_fits_a_phone_and_every_control_has_a_name(seen: dict[str, Any]) -> None:
    assert (seen["wider"], seen["nameless"]) == (False, [])


def test_a_device_that_has_one_is_told_so(seen: dict[str, Any]) -> None:
    assert seen["again"] == "This device has a passkey for you here already."


def test_whoever_signed_out_signs_in_by_it(seen: dict[str, Any]) -> None:
    assert (seen["guest"], seen["signedIn"]) == (0, True)


def test_a_page_at_another_port_gets_nothing_by_it(seen: dict[str, Any]) -> None:
    assert seen["elsewhere"] == {"status": 403, "code": "foreign-passkey"}


def test_a_removed_one_signs_nobody_in(seen: dict[str, Any]) -> None:
    assert seen["removed"].startswith("nobody here has this passkey")


def test_by_its_address_the_page_says_where_passkeys_work(seen: dict[str, Any]) -> None:
    assert "not at the address 127.0.0.1" in seen["byAddress"]
    assert f"http://localhost:{seen['port']}/" in seen["byAddress"]
