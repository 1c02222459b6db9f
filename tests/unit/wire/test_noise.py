"""The handshake: both sides learn who the other one is, and whoever lies is found out."""

import pytest

from leither.crypto.host_key import HostKey
from leither.wire.noise import FRAME_BYTES_MAX, Handshake, HandshakeFailed, Secured
from leither.wire.peer_key import ed25519_key
from leither.wire.protobuf import bytes_field

ALICE, BOB = HostKey(b"a" * 32), HostKey(b"b" * 32)


def side(key: HostKey, *, initiator: bool, muxers: tuple[str, ...] = ()) -> Handshake:
    salt = b"i" if initiator else b"r"
    return Handshake(key, initiator=initiator, static=salt * 32, ephemeral=salt.upper() * 32, muxers=muxers)


def shaken(first: Handshake, second: Handshake) -> tuple[Secured, Secured]:
    answer = second.receive(first.start())
    assert answer is not None
    last = first.receive(answer)
    assert last is not None
    assert second.receive(last) is None
    assert first.secured is not None
    assert second.secured is not None
    return first.secured, second.secured


def carried(sender: Secured, receiver: Secured, data: bytes) -> bytes:
    pieces = list(sender.frames(data))
    heads, sealed = pieces[::2], pieces[1::2]
    assert [int.from_bytes(head, "big") for head in heads] == [len(each) for each in sealed]
    assert all(len(each) <= FRAME_BYTES_MAX for each in sealed)
    return b"".join(receiver.receiving.decrypt(each) for each in sealed)


def test_both_sides_learn_who_the_other_one_is() -> None:
    first, second = shaken(side(ALICE, initiator=True), side(BOB, initiator=False))
    assert (first.peer, second.peer) == (BOB.peer_id, ALICE.peer_id)


@pytest.mark.parametrize("size_bytes", [0, 1, FRAME_BYTES_MAX - 16, FRAME_BYTES_MAX - 15, 200_000])
def test_data_goes_both_ways(size_bytes: int) -> None:
    first, second = shaken(side(ALICE, initiator=True), side(BOB, initiator=False))
    data = bytes(range(256)) * (size_bytes // 256 + 1)
    assert carried(first, second, data[:size_bytes]) == data[:size_bytes]
    assert carried(second, first, data[:size_bytes]) == data[:size_bytes]


@pytest.mark.parametrize(
    ("first", "second", "agreed"),
    [
        (("/a", "/b"), ("/b", "/a"), ("/a", "/b")),
        (("/a",), ("/b",), ()),
        (("/a",), (), ()),
        ((), ("/a",), ()),
    ],
)
def test_multiplexers_are_agreed_on_in_the_order_of_who_began(
    first: tuple[str, ...], second: tuple[str, ...], agreed: tuple[str, ...]
) -> None:
    ends = shaken(side(ALICE, initiator=True, muxers=first), side(BOB, initiator=False, muxers=second))
    assert [end.muxers for end in ends] == [agreed, agreed]


def test_a_changed_frame_is_found_out() -> None:
    first, second = shaken(side(ALICE, initiator=True), side(BOB, initiator=False))
    _, sealed = first.frames(b"hello")
    with pytest.raises(HandshakeFailed):
        second.receiving.decrypt(sealed[:-1] + bytes((sealed[-1] ^ 1,)))


def test_a_replayed_frame_is_found_out() -> None:
    first, second = shaken(side(ALICE, initiator=True), side(BOB, initiator=False))
    _, sealed = first.frames(b"hello")
    assert second.receiving.decrypt(sealed) == b"hello"
    with pytest.raises(HandshakeFailed):
        second.receiving.decrypt(sealed)


@pytest.mark.parametrize("position", [0, 40, 100, 199])
def test_a_handshake_that_was_changed_on_its_way_fails(position: int) -> None:
    first, second = side(ALICE, initiator=True), side(BOB, initiator=False)
    answer = bytearray(second.receive(first.start()) or b"")
    answer[position] ^= 1
    with pytest.raises(HandshakeFailed):
        first.receive(bytes(answer))


class Impostor(Handshake):
    """Says it is Alice, whose key it doesn't have."""

    def _payload(self) -> bytes:
        signature = self._key.sign(b"noise-libp2p-static-key:" + self._static.public_key().public_bytes_raw())
        return bytes_field(1, ed25519_key(ALICE.public).encoded) + bytes_field(2, signature)


def test_who_does_not_have_the_key_they_show_is_refused() -> None:
    impostor = Impostor(HostKey(b"m" * 32), initiator=False, static=b"s" * 32, ephemeral=b"e" * 32)
    first = side(BOB, initiator=True)
    answer = impostor.receive(first.start())
    assert answer is not None
    with pytest.raises(HandshakeFailed, match="not signed"):
        first.receive(answer)


@pytest.mark.parametrize("frame", [b"", b"short", bytes(32), bytes(96), bytes(200)])
def test_nonsense_is_refused(frame: bytes) -> None:
    first = side(ALICE, initiator=True)
    first.start()
    with pytest.raises(HandshakeFailed):
        first.receive(frame)
