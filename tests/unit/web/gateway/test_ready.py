"""What is kept of answers, and for how long."""

from leither import limits
from leither.codec import DAG_PB, RAW, Block, Cid
from leither.http.sending import Content
from leither.people.audit import Trace
from leither.store import MemoryBlocks
from leither.testing.node import memory_engines
from leither.web.gateway.ready import ReadyAnswers
from leither.web.gateway.small_blocks import SmallBlocks

BODY = b"body"
BLOCK = Block.of(RAW, BODY)
READ = (None, Trace("read", "gateway", "guest"))
CONTENT = Content.of(BLOCK.cid, len(BODY), b"text/plain")


class Kept:
    """Ready answers over one block, and a generation that a test moves on."""

    def __init__(self) -> None:
        store = MemoryBlocks()
        with store.lease() as lease:
            lease.put_many([BLOCK])
        self.blocks = SmallBlocks(store.get)
        self.blocks.get(BLOCK.cid)
        self.generation = 0
        self.answers = ReadyAnswers(self.blocks, lambda: self.generation, memory_engines().audit)


def test_an_answer_is_its_header_lines_and_its_body() -> None:
    kept = Kept()
    kept.answers.keep("key", CONTENT, ((b"x", b"y"),), found_at=0, read=READ)
    lines = b"content-type: text/plain\r\netag: %b\r\naccept-ranges: bytes\r\nx: y\r\ncontent-length: 4\r\n"
    assert kept.answers.get("key") == (lines % CONTENT.etag, BODY)
    assert kept.answers.get("other") is None


def test_a_change_forgets_everything() -> None:
    kept = Kept()
    kept.answers.keep("key", CONTENT, (), found_at=0, read=READ)
    kept.generation = 1
    assert kept.answers.get("key") is None
    assert kept.answers.get("key") is None


def test_what_was_found_out_before_a_change_is_not_kept_after_it() -> None:
    kept = Kept()
    kept.generation = 1
    kept.answers.keep("key", CONTENT, (), found_at=0, read=READ)
    assert kept.answers.get("key") is None
    kept.answers.keep("key", CONTENT, (), found_at=0, read=READ)
    assert kept.answers.get("key") is None
    kept.answers.keep("key", CONTENT, (), found_at=1, read=READ)
    assert kept.answers.get("key") is not None


def test_a_body_no_longer_in_memory_is_not_waited_for() -> None:
    kept = Kept()
    absent = Cid.of(RAW, b"absent")
    kept.answers.keep("key", Content.of(absent, 6, b"text/plain"), (), found_at=0, read=READ)
    assert kept.answers.get("key") is None


def test_files_of_several_blocks_large_ones_and_unsendable_headers_are_not_kept() -> None:
    kept = Kept()
    several = Content.of(Cid.from_digest(DAG_PB, BLOCK.cid.digest), 4, b"text/plain")
    large = Content.of(BLOCK.cid, limits.SMALL_BLOCK_BYTES + 1, b"text/plain")
    for number, (content, value) in enumerate(((several, b""), (large, b""), (CONTENT, b"a\r\nset-cookie: b"))):
        kept.answers.keep(number, content, ((b"x", value),), found_at=0, read=READ)
        assert kept.answers.get(number) is None


def test_no_more_are_kept_than_the_limit() -> None:
    kept = Kept()
    for number in range(limits.READY_ANSWERS_MAX + 1):
        kept.answers.keep(number, CONTENT, (), found_at=0, read=READ)
    found = sum(kept.answers.get(number) is not None for number in range(limits.READY_ANSWERS_MAX + 1))
    assert 0 < found <= limits.READY_ANSWERS_MAX
