"""Clients of several kinds that work with a few keys of one database at once, and note what they ask and hear."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

import hiredis
import redis
import redis.asyncio.retry
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.conformance.histories import Recorder, Words
from tests.unit.resp.served import packed

TIMEOUT_S = 60
STRINGS = ("s", "t")
NUMBER = "n"
LIST = "l"


@dataclass(frozen=True)
class Door:
    """How to reach a database."""

    port: int
    user: str
    token: str


@dataclass(frozen=True)
class Plan:
    """What a client does next: one command, a transaction, or one that depends on what it reads of watched keys."""

    commands: list[Words]
    transaction: bool = False
    watched: tuple[str, ...] = ()


class Chance:
    """Draws plans. Every value that is set or pushed is set or pushed once."""

    def __init__(self, seed: int, client: int) -> None:
        self._random = random.Random(seed * 1000 + client)
        self._client = client
        self._count = 0

    def _value(self) -> str:
        self._count += 1
        return f"{self._client}.{self._count}"

    def _command(self) -> Words:
        key = self._random.choice(STRINGS)
        return self._random.choice(
            [
                ["GET", key],
                ["SET", key, self._value()],
                ["MGET", *STRINGS, NUMBER],
                ["GET", NUMBER],
                ["INCR", NUMBER],
                ["INCR", NUMBER],
                ["RPUSH", LIST, self._value()],
                ["LPOP", LIST],
                ["LRANGE", LIST, "0", "-1"],
                ["DEL", self._random.choice((*STRINGS, NUMBER, LIST))],
            ]
        )

    def plans(self, count: int) -> Iterator[Plan]:
        for _ in range(count):
            kind = self._random.choice(["one", "one", "transaction", "watched"])
            if kind == "one":
                yield Plan([self._command()])
            elif kind == "transaction":
                yield Plan([self._command() for _ in range(self._random.randint(1, 4))], transaction=True)
            else:
                keys = self._random.sample([*STRINGS, NUMBER], self._random.randint(1, 3))
                writes = [["SET", key, self._value()] for key in keys if key != NUMBER] + [["INCR", NUMBER]]
                yield Plan([*writes, ["RPUSH", LIST, self._value()]], transaction=True, watched=tuple(keys))


def told(reply: object) -> object:
    """A reply of redis-py as it came over the wire."""
    return "OK" if reply is True else reply


GONE = (OSError, redis.ConnectionError, redis.WatchError)
"""What redis-py raises where the server goes away, while it watches keys too."""


def is_nil(error: redis.WatchError) -> bool:
    """Whether EXEC was answered, by nothing, and not left without an answer."""
    return str(error) == "Watched variable changed."


class SyncClient(threading.Thread):
    """redis-py, in a thread."""

    def __init__(self, door: Door, number: int, plans: Iterable[Plan], recorder: Recorder) -> None:
        super().__init__(daemon=True)
        self._door, self._number, self._plans, self._recorder = door, number, plans, recorder

    def run(self) -> None:
        door = self._door
        retry = Retry(NoBackoff(), 0)  # what was tried twice could happen twice
        made = redis.Redis(
            port=door.port, username=door.user, password=door.token, decode_responses=True, protocol=2, retry=retry
        )
        with made as client, suppress(*GONE):
            for plan in self._plans:
                self._carry_out(client, plan)

    def _carry_out(self, client: Any, plan: Plan) -> None:  # noqa: ANN401 - redis-py types its commands, not this
        begin, answer, number = self._recorder.begin, self._recorder.answer, self._number
        if not plan.transaction:
            call = begin(number, "run", plan.commands[0])
            answer(call, [told(client.execute_command(*plan.commands[0]))])
            return
        with client.pipeline() as pipe:
            if plan.watched:
                call = begin(number, "watch", ["WATCH", *plan.watched])
                pipe.watch(*plan.watched)
                answer(call, ["OK"])
                call = begin(number, "run", ["MGET", *plan.watched])
                answer(call, [pipe.immediate_execute_command("MGET", *plan.watched)])
                pipe.multi()
            for words in plan.commands:
                pipe.execute_command(*words)
            call = begin(number, "exec", *plan.commands)
            try:
                answer(call, [told(reply) for reply in pipe.execute()])
            except redis.WatchError as error:
                if not is_nil(error):
                    raise
                answer(call, None)


class AsyncClients(threading.Thread):
    """Several clients of redis-py in one event loop."""

    def __init__(self, door: Door, plans: dict[int, Iterable[Plan]], recorder: Recorder) -> None:
        super().__init__(daemon=True)
        self._door, self._plans, self._recorder = door, plans, recorder

    def run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        await asyncio.gather(*(self._client(number, plans) for number, plans in self._plans.items()))

    async def _client(self, number: int, plans: Iterable[Plan]) -> None:
        door = self._door
        retry = redis.asyncio.retry.Retry(NoBackoff(), 0)
        made = redis.asyncio.Redis(
            port=door.port, username=door.user, password=door.token, decode_responses=True, protocol=3, retry=retry
        )
        async with made as client:
            with suppress(*GONE):
                for plan in plans:
                    await self._carry_out(client, number, plan)

    async def _carry_out(self, client: Any, number: int, plan: Plan) -> None:  # noqa: ANN401
        begin, answer = self._recorder.begin, self._recorder.answer
        if not plan.transaction:
            call = begin(number, "run", plan.commands[0])
            answer(call, [told(await client.execute_command(*plan.commands[0]))])
            return
        async with client.pipeline() as pipe:
            if plan.watched:
                call = begin(number, "watch", ["WATCH", *plan.watched])
                await pipe.watch(*plan.watched)
                answer(call, ["OK"])
                call = begin(number, "run", ["MGET", *plan.watched])
                answer(call, [await pipe.immediate_execute_command("MGET", *plan.watched)])
                pipe.multi()
            for words in plan.commands:
                pipe.execute_command(*words)
            call = begin(number, "exec", *plan.commands)
            try:
                answer(call, [told(reply) for reply in await pipe.execute()])
            except redis.WatchError as error:
                if not is_nil(error):
                    raise
                answer(call, None)


class PipeliningClient(threading.Thread):
    """Bytes over one connection: sends several commands before it reads an answer, each a call of its own."""

    DEPTH = 4

    def __init__(self, door: Door, number: int, plans: Iterable[Plan], recorder: Recorder) -> None:
        super().__init__(daemon=True)
        self._door, self._number, self._recorder = door, number, recorder
        self._words = iter([words for plan in plans for words in plan.commands])

    def run(self) -> None:
        door = self._door
        reader = hiredis.Reader(encoding="utf-8")
        address = "127.0.0.1", door.port
        with suppress(*GONE), socket.create_connection(address, timeout=TIMEOUT_S) as connection:
            connection.sendall(packed("AUTH", door.user, door.token))
            assert read(connection, reader) == "OK"
            while batch := list(islice(self._words, self.DEPTH)):
                calls = [self._recorder.begin(self._number, "run", words) for words in batch]
                connection.sendall(b"".join(packed(*words) for words in batch))
                for call in calls:
                    self._recorder.answer(call, [read(connection, reader)])


class WebClient(threading.Thread):
    """The HTTP API: each request is a transaction."""

    def __init__(self, node: str, door: Door, number: int, plans: Iterable[Plan], recorder: Recorder) -> None:
        """`node` is the host and port of the API."""
        super().__init__(daemon=True)
        self._node, self._door, self._number, self._plans, self._recorder = node, door, number, plans, recorder

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._door.token}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection(self._node, timeout=TIMEOUT_S)) as connection:
            for plan in self._plans:
                call = self._recorder.begin(self._number, "exec", *plan.commands)
                body = json.dumps({"commands": plan.commands})
                connection.request("POST", f"/api/v1/mimei/{self._door.user}/db", body, headers)
                with connection.getresponse() as answer:
                    document = json.load(answer)
                self._recorder.answer(call, document["replies"])


def read(connection: socket.socket, reader: hiredis.Reader) -> object:
    """Return the next reply. Raises: ConnectionError: if none comes."""
    while (reply := reader.gets()) is False:
        data = connection.recv(65536)
        if not data:
            raise ConnectionError("the server closed")
        reader.feed(data)
    return reply
