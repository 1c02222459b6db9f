"""Devices and revocations: how a revocation names what a check of a proof asks about."""

from __future__ import annotations

import pytest

from leither.people import Device, Presentation, Revocation, check_presentation
from leither.people.refused import DeviceRevoked
from leither.people.replays import MemoryReplays
from tests.unit.people.samples import AUTHOR, DEVICE, HOUR, NODE, NOW, STRANGER

RECORD = Device(
    device=DEVICE.public, seal=bytes(32), name="phone", start_ms=NOW, until_ms=NOW + HOUR, by=AUTHOR.public
).signed(AUTHOR)
SHOWN = Presentation(
    who=AUTHOR.public, audience=NODE.public, nonce=bytes(16), start_ms=NOW, until_ms=NOW + 1, by=DEVICE.public
).signed(DEVICE)


def check(*revocations: Revocation) -> None:
    check_presentation(
        SHOWN,
        node=NODE.public,
        now_ms=NOW,
        replays=MemoryReplays(since_ms=0),
        devices=[RECORD],
        revoked={one.check().named for one in revocations},
    )


def test_a_device_counts_in_its_period() -> None:
    assert [moment in RECORD.period for moment in (NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR)] == [
        False,
        True,
        True,
        False,
    ]


def test_a_revocation_ends_the_device_of_its_signer() -> None:
    with pytest.raises(DeviceRevoked):
        check(Revocation(device=DEVICE.public, at=NOW, by=AUTHOR.public).signed(AUTHOR))


def test_a_revocation_by_another_person_or_of_something_else_ends_nothing() -> None:
    check(
        Revocation(device=DEVICE.public, at=NOW, by=STRANGER.public).signed(STRANGER),
        Revocation(device=STRANGER.public, at=NOW, by=AUTHOR.public).signed(AUTHOR),
        Revocation(passport=bytes(16), at=NOW, by=AUTHOR.public).signed(AUTHOR),
    )
