"""Ports that are origins: kept for their app, and for no other."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId
from leither.service.app_ports import AppPorts, NoPortGiven, NoPortLeft
from leither.service.engines import Engines

RANGE = range(4810, 4813)
A, B, C, D = (MimeiId(bytes((number,)) * 20) for number in range(4))


@pytest.fixture
def ports(desk: Engines) -> AppPorts:
    return AppPorts(desk, RANGE)


def test_an_app_keeps_its_port(ports: AppPorts, desk: Engines) -> None:
    assert (ports.give(A), ports.give(B), ports.give(A)) == (4810, 4811, 4810)
    assert AppPorts(desk, RANGE).all() == {4810: A, 4811: B}


def test_no_port_is_taken_from_an_app_for_another(ports: AppPorts) -> None:
    for app in (A, B, C):
        ports.give(app)
    with pytest.raises(NoPortLeft, match=r"all 3 ports from 4810 to 4812.*app_ports.*leither lan free"):
        ports.give(D)
    assert ports.give(B) == 4811


def test_a_port_that_another_program_has_is_given_up_for_a_new_one(ports: AppPorts) -> None:
    ports.give(A)
    assert ports.give(A, taken={4810}) == 4811
    assert ports.all() == {4811: A}
    assert ports.give(A) == 4811


def test_a_port_that_was_given_up_goes_to_no_other_app_and_back_to_its_own(ports: AppPorts) -> None:
    ports.give(A)
    ports.give(A, taken={4810})
    assert ports.give(B) == 4812
    with pytest.raises(NoPortLeft):
        ports.give(C)
    assert ports.give(A, taken={4811}) == 4810
    assert ports.all() == {4810: A, 4812: B}


def test_a_port_outside_the_range_is_left_but_not_forgotten(ports: AppPorts, desk: Engines) -> None:
    ports.give(A)
    elsewhere = AppPorts(desk, range(5000, 5001))
    assert elsewhere.all() == {}
    assert elsewhere.give(A) == 5000
    assert ports.give(B) == 4811
    assert ports.give(A) == 4810


def test_a_port_that_is_freed_may_go_to_another_app(ports: AppPorts) -> None:
    ports.give(A)
    ports.give(A, taken={4810})
    assert ports.free(A) == [4810, 4811]
    assert ports.all() == {}
    assert ports.give(B) == 4810


def test_what_has_no_port_can_not_be_freed(ports: AppPorts) -> None:
    ports.give(A)
    with pytest.raises(NoPortGiven):
        ports.free(B)
