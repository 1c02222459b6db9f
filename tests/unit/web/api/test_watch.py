"""Watchers hear of what they may read, and of nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import ExitStack, asynccontextmanager
from typing import Any

from leither import limits
from leither.crypto import KeyId, MimeiId, parse_id
from leither.people import Scope
from leither.service.events import Event
from leither.web.api.watch import BAD_REQUEST, BAD_TOKEN, TOO_MANY, Backlog
from tests.unit.web.api.node import Node

Message = MutableMapping[str, Any]


class Watcher:
    """The client's side of a watch."""

    def __init__(self) -> None:
        self.to_node: asyncio.Queue[Message] = asyncio.Queue()
        self.from_node: asyncio.Queue[Message] = asyncio.Queue()

    async def say(self, **members: object) -> None:
        await self.to_node.put({"type": "websocket.receive", "text": json.dumps(members)})

    async def hear(self) -> Any:  # noqa: ANN401
        message = await self.from_node.get()
        return json.loads(message["text"]) if message["type"] == "websocket.send" else message


@asynccontextmanager
async def watching(node: Node, token: str | None = None) -> AsyncIterator[Watcher]:
    watcher = Watcher()
    headers = [(b"host", b"localhost:4800")]
    if token is not None:
        headers.append((b"authorization", f"Bearer {token}".encode()))
    scope = {"type": "websocket", "path": "", "raw_path": b"/api/v1/watch", "query_string": b"", "headers": headers}
    rest = {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 4800), "scheme": "ws", "subprotocols": []}
    await watcher.to_node.put({"type": "websocket.connect"})
    task = asyncio.ensure_future(node.api({**scope, **rest}, watcher.to_node.get, watcher.from_node.put))
    assert (await watcher.from_node.get())["type"] == "websocket.accept"
    try:
        yield watcher
    finally:
        await watcher.to_node.put({"type": "websocket.disconnect", "code": 1000})
        await task


async def signed_in(node: Node, watcher: Watcher, probe: str, **first: object) -> None:
    """Send the first message, wait until the node has taken it, and leave nothing on its way to the watcher.

    That it has taken it shows in an event that the token may see coming through; a last one of its own ends them.
    """
    await watcher.say(**first)
    mimei = MimeiId(parse_id(probe))
    while watcher.from_node.empty():
        node.engines.events.tell(Event(mimei, "change"))
        await asyncio.sleep(0)
    last = 1
    node.engines.events.tell(Event(mimei, f"last {last}"))
    while (heard := await watcher.hear())["event"] != f"last {last}":
        if heard["event"] == "lagged":  # the one told may have been dropped
            last += 1
            node.engines.events.tell(Event(mimei, f"last {last}"))


def run(node: Node, work: Callable[[], Awaitable[None]]) -> None:
    node.portal.call(work)


def told(node: Node, mimei: str, what: str) -> None:
    node.engines.events.tell(Event(MimeiId(parse_id(mimei)), what))


def test_an_owner_hears_of_everything(node: Node) -> None:
    mimei, secret = node.fs(), node.secret("w", Scope.OWNER)

    async def work() -> None:
        async with watching(node, secret) as watcher:
            told(node, mimei, "backup")
            assert await watcher.hear() == {"event": "backup", "id": mimei}

    run(node, work)


def test_the_owner_hears_of_nothing_that_is_a_users_and_they_of_nothing_of_others(node: Node) -> None:
    clients = {}
    for name in ("Ann", "Ben"):
        code = node.owner.post("/users/invitations", name=name).json["url"].rpartition("=")[2]
        clients[name] = node.client(node.guest.post("/users/join", code=code).json["token"])
    made = [str(clients[name].post("/mimei", type="fs", mark="notes").json["id"]) for name in ("Ann", "Ben")]
    hers, his = made
    mine = node.fs()

    async def heard_by(secret: str) -> list[str]:
        found: list[str] = []
        async with watching(node, secret) as watcher:
            for mimei in (hers, his, mine):
                told(node, mimei, "backup")
            told(node, mine, "delete")
            node.engines.events.tell(Event(MimeiId(parse_id(hers)), "delete", user=_user(node, "Ann")))
            node.engines.events.tell(Event(MimeiId(parse_id(his)), "delete", user=_user(node, "Ben")))
            for _ in range(2):
                heard = await watcher.hear()
                found.append(f"{heard['event']} {heard['id']}")
        return found

    async def work() -> None:
        assert await heard_by(node.secret("w", Scope.OWNER)) == [f"backup {mine}", f"delete {mine}"]
        assert await heard_by(str(clients["Ann"].token)) == [f"backup {hers}", f"delete {hers}"]
        assert await heard_by(str(clients["Ben"].token)) == [f"backup {his}", f"delete {his}"]

    run(node, work)


