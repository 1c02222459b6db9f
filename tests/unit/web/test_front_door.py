"""What the front door lets in, and where it sends it."""

import asyncio

import pytest

from leither import limits
from leither.crypto import id_text
from leither.http.asgi import Message, Scope
from leither.web.settings import WebSettings
from tests.unit.web.front import PORT, Front


@pytest.fixture(scope="module")
def front() -> Front:
    return Front()


@pytest.mark.parametrize("host", ["localhost:4800", "LOCALHOST:4800", "127.0.0.1:4800", "[::1]:4800"])
def test_the_node_answers_for_its_own_names(front: Front, host: str) -> None:
    assert front.get("/healthz", host=host).body == b"ok\n"


@pytest.mark.parametrize(
    "host",
    [
        None, "", "localhost", "localhost:4801", "localhost.:4800", "evil.example:4800", "127.0.0.1.evil.example:4800",
        "evil.localhost:4800", "a" * 31 + ".localhost:4800", "a" * 33 + ".localhost:4800",
        "x." + "a" * 32 + ".localhost:4800",
        "localhost:4800:4800", "localhost:4800@evil.example", "user@localhost:4800", "0.0.0.0:4800",
    ],
)  # fmt: skip
def test_any_other_host_is_misdirected(front: Front, host: str | None) -> None:
    reply = front.get("/healthz", host=host)
    assert reply.status == 421
    assert b"misdirected" in reply.body


def test_two_host_headers_are_refused(front: Front) -> None:
    assert front.get("/healthz", headers={"Host": "evil.example"}).status == 400


def test_the_port_may_be_left_out_where_it_is_the_schemes_own() -> None:
    front = Front(WebSettings(port=80))
    assert front.get("/healthz", host="localhost").status == 200
    assert front.get("/healthz", host="localhost:80").status == 200


def test_extra_hosts_are_answered_as_given() -> None:
    front = Front(WebSettings(port=PORT, extra_hosts=frozenset({"nas.example:8443"})))
    assert front.get("/healthz", host="nas.example:8443").status == 200
    assert front.get("/healthz", host="nas.example:4800").status == 421


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://localhost:4800", "http://localhost", ""])
def test_a_write_from_another_origin_is_refused(front: Front, origin: str) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert front.call(method, "/api/v1/mimei", headers={"Origin": origin}).status == 403


def test_a_write_from_an_app_is_refused(front: Front) -> None:
    origin = "http://" + "a" * 32 + ".localhost:4800"
    assert front.call("POST", "/api/v1/mimei", headers={"Origin": origin}).status == 403


def test_writes_from_the_nodes_own_page_and_from_programs_reach_the_api(front: Front) -> None:
    assert (
        front.call("POST", "/api/v1/mimei", headers={"Origin": "http://localhost:4800"}).body == b"POST /api/v1/mimei"
    )
    assert front.call("POST", "/api/v1/mimei").status == 200


def test_another_loopback_name_is_another_origin(front: Front) -> None:
    assert front.call("POST", "/api/v1/mimei", headers={"Origin": "http://127.0.0.1:4800"}).status == 403


def test_the_api_sees_the_path_as_it_was_sent(front: Front) -> None:
    assert front.get("/api/v1/a%2Fb//c").body == b"GET /api/v1/a%2Fb//c"


def test_head_of_the_api_is_a_get_without_its_body(front: Front) -> None:
    reply = front.call("HEAD", "/api/v1/x")
    assert (reply.status, reply.headers["content-length"], reply.body, reply.complete) == (200, "13", b"", True)


def test_a_long_address_is_refused(front: Front) -> None:
    assert front.get("/" + "a" * limits.URL_BYTES_MAX).status == 414


def test_many_or_large_headers_are_refused(front: Front) -> None:
    assert front.get("/healthz", headers={"x": "y" * limits.HEADER_BYTES_MAX}).status == 431
    assert front.get("/healthz", headers={f"x{n}": "y" for n in range(limits.HEADERS_MAX)}).status == 431


@pytest.mark.parametrize("path", ["/", "/healthz", "/metrics"])
def test_head_answers_where_get_does_and_writes_do_not(front: Front, path: str) -> None:
    get, head = front.get(path), front.call("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers.keys() == get.headers.keys()
    assert front.call("PUT", path).status == 405


def test_the_page_lets_nothing_but_itself_run(front: Front) -> None:
    headers = front.get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"


def test_the_page_is_not_sent_again_while_it_is_the_same(front: Front) -> None:
    etag = front.get("/").headers["etag"]
    assert front.get("/", headers={"If-None-Match": etag}).status == 304


def test_metrics_count_requests_and_are_for_this_machine_only() -> None:
    front = Front()
    front.get("/healthz")
    front.get("/healthz", host="evil.example")
    text = front.get("/metrics").body.decode()
    assert 'leither_http_requests_total{route="healthz",status="200"} 1.0' in text
    assert 'leither_http_requests_total{route="refused",status="421"} 1.0' in text
    assert "leither_blocks " in text
    assert front.get("/metrics", client="192.0.2.1").status == 404


def test_metrics_tell_no_addresses() -> None:
    front = Front()
    mimei, version = front.publish("secret-mark", {"secret-name.txt": b"x"})
    front.app(mimei, "/secret-name.txt?code=secret-code")
    front.get(f"/ipfs/{front.content(version)}")
    text = front.get("/metrics").body.decode()
    assert "secret" not in text
    assert id_text(mimei) not in text


def test_names_of_the_network_are_not_found(front: Front) -> None:
    assert front.get("/ipns/example.com").status == 404


def _handshake(front: Front, path: str, headers: dict[str, str]) -> list[Message]:
    scope: Scope = {
        "type": "websocket",
        "raw_path": path.encode(),
        "path": path,
        "query_string": b"",
        "scheme": "ws",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(front.door(scope, receive, send))
    return sent


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/watch", {"host": "localhost:4800", "origin": "http://evil.example"}),
        ("/api/v1/watch", {"host": "localhost:4800", "origin": "null"}),
        ("/api/v1/watch", {"host": "evil.example:4800", "origin": "http://evil.example:4800"}),
        ("/api/v1/watch", {"host": "a" * 32 + ".localhost:4800"}),
        ("/watch", {"host": "localhost:4800"}),
    ],
)
def test_a_foreign_websocket_is_closed_before_it_opens(front: Front, path: str, headers: dict[str, str]) -> None:
    assert [message["type"] for message in _handshake(front, path, headers)] == ["websocket.close"]


def test_a_websocket_of_the_nodes_page_or_a_program_opens(front: Front) -> None:
    for headers in ({"host": "localhost:4800", "origin": "http://localhost:4800"}, {"host": "localhost:4800"}):
        assert [message["type"] for message in _handshake(front, "/api/v1/watch", headers)] == ["websocket.accept"]
