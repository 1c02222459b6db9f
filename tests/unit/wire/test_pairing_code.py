"""The code that one node shows."""

from __future__ import annotations

from itertools import pairwise

import pytest

from leither import limits
from leither.testing.node import SeededRandom
from leither.wire.pairing_code import BadPairingCode, NoPairingCode, make_code, open_code, read_code, shown_code
from tests.unit.wire.pairing_ends import NOW, peer_of

CODES = [make_code(SeededRandom(b"codes").token(16)) for _ in range(1)] + [
    make_code(number.to_bytes(16)) for number in range(0, 1_000_000, 99_991)
]


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_read_as_it_is_shown(code: str) -> None:
    assert read_code(shown_code(code)) == read_code(f" {code[:2]} {code[2:]} ") == code


@pytest.mark.parametrize("code", CODES)
def test_one_wrong_digit_or_two_swapped_ones_are_found_before_anything_is_sent(code: str) -> None:
    wrong = {code[:at] + digit + code[at + 1 :] for at in range(len(code)) for digit in "0123456789"}
    wrong |= {code[:at] + right + left + code[at + 2 :] for at, (left, right) in enumerate(pairwise(code))}
    for typed in wrong - {code}:
        with pytest.raises(BadPairingCode):
            read_code(typed)


@pytest.mark.parametrize("typed", ["", "12345", "12345678", "123456x", "١٢٣٤٥٦٤", "1234564\n5"])
def test_what_is_no_code_is_told_so(typed: str) -> None:
    with pytest.raises(BadPairingCode):
        read_code(typed)


def test_every_code_is_as_likely_as_any_other_to_within_chance() -> None:
    assert len({make_code(number.to_bytes(16)) for number in range(10_000)}) == 10_000
    assert make_code((10**6 + 7).to_bytes(16)) == make_code((7).to_bytes(16))


def test_a_code_is_good_for_its_time_alone() -> None:
    code, until_ms = open_code(bytes(16), NOW), NOW + limits.PAIRING_CODE_S * 1000
    assert code.is_good(until_ms - 1)
    assert not code.is_good(until_ms)
    with pytest.raises(NoPairingCode):
        code.begin(until_ms)


def test_a_code_is_good_for_one_proof_of_whomever_is_first() -> None:
    spent = open_code(bytes(16), NOW).begin(NOW).begin(NOW).spend(NOW).guessed(peer_of("mallory"))
    assert spent.guessed_by == peer_of("mallory")
    for again in (spent.spend, spent.begin):
        with pytest.raises(NoPairingCode):
            again(NOW)


def test_a_code_ends_when_too_many_begin_and_do_not_finish() -> None:
    code = open_code(bytes(16), NOW)
    for _ in range(limits.PAIRING_ATTEMPTS_MAX):
        code = code.begin(NOW)
    with pytest.raises(NoPairingCode):
        code.begin(NOW)