def _user(node: Node, name: str) -> KeyId:
    return node.context.users.find(name).id


def test_a_change_made_through_the_api_is_told(node: Node) -> None:
    mimei, secret = node.fs(), node.secret("w", Scope.OWNER)

    async def work() -> None:
        async with watching(node, secret) as watcher:
            client = node.client(secret)
            await asyncio.to_thread(client.put, f"/mimei/{mimei}/files/page", b"text")
            assert await watcher.hear() == {"event": "change", "id": mimei}

    run(node, work)


def test_a_guest_hears_of_releases_it_may_read_and_of_nothing_private(node: Node) -> None:
    private, public = node.fs("private"), node.fs("public", right="everyone=read-release")

    async def work() -> None:
        async with watching(node) as watcher:
            told(node, private, "release")
            told(node, public, "change")
            told(node, public, "backup")
            told(node, public, "release")
            assert await watcher.hear() == {"event": "release", "id": public}

    run(node, work)


def test_the_first_message_signs_in(node: Node) -> None:
    mimei, secret = node.fs(), node.secret("w", Scope.READ)

    async def work() -> None:
        async with watching(node) as watcher:
            await asyncio.wait_for(signed_in(node, watcher, mimei, token=secret), 30)
            told(node, mimei, "backup")
            heard = await watcher.hear()
            while heard["event"] == "change":
                heard = await watcher.hear()
            assert heard == {"event": "backup", "id": mimei}

    run(node, work)


def test_who_names_ids_hears_of_those_only(node: Node) -> None:
    wanted, other, secret = node.fs("wanted"), node.fs("other"), node.secret("w", Scope.OWNER)

    async def work() -> None:
        async with watching(node) as watcher:
            await asyncio.wait_for(signed_in(node, watcher, wanted, token=secret, ids=[wanted]), 30)
            told(node, other, "release")
            told(node, wanted, "release")
            heard = await watcher.hear()
            while heard["event"] == "change":
                heard = await watcher.hear()
            assert heard == {"event": "release", "id": wanted}

    run(node, work)


def test_a_bad_token_closes_with_its_reason(node: Node) -> None:
    async def work() -> None:
        async with watching(node) as watcher:
            await watcher.say(token="wrong")
            closed = await watcher.hear()
            assert closed["code"] == BAD_TOKEN
            assert closed["reason"].startswith("bad-token: ")

    run(node, work)


def test_a_revoked_token_hears_no_more(node: Node) -> None:
    mimei = node.fs()
    node.tokens.create("short", Scope.READ)
    secret = node.tokens.create("revoked", Scope.READ)[1]

    async def work() -> None:
        async with watching(node, secret) as watcher:
            told(node, mimei, "backup")
            assert (await watcher.hear())["event"] == "backup"
            await asyncio.to_thread(node.tokens.revoke, "revoked")
            told(node, mimei, "backup")
            assert (await watcher.hear())["code"] == BAD_TOKEN

    run(node, work)


def test_a_message_that_is_not_understood_closes_with_its_reason(node: Node) -> None:
    async def work() -> None:
        for text in ("no json", '{"ids": ["short"]}', '{"unknown": 1}', "[" * 5000):
            async with watching(node) as watcher:
                await watcher.to_node.put({"type": "websocket.receive", "text": text})
                assert (await watcher.hear())["code"] == BAD_REQUEST

    run(node, work)


def test_one_watcher_too_many_is_turned_away(node: Node) -> None:
    async def work() -> None:
        with ExitStack() as held:
            for _ in range(limits.WATCHERS_MAX):
                held.enter_context(node.engines.events.watching(lambda _: None))
            async with watching(node) as watcher:
                assert (await watcher.hear())["code"] == TOO_MANY

    run(node, work)


def test_a_backlog_that_is_full_drops_what_comes_and_says_so(node: Node) -> None:
    async def work() -> None:
        backlog = Backlog(asyncio.get_running_loop())
        event = Event(MimeiId(bytes(20)), "change")
        for _ in range(limits.WATCH_QUEUE_MAX + 5):
            backlog.tell(event)
        events, lagged = await backlog.take()
        assert (len(events), lagged) == (limits.WATCH_QUEUE_MAX, True)
        backlog.tell(event)
        assert await backlog.take() == ([event], False)

    run(node, work)


def test_a_watcher_that_leaves_is_forgotten(node: Node) -> None:
    async def work() -> None:
        for _ in range(limits.WATCHERS_MAX + 1):
            async with watching(node):
                pass

    run(node, work)
