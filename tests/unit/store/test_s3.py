"""Blocks in an object store: the suite against S3 on loopback, and against obstore's own memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import MemoryStore

from leither.codec import RAW, Block, BlockMismatch
from leither.ports import Blocks
from leither.store.s3 import RemoteStoreError, S3Blocks, open_s3
from leither.testing.suites import BlocksSuite, SweepSuite
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage

pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(endpoint: str, name: str) -> obstore.store.S3Store:
    urlopen(Request(f"{endpoint}/{name}", method="PUT")).close()
    return open_s3(name, endpoint=endpoint, region="us-east-1", access_key="test", secret_key="test")


class TestS3Blocks(BlocksSuite, SweepSuite):
    durable = True

    @pytest.fixture(autouse=True)
    def _server(self, endpoint: str) -> None:
        self.endpoint = endpoint

    def make(self, directory: Path) -> Blocks:
        name = "b" + "".join(char for char in directory.name.lower() if char.isalnum())[:60]
        return S3Blocks(bucket(self.endpoint, name), sweep_age_s=0)


class TestObjectsInMemory(BlocksSuite, SweepSuite):
    def make(self, directory: Path) -> Blocks:
        return S3Blocks(MemoryStore(), sweep_age_s=0)


def test_what_is_young_by_the_stores_clock_is_kept() -> None:
    with closing(S3Blocks(MemoryStore(), sweep_age_s=3600)) as blocks:
        store(blocks, some_blocks(5))
        assert blocks.sweep(lambda: []).blocks_kept == 5


def test_a_changed_object_is_named() -> None:
    objects = MemoryStore()
    block = Block.of(RAW, b"right")
    with closing(S3Blocks(objects, sweep_age_s=0)) as blocks:
        store(blocks, [block])
        key = next(entry["path"] for page in obstore.list(objects) for entry in page)
        obstore.put(objects, key, b"wrong")
        with pytest.raises(BlockMismatch):
            blocks.get(block.cid)
        assert [fault.cid for fault in damage(blocks.verify())] == [block.cid]


def test_objects_of_others_are_passed_over() -> None:
    objects = MemoryStore()
    for name in ("blocks/readme.txt", "blocks/" + "a" * 52 + ".zz", "blocks/" + "1" * 52 + ".55", "elsewhere"):
        obstore.put(objects, name, b"not ours")
    with closing(S3Blocks(objects, sweep_age_s=0)) as blocks:
        assert list(blocks.cids()) == []
        blocks.sweep(lambda: [])
    assert obstore.head(objects, "blocks/readme.txt")["size"] == 8


def test_a_store_that_is_away_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leither.limits.REMOTE_RETRIES_MAX", 0)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        away = open_s3("bucket", endpoint=endpoint, region="us-east-1", access_key="test", secret_key="test")
        with closing(S3Blocks(away, sweep_age_s=0)) as blocks:
            with pytest.raises(RemoteStoreError, match="check its address"):
                store(blocks, some_blocks(1))
            with pytest.raises(RemoteStoreError):
                blocks.get(some_blocks(1)[0].cid)
