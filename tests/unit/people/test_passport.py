"""Passports: what the vectors can't show: the library's own semantics, hostile tokens, and when it is loaded."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from biscuit_auth import (
    Algorithm,
    AuthorizationError,
    AuthorizerBuilder,
    Biscuit,
    BiscuitBuilder,
    BlockBuilder,
    PrivateKey,
    PublicKey,
)

from leither import limits
from leither.crypto import MimeiId
from leither.people import ALL, Act
from leither.people.passport import PassportRefused, check_passport, issue, narrow
from leither.people.period import Period
from leither.people.refused import ProofMalformed, Replayed
from leither.people.replays import MemoryReplays
from leither.people.visit import Visit
from tests.unit.people.samples import AUTHOR, MIMEI, NODE, NOW, OTHER, STRANGER
from tools.vector_cases.biscuit import Container

PERIOD = Period(NOW, NOW + 600_000)


def passport(*, acts: Act = ALL, only: MimeiId | None = None) -> str:
    return issue(AUTHOR, person=AUTHOR.public, node=NODE.public, period=PERIOD, nonce=bytes(16), acts=acts, only=only)


def check(token: str, replays: MemoryReplays | None = None, *, now_ms: int = NOW) -> Visit:
    replays = MemoryReplays(since_ms=0) if replays is None else replays
    return check_passport(token, node=NODE.public, now_ms=now_ms, replays=replays)


def opened(token: str) -> Biscuit:
    return Biscuit.from_base64(token, PublicKey.from_bytes(AUTHOR.public, Algorithm.Ed25519))


def library_allows(token: str, act: Act, mimei: bytes, *, node: bytes = NODE.public, now_ms: int = NOW) -> bool:
    """What a verifier says that knows Biscuits and nothing of passports."""
    facts = {"node": node, "time": datetime.fromtimestamp(now_ms / 1000, UTC), "act": int(act), "mimei": mimei}
    builder = AuthorizerBuilder("node({node}); time({time}); act({act}); mimei({mimei}); allow if true;", facts)
    try:
        builder.build(opened(token)).authorize()
    except AuthorizationError:
        return False
    return True


def test_a_passport_opens_one_session() -> None:
    replays = MemoryReplays(since_ms=0)
    check(passport(), replays)
    with pytest.raises(Replayed, match="this passport was used already"):
        check(passport(), replays)


def test_a_copy_from_before_it_was_narrowed_counts_no_second_time_even_when_the_narrow_one_is_over() -> None:
    replays = MemoryReplays(since_ms=0)
    wide = passport()
    check(narrow(wide, until_ms=NOW + 10_000), replays)
    with pytest.raises(Replayed):
        check(wide, replays, now_ms=NOW + 20_000)


def test_the_library_alone_comes_to_the_same_answer() -> None:
    token = narrow(narrow(passport(), acts=Act.READ_CUR | Act.TAG, only=MIMEI), until_ms=NOW + 10_000)
    shown = check(token)
    assert (shown.most, shown.only, shown.until_ms) == (Act.READ_CUR | Act.TAG, MIMEI, NOW + 10_000)
    assert [act for act in Act if library_allows(token, act, MIMEI)] == [Act.READ_CUR, Act.TAG]
    assert not library_allows(token, Act.TAG, OTHER)
    assert not library_allows(token, Act.TAG, MIMEI, node=AUTHOR.public)
    assert library_allows(token, Act.TAG, MIMEI, now_ms=NOW + 9_000)
    assert not library_allows(token, Act.TAG, MIMEI, now_ms=NOW + 10_000)


def test_a_block_signed_by_a_third_party_is_refused() -> None:
    token = opened(passport())
    theirs = token.third_party_request().create_block(
        PrivateKey.from_bytes(STRANGER.secret, Algorithm.Ed25519),
        BlockBuilder("check if act($act), $act & 1 === $act;"),
    )
    key = PublicKey.from_bytes(STRANGER.public, Algorithm.Ed25519)
    with pytest.raises(ProofMalformed, match="signed by somebody else"):
        check(token.append_third_party(key, theirs).to_base64())


def test_a_name_that_is_printed_like_a_check_can_only_narrow() -> None:
    token = opened(passport()).append(BlockBuilder("check_if_mimei({mimei});", {"mimei": bytes(MIMEI)}))
    blocks = Container.read(token.to_base64()).blocks
    forged = Container((blocks[0], blocks[1].replace(b"check_if_mimei", b"check if mimei"))).signed(AUTHOR)
    assert check(passport()).only is None
    assert check(forged).only == MIMEI


def test_a_first_block_that_is_only_printed_like_a_passports_is_refused_by_the_engine() -> None:
    name, shown_as = b"passport_1___who", b"passport(1);\nwho"
    source = opened(passport()).block_source(0).replace(shown_as.decode(), name.decode())
    made = BiscuitBuilder(source).build(PrivateKey.from_bytes(AUTHOR.secret, Algorithm.Ed25519))
    blocks = tuple(block.replace(name, shown_as) for block in Container.read(made.to_base64()).blocks)
    assert opened(Container(blocks).signed(AUTHOR)).block_source(0) == opened(passport()).block_source(0)
    with pytest.raises(PassportRefused, match="no matching policy"):
        check(Container(blocks).signed(AUTHOR))


def test_the_librarys_engine_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PASSPORT_CHECK_MS_MAX", 0)
    with pytest.raises(PassportRefused, match="own rules refuse it"):
        check(passport())


def test_a_passport_that_is_none_is_not_narrowed() -> None:
    with pytest.raises(ProofMalformed):
        narrow("AAAA", acts=ALL)


def test_a_byte_behind_a_passport_is_refused() -> None:
    spoiled = base64.urlsafe_b64encode(base64.urlsafe_b64decode(passport()) + b"\0").decode()
    with pytest.raises(ProofMalformed):
        check(spoiled)


def test_nothing_is_loaded_for_passports_before_one_is_met() -> None:
    code = "import leither.people, leither.people.passport, sys; sys.exit('biscuit_auth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
