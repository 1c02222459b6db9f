"""A web page can make a browser send bytes to any port of this machine; here they do nothing."""

from __future__ import annotations

import logging

import pytest

from tests.unit.resp.served import Client, Served, packed

FORM = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1:4802\r\nConnection: keep-alive\r\nContent-Length: %d\r\n"
    b"Cache-Control: max-age=0\r\nOrigin: null\r\nContent-Type: text/plain\r\nUpgrade-Insecure-Requests: 1\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Encoding: gzip, deflate\r\n"
    b"\r\n%b"
)
FETCH = (
    b'%b / HTTP/1.1\r\nHost: localhost:4802\r\nsec-ch-ua: "Chromium";v="140"\r\nsec-ch-ua-mobile: ?0\r\n'
    b"Content-Length: %d\r\nContent-Type: text/plain;charset=UTF-8\r\nOrigin: http://elsewhere.example\r\n\r\n%b"
)


def commands(door: Served, *, inline: bool) -> bytes:
    """What opens the database and changes it, with the token that the page was given."""
    lines = [("AUTH", door.id, door.token), ("SET", "planted", "1"), ("FLUSHALL",)]
    if inline:
        return b"".join(" ".join(words).encode() + b"\r\n" for words in lines)
    return b"".join(packed(*words) for words in lines)


@pytest.mark.parametrize("inline", [True, False])
def test_the_commands_run_where_no_request_stands_before_them(door: Served, client: Client, *, inline: bool) -> None:
    client.ask("SET", "mine", "kept")
    with Client(door.port) as page:
        page.socket.sendall(commands(door, inline=inline))
        assert [page.reply() for _ in range(3)] == [b"+OK\r\n"] * 3
    assert client.ask("DBSIZE") == b":0\r\n"


@pytest.mark.parametrize("inline", [True, False])
def test_nothing_in_a_form_that_a_page_posts_runs(
    door: Served, client: Client, caplog: pytest.LogCaptureFixture, *, inline: bool
) -> None:
    client.ask("SET", "mine", "kept")
    body = commands(door, inline=inline)
    with caplog.at_level(logging.WARNING), Client(door.port) as page:
        page.socket.sendall(FORM % (len(body), body))
        assert page.rest() == b""
    assert client.ask("KEYS", "*") == b"*1\r\n$4\r\nmine\r\n"
    assert "possible attack: it sent POST" in caplog.text


@pytest.mark.parametrize("method", [b"GET", b"PUT", b"OPTIONS", b"SET"])
def test_nothing_in_any_other_request_of_a_page_runs(door: Served, client: Client, method: bytes) -> None:
    client.ask("SET", "mine", "kept")
    body = commands(door, inline=False)
    with Client(door.port) as page:
        page.socket.sendall(FETCH % (method, len(body), body))
        assert b"+OK" not in page.rest()
    assert client.ask("KEYS", "*") == b"*1\r\n$4\r\nmine\r\n"


def test_what_comes_after_the_request_in_a_packet_of_its_own_does_not_run_either(door: Served, client: Client) -> None:
    client.ask("SET", "mine", "kept")
    head, _, _ = (FORM % (0, b"")).partition(b"Host:")
    with Client(door.port) as page:
        page.socket.sendall(head)
        assert page.rest() == b""
    assert client.ask("DBSIZE") == b":1\r\n"


def test_a_client_that_is_at_work_is_dropped_by_the_same_words(client: Client) -> None:
    client.send("Host:", "127.0.0.1")
    client.send("SET", "planted", "1")
    assert client.rest() == b""
