"""Presentations: what the vectors can't show, as they check each once and alone."""

from __future__ import annotations

import msgspec
import pytest

from leither import limits
from leither.codec.record import BadSignature
from leither.people import ALL, Device, Presentation, check_presentation
from leither.people.refused import Replayed, UnknownSigner
from leither.people.replays import MemoryReplays
from leither.people.visit import Visit
from tests.unit.people.samples import AUTHOR, DEVICE, HOUR, NODE, NOW

SHOWN = Presentation(
    who=AUTHOR.public,
    audience=NODE.public,
    nonce=bytes(16),
    start_ms=NOW,
    until_ms=NOW + 60_000,
    by=AUTHOR.public,
).signed(AUTHOR)
RECORD = Device(
    device=DEVICE.public, seal=bytes(32), name="phone", start_ms=NOW, until_ms=NOW + HOUR, by=AUTHOR.public
).signed(AUTHOR)


@pytest.fixture
def replays() -> MemoryReplays:
    return MemoryReplays(since_ms=0)


def check(shown: Presentation, replays: MemoryReplays, *devices: Device, request: bytes | None = None) -> Visit:
    return check_presentation(shown, node=NODE.public, now_ms=NOW, replays=replays, devices=devices, request=request)


def test_one_counts_once(replays: MemoryReplays) -> None:
    check(SHOWN, replays)
    with pytest.raises(Replayed, match="presentation was used already"):
        check(SHOWN, replays)


def test_what_is_refused_uses_up_nothing(replays: MemoryReplays) -> None:
    by_device = msgspec.structs.replace(SHOWN, by=DEVICE.public).signed(DEVICE)
    with pytest.raises(UnknownSigner):
        check(by_device, replays)
    with pytest.raises(BadSignature):
        check(msgspec.structs.replace(SHOWN, sig=bytes(64)), replays)
    check(by_device, replays, RECORD)
    check(SHOWN, replays)


def test_a_session_of_the_person_has_no_end_of_its_own(replays: MemoryReplays) -> None:
    assert check(SHOWN, replays) == Visit(AUTHOR.public, AUTHOR.public, limits.TIME_MS_MAX, ALL)


def test_a_session_of_a_device_ends_with_the_device(replays: MemoryReplays) -> None:
    by_device = msgspec.structs.replace(SHOWN, by=DEVICE.public).signed(DEVICE)
    assert check(by_device, replays, RECORD) == Visit(AUTHOR.public, DEVICE.public, NOW + HOUR, ALL)


def test_a_request_is_over_when_its_presentation_is(replays: MemoryReplays) -> None:
    asked = msgspec.structs.replace(SHOWN, request=bytes(32)).signed(AUTHOR)
    assert check(asked, replays, request=bytes(32)).until_ms == SHOWN.until_ms
