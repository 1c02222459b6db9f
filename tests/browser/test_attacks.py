"""What hostile contents and pages elsewhere try against a node, in Chromium, over a real server with the real API."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from leither.crypto import KeyPair, id_text
from leither.mimei.address import LAST
from leither.people import Act, right
from leither.people.passport import issue
from leither.people.period import Period
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.grants import give
from leither.service.holding import load
from leither.service.tags import add
from leither.service.users import Users
from leither.service.versions import resolve
from leither.store.memory_seeds import MemorySeeds
from leither.web.settings import WebSettings
from tests.browser.test_journey import HERE, _serve
from tests.unit.web.front import OPEN, PRIVATE, Front

pytestmark = [pytest.mark.browser, pytest.mark.network]
MARKUP = "<img src=x onerror=alert(1)>"
SCRIPT = b"<script>document.title = 'ran'; alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "ran"; alert(1)</script></svg>'
BOB = KeyPair(b"\7" * 32)


class _Evil(BaseHTTPRequestHandler):
    """A site elsewhere. It keeps what it was sent."""

    kept: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.kept.append((self.path, self.headers.get("referer")))
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><body>elsewhere")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def evil_site() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    kept: list[tuple[str, str | None]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Evil", (_Evil,), {"kept": kept}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def furnished(front: Front, evil: str) -> dict[str, Any]:
    """Fill a node with hostile contents, and grant something to a friend."""
    engines, port = front.engines, front.settings.port
    files = {f"{MARKUP}/{MARKUP}.txt": b"x", "page.html": SCRIPT, "page.svg": SVG, "\\\\evil.example/x": b"x"}
    marked = front.make(MARKUP, files, right=OPEN)
    assert backup(engines, marked, note=MARKUP).changed
    add(engines, marked, "topic", MARKUP)
    with engines.state.read() as view:
        cid = resolve(engines, view, load(engines, view, marked), LAST)
    content = front.content(cid)
    app, _ = front.publish("hostile app", {"\\evil.example/index.html": b"x", "%5cevil.example/index.html": b"x"})
    granted, _ = front.publish("granted", {"index.html": b"<p id=secret>for Bob</p>"}, right=PRIVATE)
    now = engines.clock.now_ms()
    with engines.state.read() as view:
        held = load(engines, view, granted)
    give(
        engines,
        held,
        engines.identity.person,
        to=BOB.public,
        acts=Act.READ_RELEASE,
        period=Period(now, now + 3_600_000),
    )
    assert right.text(Catalog(engines).change_control(marked).control.right)
    named, origin = id_text(marked), f"http://{id_text(app)}.localhost:{port}"
    return {
        "base": front.settings.url,
        "link": f"{front.settings.url}#code={front.tokens.one_time_code()[0]}",
        "evil": evil,
        "rebound": f"http://rebound.example:{port}/",
        "hostile": [
            f"/mm/{named}@last/page.html",
            f"/mm/{named}@last/page.svg",
            f"/ipfs/{content}/page.html",
            f"/ipfs/{content}/page.svg",
            f"/dav/{named}@last/page.html",
        ],
        "ids": {"marked": named},
        "granted": "granted",
        "passport": issue(
            BOB,
            person=BOB.public,
            node=engines.identity.node.public,
            period=Period(now, now + 3_600_000),
            nonce=bytes(16),
        ),
        "dirty": dirty(f"http://localhost:{port}", origin, f"/mm/{named}@last", f"/ipfs/{content}"),
    }


def dirty(node: str, origin: str, at_last: str, by_content: str) -> list[str]:
    """Return addresses that would like to lead elsewhere."""
    return [
        f"{node}//evil.example/",
        f"{node}/%2f%2fevil.example/",
        f"{node}/%5c%5cevil.example/",
        f"{node}/static/..%2f..%2fetc/passwd",
        f"{node}{at_last}/%5C%5Cevil.example",
        f"{node}{at_last}//evil.example/",
        f"{node}{by_content}/%5C%5Cevil.example",
        f"{origin}/%5Cevil.example",
        f"{origin}/%255cevil.example",
        f"{origin}//evil.example",
        f"{origin}/.leither/enter?code=x&next=//evil.example",
        f"{node}/?next=//evil.example&redirect=//evil.example",
    ]


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Try everything once, and return what came of it."""
    listening = socket.create_server(("127.0.0.1", 0))
    front = Front(WebSettings(port=listening.getsockname()[1]))
    with evil_site() as (evil, kept), _serve(front, Users(front.engines, front.tokens, MemorySeeds()), listening):
        given = furnished(front, evil)
        done = subprocess.run(
            ["node", HERE / "attacks.mjs", json.dumps(given)], capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        marks = [mimei.genesis.mark for mimei in Catalog(front.engines).list(_owner())]
    return found | {"port": front.settings.port, "kept": kept, "marks": marks, "given": given}


def _owner() -> Any:  # noqa: ANN401
    from leither.people import OWNER

    return OWNER


def test_nothing_that_was_tried_ran(seen: dict[str, Any]) -> None:
    assert seen["dialogs"] == []


def test_markup_in_names_and_notes_shows_as_text(seen: dict[str, Any]) -> None:
    assert seen["made"] == 0
    assert seen["shown"].count(MARKUP) >= 2


def test_the_node_s_page_runs_no_script_that_was_put_into_it(seen: dict[str, Any]) -> None:
    assert seen["inline"] == "refused"


def test_pages_and_pictures_at_path_addresses_run_nothing_and_have_no_origin(seen: dict[str, Any]) -> None:
    assert len(seen["ran"]) == 5
    for address, (status, title, origin) in seen["ran"].items():
        assert (status, title != "ran", origin) == (200, True, "null"), address


def test_a_page_elsewhere_reads_nothing_and_writes_nothing(seen: dict[str, Any]) -> None:
    assert (seen["refused"]["read"], seen["refused"]["put"]) == ("refused", "refused")
    statuses = [(path, status) for _, path, status in seen["statuses"]["forged"]]
    assert statuses == [("/api/v1/mimei", 403), ("/api/v1/session/visit", 403), ("/api/v1/mimei", 403)]
    assert "forged" not in seen["marks"]


def test_a_page_elsewhere_opens_no_websocket(seen: dict[str, Any]) -> None:
    assert seen["refused"]["socket"] == "refused"


def test_a_page_elsewhere_shows_the_node_s_page_in_no_frame(seen: dict[str, Any]) -> None:
    assert len(seen["framed"]) == 1
    assert "Sign out" not in seen["framed"][0]


def test_a_foreign_name_that_leads_here_is_answered_nothing(seen: dict[str, Any]) -> None:
    assert seen["statuses"]["rebound"] == 421


def test_no_address_leads_elsewhere(seen: dict[str, Any]) -> None:
    assert len(seen["landed"]) == len(seen["given"]["dirty"])
    assert [host for host in seen["landed"] if not host.endswith(f"localhost:{seen['port']}")] == []


def test_a_passport_behind_the_address_opens_a_session_and_leaves_the_address_bar(seen: dict[str, Any]) -> None:
    visitor = seen["visitor"]
    assert visitor["address"] == f"http://localhost:{seen['port']}/"
    assert visitor["who"] == f"Signed in as {id_text(BOB.id)}"


def test_a_visitor_opens_a_private_app_that_was_granted_to_them(seen: dict[str, Any]) -> None:
    assert seen["visitor"]["app"] == "for Bob"


def test_what_lets_somebody_in_is_told_to_no_other_site(seen: dict[str, Any]) -> None:
    assert ("/from-node", None) in seen["kept"]
    assert ("/from-app", None) in seen["kept"]
    assert not any(seen["given"]["passport"] in path for path, _ in seen["kept"])
