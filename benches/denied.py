"""Whether a client can tell what it may not read from what isn't there, by the time an answer takes."""

import asyncio
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

from benches.figure import Figure
from leither.crypto import KeyPair, MimeiId, derive_id, id_text
from leither.dav import create_dav
from leither.people.passport import issue
from leither.people.period import Period
from leither.service.catalog import Catalog
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.service.visits import Visits
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import memory_engines
from leither.web.api import ApiContext, NodeFacts, create_api
from leither.web.app import FrontDoor, create_app
from leither.web.settings import WebSettings

_TIMES = 400
_PATHS = {"API": "/api/v1/mimei/{}/log", "gateway": "/mm/{}/page", "WebDAV": "/dav/{}/page"}


def figures(*, repeats: int = 7) -> Iterator[Figure]:
    """Measure. Takes half a minute."""
    engines = memory_engines()
    tokens, settings = Tokens(engines), WebSettings(4800)
    users = Users(engines, tokens, MemorySeeds())
    denied = [Catalog(engines).create(kind="fs", mark=str(number))[0].id for number in range(50)]
    absent = [MimeiId(derive_id(b"absent %d" % number)) for number in range(50)]
    bob, now_ms = KeyPair(b"\7" * 32), engines.clock.now_ms()
    passport = issue(
        bob,
        person=bob.public,
        node=engines.identity.node.public,
        period=Period(now_ms, now_ms + 3_600_000),
        nonce=bytes(16),
    )
    secrets = {"a guest": None, "a visitor": Visits(engines, tokens).enter_with_passport(passport)[0]}
    users, facts = Users(engines, tokens, MemorySeeds()), NodeFacts("", "", 0, tuple, lambda: None)
    api = create_api(ApiContext(engines, tokens, users, settings, facts, tuple))
    door = create_app(engines, settings, tokens=tokens, api=api, dav=create_dav(engines, tokens))
    for who, secret in secrets.items():
        for name, path in _PATHS.items():
            rounds = [asyncio.run(_compare(door, path, secret, denied, absent)) for _ in range(repeats)]
            yield Figure(f"{name}, {who}: absent", "µs", [second for _, second in rounds])
            apart = [(first - second) / second * 100 for first, second in rounds]
            yield Figure(f"{name}, {who}: denied takes longer by", "%", apart, target="within 5")
    door.close()


async def _compare(
    door: FrontDoor, path: str, secret: str | None, denied: list[MimeiId], absent: list[MimeiId]
) -> tuple[float, float]:
    """Return the medians (µs) of answers for what is denied and for what is absent, asked for in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(_TIMES):
        for kind in (0, 1) if number % 2 else (1, 0):
            ids = (denied, absent)[kind]
            scope = _scope(path.format(id_text(ids[number % len(ids)])), secret)
            start = perf_counter()
            await door(scope, _wait, _drop)
            took[kind].append((perf_counter() - start) * 1e6)
    return median(took[0]), median(took[1])


async def _wait() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _drop(_: object) -> None:
    return None


def _scope(path: str, secret: str | None) -> dict[str, Any]:
    headers = [(b"host", b"localhost:4800")]
    if secret is not None:
        headers.append((b"authorization", b"Bearer " + secret.encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 4800),
    }
