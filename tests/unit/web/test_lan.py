"""Requests of other machines: which hosts they may name, where they are led, and what keeps apps of one host apart."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId, id_text
from leither.web.lan import Authority
from leither.web.settings import WebSettings
from tests.unit.web.front import PRIVATE, Front, Reply
from tests.unit.web.lan import ADDRESS, NAME, FakeLan

AUTHORITY = Authority(b"-----BEGIN CERTIFICATE-----\n", b"\x30\x82", "AB:CD:EF:01", 0)
PAGE = {"Accept": "text/html"}


@pytest.fixture
def lan() -> FakeLan:
    return FakeLan(authority=AUTHORITY)


@pytest.fixture
def front(lan: FakeLan) -> Front:
    return Front(WebSettings(port=4800, lan=lan))


def ask(front: Front, path: str = "/", *, host: str = f"{ADDRESS}:4800", **options: object) -> Reply:
    return front.get(path, host=host, scheme="https", **options)


def entered(front: Front, mimei: MimeiId, host: str) -> Reply:
    """Go to a private app by its one-time link."""
    code, _ = front.tokens.one_time_code(mimei)
    return ask(front, f"/.leither/enter?code={code}", host=host)


# Hosts


@pytest.mark.parametrize("host", [f"{ADDRESS}:4800", f"{NAME}:4800", "DESK.local:4800", "[fd00::1]:4800"])
def test_the_node_answers_to_its_addresses_and_names(front: Front, host: str) -> None:
    assert ask(front, "/healthz", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4800", "evil.example", "192.168.1.6:4800", f"{ADDRESS}:4801", ADDRESS, f"{NAME}.:4800", "",
        f"{ADDRESS}:4800:4800", f"{ADDRESS}:", f"{ADDRESS}:x", "localhost:4800", "127.0.0.1:4800", f"x@{ADDRESS}:4800",
        "a" * 32 + ".localhost:4800", f"{ADDRESS}:4810", f"{ADDRESS}:-4800", f"{ADDRESS}:+4800", f"{ADDRESS}:٤٨٠٠",
    ],
)  # fmt: skip
def test_a_name_that_is_made_to_lead_here_is_misdirected(front: Front, host: str) -> None:
    for path in ("/healthz", "/", "/api/v1/status", "/trust"):
        reply = front.get(path, host=host.encode().decode("latin-1"), scheme="https")
        assert reply.status == 421, path


def test_without_encryption_the_hosts_of_other_machines_are_no_hosts_where_it_is_spoken(front: Front) -> None:
    assert front.get("/healthz", host=f"{ADDRESS}:4800").status == 421
    assert front.get("/healthz", host="localhost:4800").status == 200


def test_a_node_that_speaks_in_the_clear_answers_to_both_kinds_of_hosts() -> None:
    front = Front(WebSettings(port=4800, lan=FakeLan(secure=False)))
    assert front.get("/healthz", host=f"{ADDRESS}:4800").status == 200
    assert front.get("/healthz", host="localhost:4800").status == 200
    assert ask(front, "/healthz").status == 421


def test_the_port_is_left_out_where_it_is_the_schemes_own() -> None:
    front = Front(WebSettings(port=443, lan=FakeLan(port=443)))
    assert ask(front, "/healthz", host=ADDRESS).status == 200
    assert ask(front, "/healthz", host="[fd00::1]").status == 200


def test_a_write_must_come_from_the_same_port(front: Front) -> None:
    def write(origin: str) -> int:
        return front.call(
            "POST", "/api/v1/mimei", host=f"{ADDRESS}:4800", scheme="https", headers={"Origin": origin}
        ).status

    assert write(f"https://{ADDRESS}:4800") == 200
    for origin in (f"https://{ADDRESS}:4810", f"http://{ADDRESS}:4800", f"https://{NAME}:4800", "https://evil.example"):
        assert write(origin) == 403


# Apps


def test_a_path_leads_to_the_apps_own_port_by_the_same_host(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"one", "sub/index.html": b"two"})
    for host in (ADDRESS, NAME, "[fd00::1]"):
        reply = ask(front, f"/mm/{id_text(mimei)}/sub/?q=1", host=f"{host}:4800", headers=PAGE)
        assert (reply.status, reply.headers["location"]) == (302, f"https://{host}:4810/sub/?q=1")
    assert lan.ports == {mimei: 4810}
    assert ask(front, "/sub/", host=f"{ADDRESS}:4810").body == b"two"


def test_on_this_machine_the_same_path_leads_to_the_apps_own_name(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"one"})
    reply = front.get(f"/mm/{id_text(mimei)}/", headers=PAGE)
    assert reply.headers["location"] == f"http://{id_text(mimei)}.localhost:4800/"
    assert lan.ports == {}


def test_each_app_has_a_port_of_its_own_and_only_its_app_is_there(front: Front, lan: FakeLan) -> None:
    apps = [front.publish(name, {"index.html": name.encode()})[0] for name in ("one", "two")]
    for app in apps:
        ask(front, f"/mm/{id_text(app)}/", headers=PAGE)
    found = [ask(front, host=f"{ADDRESS}:{lan.ports[app]}").body for app in apps]
    assert found == [b"one", b"two"]
    assert ask(front, "/api/v1/status", host=f"{ADDRESS}:4810").status == 404


def test_what_a_guest_may_not_read_takes_up_no_port(front: Front, lan: FakeLan) -> None:
    hidden, _ = front.publish("hidden", {"index.html": b"one"}, right=PRIVATE)
    assert ask(front, f"/mm/{id_text(hidden)}/", headers=PAGE).status == 404
    draft = front.make("draft", {"index.html": b"one"})
    assert ask(front, f"/mm/{id_text(draft)}/", headers=PAGE).status == 404
    assert lan.ports == {}


def test_an_app_without_a_port_left_is_told_so() -> None:
    front = Front(WebSettings(port=4800, lan=FakeLan(room=1)))
    first, _ = front.publish("first", {"index.html": b"one"})
    ask(front, f"/mm/{id_text(first)}/", headers=PAGE)
    mimei, _ = front.publish("a", {"index.html": b"one"})
    reply = ask(front, f"/mm/{id_text(mimei)}/", headers=PAGE)
    assert (reply.status, b"no-port-left" in reply.body) == (413, True)


def test_pages_of_the_node_lead_back_the_way_the_request_came(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"one"}, right=PRIVATE)
    lan.ports[mimei] = 4810
    assert f"https://{NAME}:4800/".encode() in ask(front, host=f"{NAME}:4810").body
    assert b"http://localhost:4800/" in front.app(mimei).body
    there = ask(front, "/.leither/node", host=f"{NAME}:4810")
    assert (there.status, there.headers["location"]) == (302, f"https://{NAME}:4800/")
    assert ask(front, "/.leither/id", host=f"{ADDRESS}:4810").body == id_text(mimei).encode()


# Cookies


def test_the_cookie_of_a_private_app_is_secure_and_named_after_it(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"secret"}, right=PRIVATE)
    lan.ports[mimei] = 4810
    cookie, *attributes = entered(front, mimei, f"{ADDRESS}:4810").headers["set-cookie"].split("; ")
    assert cookie.partition("=")[0] == f"__Host-leither-{id_text(mimei)}"
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]
    inside = ask(front, host=f"{ADDRESS}:4810", headers={"Cookie": f"other=1; {cookie}"})
    assert (inside.body, inside.headers["cross-origin-resource-policy"]) == (b"secret", "same-origin")
    assert inside.headers["content-security-policy"] == "frame-ancestors 'self'"


def test_without_encryption_the_cookie_is_named_after_its_app_as_well() -> None:
    lan = FakeLan(secure=False)
    front = Front(WebSettings(port=4800, lan=lan))
    mimei, _ = front.publish("a", {"index.html": b"secret"}, right=PRIVATE)
    lan.ports[mimei] = 4810
    code, _ = front.tokens.one_time_code(mimei)
    reply = front.get(f"/.leither/enter?code={code}", host=f"{ADDRESS}:4810")
    cookie, *attributes = reply.headers["set-cookie"].split("; ")
    assert cookie.startswith(f"leither-{id_text(mimei)}=")
    assert attributes == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert front.get("/", host=f"{ADDRESS}:4810", headers={"Cookie": cookie}).body == b"secret"


def test_a_cookie_that_any_page_of_the_host_could_have_set_opens_nothing(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"secret"}, right=PRIVATE)
    lan.ports[mimei] = 4810
    cookie = entered(front, mimei, f"{ADDRESS}:4810").headers["set-cookie"].partition(";")[0]
    secret = cookie.partition("=")[2]
    for name in ("leither", f"leither-{id_text(mimei)}", "__Host-leither"):
        assert ask(front, host=f"{ADDRESS}:4810", headers={"Cookie": f"{name}={secret}"}).status == 404


@pytest.mark.parametrize(
    ("site", "mode", "dest", "status"),
    [
        ("same-origin", "cors", "empty", 200),
        ("none", "navigate", "document", 200),
        ("same-site", "navigate", "document", 200),
        ("same-site", "navigate", "iframe", 404),
        ("same-site", "no-cors", "script", 404),
        ("same-site", "no-cors", "image", 404),
        ("cross-site", "cors", "empty", 404),
    ],
)
def test_another_app_of_the_host_gets_nothing_by_the_cookie(
    front: Front, lan: FakeLan, site: str, mode: str, dest: str, status: int
) -> None:
    mimei, _ = front.publish("a", {"index.html": b"secret"}, right=PRIVATE)
    lan.ports[mimei] = 4810
    cookie = entered(front, mimei, f"{ADDRESS}:4810").headers["set-cookie"].partition(";")[0]
    headers = {"Cookie": cookie, "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    assert ask(front, host=f"{ADDRESS}:4810", headers=headers).status == status


# Insisting on TLS


def test_a_browser_is_made_to_insist_on_encryption_for_names_alone(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"one"})
    lan.ports[mimei] = 4810
    for path, port in (("/", 4800), ("/healthz", 4800), ("/api/v1/status", 4800), ("/", 4810), ("/none", 4810)):
        promise = ask(front, path, host=f"{NAME}:{port}").headers["strict-transport-security"]
        assert promise == "max-age=2592000", path
        for host in (ADDRESS, "[fd00::1]"):
            assert "strict-transport-security" not in ask(front, path, host=f"{host}:{port}").headers
    assert "strict-transport-security" not in ask(front, "/", host="localhost:4800").headers
    assert "strict-transport-security" not in front.get("/").headers
    assert "strict-transport-security" not in front.app(mimei).headers


def test_an_answer_that_is_kept_ready_insists_too(front: Front, lan: FakeLan) -> None:
    mimei, _ = front.publish("a", {"index.html": b"one"})
    lan.ports[mimei] = 4810

    def ready(host: str, scheme: str) -> tuple[bytes, bytes] | None:
        return front.door.at_once(
            {
                "type": "http", "method": "GET", "raw_path": b"/", "query_string": b"", "scheme": scheme,
                "headers": [(b"host", host.encode())],
            }
        )  # fmt: skip

    def lines(host: str, scheme: str) -> bytes:
        found = ready(host, scheme)
        assert found is not None
        return found[0]

    assert ready(f"{NAME}:4810", "https") is None
    ask(front, host=f"{NAME}:4810")
    assert b"strict-transport-security: max-age=2592000\r\n" in lines(f"{NAME}:4810", "https")
    assert b"strict-transport-security" not in lines(f"{ADDRESS}:4810", "https")
    assert b"strict-transport-security" not in lines(f"{id_text(mimei)}.localhost:4800", "http")


# Trusting the node


def test_the_authority_is_given_to_whoever_asks_in_both_forms(front: Front) -> None:
    pem, der = ask(front, "/trust/leither-authority.pem"), ask(front, "/trust/leither-authority.crt")
    assert (pem.body, pem.headers["content-type"]) == (AUTHORITY.pem, "application/x-pem-file")
    assert (der.body, der.headers["content-type"]) == (AUTHORITY.der, "application/x-x509-ca-cert")


def test_the_page_for_trusting_shows_the_fingerprint_and_every_kind_of_machine(front: Front) -> None:
    reply = ask(front, "/trust")
    text = reply.body.decode()
    assert "AB:CD:<wbr>EF:01" in text
    for kind in ("Debian, Ubuntu", "Fedora", "Arch", "macOS", "Windows", "iPhone", "Android", "Firefox", "Chromium"):
        assert kind in text
    assert "{file}" not in text
    assert "`" not in text
    assert "default-src 'none'" in reply.headers["content-security-policy"]


def test_a_node_that_vouches_for_nothing_has_nothing_to_trust(front: Front, lan: FakeLan) -> None:
    assert ask(front, "/trust/authority.key").status == 404
    lan.authority = None
    assert ask(front, "/trust").status == 404
    assert Front().get("/trust").status == 404
