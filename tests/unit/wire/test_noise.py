"""Two ends prove their keys to each other, and nothing else passes for it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.crypto.host_key import HostKey
from leither.wire.noise import FRAME_BYTES_MAX, Handshake, HandshakeFailed, Secured
from leither.wire.peer_key import ed25519_key

ALICE, BOB, EVE = (HostKey(bytes([number]) * 32) for number in (1, 2, 3))


def end(key: HostKey, *, initiator: bool, number: int = 0, muxers: tuple[str, ...] = ()) -> Handshake:
    dice = random.Random(f"{number} {initiator}")
    return Handshake(key, initiator=initiator, static=dice.randbytes(32), ephemeral=dice.randbytes(32), muxers=muxers)


def frames(first: Handshake, second: Handshake) -> list[bytes]:
    """Let two ends shake hands and return the three frames."""
    hello = first.start()
    answer = second.receive(hello)
    assert answer is not None
    last = first.receive(answer)
    assert last is not None
    assert second.receive(last) is None
    return [hello, answer, last]


def replay(first: Handshake, second: Handshake, sent: list[bytes]) -> None:
    """Give two ends the frames of a handshake, whatever they answer."""
    first.start()
    second.receive(sent[0])
    first.receive(sent[1])
    second.receive(sent[2])


def shaken() -> tuple[Secured, Secured]:
    first, second = end(ALICE, initiator=True), end(BOB, initiator=False)
    frames(first, second)
    assert first.secured is not None
    assert second.secured is not None
    return first.secured, second.secured


def opened(end: Secured, sent: list[bytes]) -> bytes:
    """Return what frames hold, which come as lengths and bodies in turn."""
    assert all(int.from_bytes(size, "big") == len(body) for size, body in zip(sent[::2], sent[1::2], strict=True))
    return b"".join(end.receiving.decrypt(body) for body in sent[1::2])


def test_both_ends_learn_who_the_other_is() -> None:
    first, second = shaken()
    assert (first.peer, second.peer) == (BOB.peer_id, ALICE.peer_id)


def test_both_ends_agree_on_multiplexers_in_the_order_of_who_began() -> None:
    first = end(ALICE, initiator=True, muxers=("/a", "/b", "/c"))
    second = end(BOB, initiator=False, muxers=("/c", "/x", "/b"))
    frames(first, second)
    assert first.secured is not None
    assert second.secured is not None
    assert first.secured.muxers == second.secured.muxers == ("/b", "/c")


@given(st.lists(st.integers(0, 3 * FRAME_BYTES_MAX), max_size=3), st.booleans())
def test_what_one_end_sends_the_other_reads(sizes: list[int], back: bool) -> None:
    one, other = shaken()
    if back:
        one, other = other, one
    for size in sizes:
        data = random.Random(size).randbytes(size)
        sent = list(one.frames(data))
        assert all(len(body) <= FRAME_BYTES_MAX for body in sent)
        assert opened(other, sent) == data


def test_a_frame_that_comes_twice_is_refused() -> None:
    one, other = shaken()
    sent = list(one.frames(b"once"))
    assert opened(other, sent) == b"once"
    with pytest.raises(HandshakeFailed, match="changed on its way"):
        opened(other, sent)


@given(st.integers(0, 2), st.integers(0, 400), st.integers(1, 255))
def test_a_handshake_with_a_changed_byte_fails(which: int, place: int, change: int) -> None:
    sent = frames(end(ALICE, initiator=True), end(BOB, initiator=False))
    first, second = end(ALICE, initiator=True), end(BOB, initiator=False)
    frame = bytearray(sent[which])
    frame[place % len(frame)] ^= change
    sent[which] = bytes(frame)
    with pytest.raises(HandshakeFailed):
        replay(first, second, sent)


@given(st.integers(0, 2), st.integers(0, 400))
def test_a_handshake_that_is_cut_short_fails(which: int, size: int) -> None:
    sent = frames(end(ALICE, initiator=True), end(BOB, initiator=False))
    first, second = end(ALICE, initiator=True), end(BOB, initiator=False)
    sent[which] = sent[which][: min(size, len(sent[which]) - 1)]
    with pytest.raises(HandshakeFailed):
        replay(first, second, sent)


class Liar(Handshake):
    """Signs its connection's key with one key and says it is another."""

    def _payload(self) -> bytes:
        honest = super()._payload()
        return honest.replace(ed25519_key(EVE.public).encoded, ed25519_key(ALICE.public).encoded)


def test_nobody_can_say_they_are_somebody_else() -> None:
    liar = Liar(EVE, initiator=True, static=bytes(31) + b"\1", ephemeral=bytes(31) + b"\2")
    second = end(BOB, initiator=False)
    answer = second.receive(liar.start())
    last = liar.receive(answer or b"")
    with pytest.raises(HandshakeFailed, match="not signed by the key of the node"):
        second.receive(last or b"")


def test_a_key_that_makes_every_secret_the_same_is_refused() -> None:
    second = end(BOB, initiator=False)
    with pytest.raises(HandshakeFailed):
        second.receive(bytes(32))
