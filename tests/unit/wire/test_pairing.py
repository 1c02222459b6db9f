"""Pairing by a code, one end against the other."""

from __future__ import annotations

import pytest

from leither.crypto import PeerId
from leither.testing.node import SeededRandom
from leither.wire.pairing import BadPairing, PairingRefused, PairingRun, Role, WrongPairingCode
from leither.wire.pairing_code import NoPairingCode
from leither.wire.pairing_messages import Begin, Introduction, Prove, Refuse
from tests.unit.wire.pairing_ends import CODE, End, device_of, end, peer_of, talk


def ends(code: str = CODE) -> tuple[End, End]:
    return end("phone", Role.ENTERS, "desk", code=code), end("desk", Role.SHOWS, "phone")


def test_two_nodes_with_one_code_know_each_other() -> None:
    phone, desk = ends()
    talk(phone, desk)
    assert phone.kept == [device_of("desk")]
    assert desk.kept == [device_of("phone")]
    assert phone.run.is_done
    assert desk.run.is_done


def test_each_side_hears_where_the_other_is_reached() -> None:
    heard: list[Introduction] = []
    phone, desk = ends()
    phone.run._keep = lambda introduction, _: heard.append(introduction)
    talk(phone, desk)
    assert [one.addresses for one in heard] == [("/desk",)]


def test_another_code_is_found_by_who_shows_it_and_the_code_is_spent() -> None:
    phone, desk = ends("1234571")
    with pytest.raises(WrongPairingCode):
        talk(phone, desk)
    assert (phone.kept, desk.kept) == ([], [])
    assert desk.spent == [CODE]


def test_who_enters_is_not_told_who_shows_the_code_before_proving_it() -> None:
    phone, desk = ends()
    seen: list[bytes] = []

    def hear(_: int, data: bytes) -> bytes:
        seen.append(data)
        return data

    talk(phone, desk, hear)
    assert [Prove.decode(data).introduction != b"" for data in seen[2:]] == [False, True, True, False]


def test_a_code_is_not_spent_by_who_only_begins() -> None:
    _, desk = ends()
    desk.run.receive(Begin(spake=end("phone", Role.ENTERS, "desk").run.begin()[0].spake).encode())  # type: ignore[union-attr]
    assert desk.spent == []


def test_a_code_that_was_spent_meanwhile_ends_the_run() -> None:
    def spent() -> None:
        raise NoPairingCode

    phone, desk = end("phone", Role.ENTERS, "desk"), end("desk", Role.SHOWS, "phone", spend=spent)
    with pytest.raises(NoPairingCode):
        talk(phone, desk)
    assert desk.kept == []


def test_a_node_between_that_passes_everything_on_gets_nothing() -> None:
    phone, desk = end("phone", Role.ENTERS, "mallory"), end("desk", Role.SHOWS, "mallory")
    with pytest.raises(WrongPairingCode):
        talk(phone, desk)
    assert (phone.kept, desk.kept) == ([], [])


def test_two_that_both_enter_a_code_do_not_pair() -> None:
    one, other = end("phone", Role.ENTERS, "desk"), end("desk", Role.ENTERS, "phone")
    (first,), _ = one.run.begin(), other.run.begin()
    (guess,) = other.run.receive(first.encode())
    with pytest.raises(BadPairing):
        one.run.receive(guess.encode())


def test_what_was_sent_is_refused_when_it_comes_back() -> None:
    phone, _ = ends()
    (sent,) = phone.run.begin()
    with pytest.raises(BadPairing, match="ReflectionThwarted"):
        phone.run.receive(sent.encode())


@pytest.mark.parametrize("number", range(6))
def test_a_changed_message_ends_the_run(number: int) -> None:
    phone, desk = ends()

    def flip(at: int, data: bytes) -> bytes:
        return data[:-1] + bytes((data[-1] ^ 1,)) if at == number else data

    with pytest.raises((BadPairing, WrongPairingCode)):
        talk(phone, desk, flip)
    assert phone.kept == []
    assert desk.kept == ([] if number < 5 else [device_of("phone")])


@pytest.mark.parametrize("number", range(6))
def test_a_message_that_comes_twice_ends_the_run(number: int) -> None:
    phone, desk = ends()
    held: list[bytes] = []

    def again(at: int, data: bytes) -> bytes:
        held.append(data)
        return held[at - 2] if at == number and at >= 2 else data

    if number < 2:
        talk(phone, desk, again)
        with pytest.raises(BadPairing):
            desk.run.receive(held[0])
        return
    with pytest.raises((BadPairing, WrongPairingCode)):
        talk(phone, desk, again)
    assert phone.kept == []


def test_a_person_must_vouch_for_the_node_at_the_other_end() -> None:
    stolen = device_of("desk")
    phone, mallory = (
        end("phone", Role.ENTERS, "mallory"),
        end("mallory", Role.SHOWS, "phone", device=stolen),
    )
    with pytest.raises(BadPairing, match="another node"):
        talk(phone, mallory)
    assert phone.kept == []


@pytest.mark.parametrize(
    "spake",
    [
        b"S" + bytes(32),
        b"S\x01" + bytes(31),
        b"S" + b"\xff" * 32,
        b"A" + bytes(32),
        b"S\xec" + b"\xff" * 30 + b"\x7f",  # y = -1: a point of order 2
        b"S" + bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),  # of order 8
    ],
)
def test_a_point_that_spake2_does_not_take_is_refused(spake: bytes) -> None:
    _, desk = ends()
    with pytest.raises(BadPairing):
        desk.run.receive(Begin(spake=spake).encode())
    assert desk.spent == []


@pytest.mark.parametrize(
    "data", [b"", b"\xa0", b"\x00" * 40, Prove(proof=bytes(32)).encode(), Begin(spake=bytes(33)).encode() + b"\0"]
)
def test_what_is_no_beginning_is_refused(data: bytes) -> None:
    _, desk = ends()
    with pytest.raises(BadPairing):
        desk.run.receive(data)
    assert desk.spent == []


def test_a_refusal_is_told_with_its_reason() -> None:
    phone, _ = ends()
    phone.run.begin()
    with pytest.raises(PairingRefused) as caught:
        phone.run.receive(Refuse(reason="no-pairing-code").encode())
    assert caught.value.reason == "no-pairing-code"


def test_nothing_is_taken_after_an_error_or_the_end() -> None:
    phone, desk = ends()
    talk(phone, desk)
    for one in (phone, desk):
        with pytest.raises(BadPairing):
            one.run.receive(Prove(proof=bytes(32)).encode())
    _, other = ends()
    with pytest.raises(BadPairing):
        other.run.receive(Prove(proof=bytes(32)).encode())
    with pytest.raises(BadPairing):
        other.run.receive(end("phone", Role.ENTERS, "desk").run.begin()[0].encode())


def test_a_run_with_another_kind_of_key_at_the_end_pairs_with_nobody() -> None:
    foreign = PeerId("QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N")
    run = PairingRun(
        Role.SHOWS,
        own=peer_of("desk"),
        peer=foreign,
        code=CODE,
        introduction=Introduction(device=b"-"),
        entropy=SeededRandom(b"desk").token,
        keep=lambda *_: None,
    )
    with pytest.raises(BadPairing, match="another node"):
        run._introduced(Introduction(device=device_of("phone").encode()).encode())
