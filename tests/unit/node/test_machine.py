"""Which addresses of a machine a node serves, and by which name neighbours find it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leither import limits
from leither.config import load
from leither.node.machine import local_names, served_addresses, this_machine
from tests.unit.node.machines import FakeMachine

EVERYTHING = ["127.0.0.1", "::1", "fd00::1", "2001:db8::1", "203.0.113.5", "192.168.1.5", "10.0.0.2"]


def served(home: Path, host: str, addresses: list[str] | None = None) -> list[str]:
    machine = FakeMachine(EVERYTHING if addresses is None else addresses)
    return served_addresses(load({"home": home, "host": host}, environ={}), machine.told)


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("127.0.0.1", []),
        ("::1", []),
        ("lan", ["192.168.1.5", "10.0.0.2", "fd00::1"]),
        ("0.0.0.0", ["203.0.113.5", "192.168.1.5", "10.0.0.2"]),
        ("::", ["203.0.113.5", "192.168.1.5", "10.0.0.2", "fd00::1", "2001:db8::1"]),
        ("192.168.1.5", ["192.168.1.5"]),
        ("198.51.100.1", ["198.51.100.1"]),
    ],
)
def test_the_host_says_which_addresses_are_served(tmp_path: Path, host: str, found: list[str]) -> None:
    assert served(tmp_path, host) == found


def test_addresses_are_bounded_and_counted_once(tmp_path: Path) -> None:
    many = [f"10.0.0.{number}" for number in range(200)]
    assert len(served(tmp_path, "lan", many + many)) == limits.LAN_ADDRESSES_MAX


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Desk", ["desk.local"]),
        ("desk.example.org", ["desk.local"]),
        ("my-desk-2", ["my-desk-2.local"]),
        ("localhost", []),
        ("", []),
        ("bureau à moi", []),
        ("-desk", []),
        ("12", []),
        ("a" * 64, []),
    ],
)
def test_the_name_that_neighbours_use_follows_from_the_machines_own(name: str, found: list[str]) -> None:
    assert local_names(FakeMachine(name=name).told) == found


def test_the_machine_this_runs_on_has_a_loopback_address() -> None:
    assert "127.0.0.1" in this_machine().addresses()
