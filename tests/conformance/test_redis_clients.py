"""Redis clients people have, at work with a database: none of them is told that this is not Redis."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio

from leither.service.backup import backup
from tests.unit.resp.served import Served, served

HERE = Path(__file__).parent
TIMEOUT_S = 100
pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def door() -> Iterator[Served]:
    with served() as found:
        yield found


def url(door: Served, version: str = "") -> str:
    return f"redis://{door.id}{version}:{door.token}@127.0.0.1:{door.port}/0"


def program(name: str) -> str:
    found = shutil.which(name)
    assert found is not None, f"{name} is not on this machine; tools/debian-packages.txt names its package"
    return found


def told(*command: str | Path, cwd: Path | None = None, stdin: str = "") -> str:
    """Run a program to its end and return what it printed."""
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py_works_with_a_database(door: Served, protocol: int) -> None:
    with redis.Redis.from_url(url(door), protocol=protocol, decode_responses=True) as client:
        client.flushdb()
        assert client.set("a", "1", ex=100)
        assert client.get("a") == "1"
        assert client.zadd("z", {"one": 1, "two": 2.5}) == 2
        assert client.zrange("z", 0, -1, withscores=True, score_cast_func=float) in (
            [("one", 1.0), ("two", 2.5)],
            [["one", 1.0], ["two", 2.5]],
        )
        assert client.sadd("s", "x", "y") == 2
        assert client.smembers("s") == {"x", "y"}
        assert client.rpush("l", "a", "b") == 2
        assert client.blpop(["l"]) in (("l", "a"), ["l", "a"])
        assert set(client.scan_iter(count=1)) == {"a", "z", "s", "l"}
        assert client.pipeline().incr("n").incr("n").execute() == [1, 2]
        assert client.info("server")["redis_version"] == "7.0.15"


def test_a_version_in_the_url_opens_it_read_only(door: Served) -> None:
    with redis.Redis.from_url(url(door), decode_responses=True) as client:
        client.set("kept", "then")
        n = backup(door.engines, door.mimei).n
        client.set("kept", "now")
    with redis.Redis.from_url(url(door, f".{n}"), decode_responses=True) as version:
        assert version.get("kept") == "then"
        with pytest.raises(redis.ReadOnlyError):
            version.set("kept", "changed")


def test_redis_py_watches_keys(door: Served) -> None:
    with redis.Redis.from_url(url(door)) as client, client.pipeline() as pipe:
        pipe.watch("watched")
        client.set("watched", "theirs")
        pipe.multi()
        pipe.set("watched", "mine")
        with pytest.raises(redis.WatchError):
            pipe.execute()


def test_redis_py_works_with_asyncio(door: Served) -> None:
    async def work() -> None:
        async with redis.asyncio.Redis.from_url(url(door), decode_responses=True) as client:
            await asyncio.gather(*(client.incr("async") for _ in range(50)))
            assert await client.get("async") == "50"
            async with client.pubsub() as heard:
                await heard.subscribe("async-news")
                assert (await heard.get_message(timeout=TIMEOUT_S) or {})["type"] == "subscribe"
                assert await client.publish("async-news", "hello") == 1
                assert (await heard.get_message(timeout=TIMEOUT_S) or {})["data"] == "hello"

    asyncio.run(work())


def test_redis_cli_works_and_completes(door: Served) -> None:
    command = [program("redis-cli"), "-u", url(door), "--no-auth-warning"]
    assert told(*command, "SET", "cli", "x y") == "OK\n"
    assert told(*command, "GET", "cli") == "x y\n"
    assert told(*command, "--scan", "--pattern", "cli*") == "cli\n"
    assert "Append a version" in told(*command, "COMMAND", "DOCS", "mm.backup")
    assert told(*command, stdin="MULTI\nINCR cli-n\nEXEC\n").endswith("1\n")


def test_redis_benchmark_runs_to_its_end(door: Served) -> None:
    command = [program("redis-benchmark"), "-h", "127.0.0.1", "-p", str(door.port), "--user", door.id, "-a", door.token]
    tests = "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,spop,zadd,zpopmin,lrange_100,mset"
    printed = told(*command, "-n", "200", "-c", "8", "-P", "4", "-q", "-t", tests)
    assert printed.count("requests per second") == 17


@pytest.mark.parametrize("client", ["ioredis", "redis"])
def test_clients_from_npm_work_with_a_database(door: Served, client: str) -> None:
    assert told(program("node"), HERE / "redis_clients.mjs", client, url(door)) == "done\n"


def test_a_go_client_works_with_a_database(door: Served, tmp_path: Path) -> None:
    shutil.copytree(HERE / "go-redis", tmp_path / "client")
    told(program("go"), "build", "-o", tmp_path / "main", ".", cwd=tmp_path / "client")
    assert told(tmp_path / "main", f"127.0.0.1:{door.port}", door.id, door.token) == "done\n"


def test_a_java_client_works_with_a_database(door: Served, tmp_path: Path) -> None:
    project = tmp_path / "client"
    shutil.copytree(HERE / "jedis", project)
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:build-classpath"
    told(program("mvn"), "-q", "-B", "compile", goal, "-Dmdep.outputFile=target/classpath", cwd=project)
    classes = os.pathsep.join(["target/classes", (project / "target/classpath").read_text().strip()])
    command = [program("java"), "-cp", classes, "Client", "127.0.0.1", str(door.port), door.id, door.token]
    assert told(*command, cwd=project) == "done\n"
