"""Where peers are: what worked comes first, and who was chosen is kept."""

from collections.abc import Sequence

from leither.codec.multiaddr import Multiaddr
from leither.crypto import PeerId, peer_id_of
from leither.limits import PEER_ADDRESSES_MAX, PEER_SCORE_DROPPED, PEER_SCORE_RECOVERY_S, PEERS_KNOWN_MAX
from leither.net.keeping import redial_pauses
from leither.net.peer_book import PeerBook
from leither.net.standing import Standing
from leither.ports import Known


def peer(number: int) -> PeerId:
    return peer_id_of(number.to_bytes(32, "big"))


def address(port: int) -> Multiaddr:
    return Multiaddr.parse(f"/ip4/127.0.0.1/tcp/{port}")


def test_the_address_that_worked_last_comes_first() -> None:
    book = PeerBook()
    book.heard(peer(1), [address(1), address(2)])
    book.worked(peer(1), address(2))
    assert book.addresses(peer(1)) == [address(2), address(1)]


def test_a_peer_has_no_more_addresses_than_its_limit() -> None:
    book = PeerBook()
    book.heard(peer(1), [address(port) for port in range(1, PEER_ADDRESSES_MAX + 10)])
    assert len(book.addresses(peer(1))) == PEER_ADDRESSES_MAX


def test_of_too_many_peers_the_one_heard_of_first_is_forgotten_but_no_chosen_one() -> None:
    book = PeerBook()
    book.keep(peer(0), [address(1)])
    for number in range(1, PEERS_KNOWN_MAX + 1):
        book.heard(peer(number), [address(1)])
    assert book.addresses(peer(0)) == [address(1)]
    assert book.addresses(peer(1)) == []
    assert book.addresses(peer(2)) == [address(1)]


def test_choosing_and_forgetting_is_saved() -> None:
    saved: list[tuple[PeerId, Sequence[str] | None]] = []
    book = PeerBook(save=lambda peer, addresses: saved.append((peer, addresses)))
    book.keep(peer(1), [address(1)])
    book.worked(peer(1), address(2))
    book.worked(peer(1), address(2))
    book.forget(peer(1))
    assert saved == [
        (peer(1), ["/ip4/127.0.0.1/tcp/1"]),
        (peer(1), ["/ip4/127.0.0.1/tcp/2", "/ip4/127.0.0.1/tcp/1"]),
        (peer(1), None),
    ]


def test_what_was_kept_is_known_again_and_what_is_not_understood_is_left_out() -> None:
    book = PeerBook([Known(peer(1), ("/ip4/127.0.0.1/tcp/1", "/unheard/of"))])
    assert book.kept == [peer(1)]
    assert book.addresses(peer(1)) == [address(1)]


def test_points_come_back_with_time() -> None:
    now = [0.0]
    standing = Standing(lambda: now[0])
    assert standing.blame(peer(1), 50)
    assert standing.score(peer(1)) == -50
    now[0] += PEER_SCORE_RECOVERY_S
    assert standing.score(peer(1)) == -40
    now[0] += 100 * PEER_SCORE_RECOVERY_S
    assert standing.score(peer(1)) == 0


def test_who_is_blamed_too_much_is_kept_out_for_a_while() -> None:
    now = [0.0]
    standing = Standing(lambda: now[0])
    assert not standing.blame(peer(1), -PEER_SCORE_DROPPED)
    assert not standing.admits(peer(1))
    assert standing.admits(peer(2))
    now[0] += PEER_SCORE_RECOVERY_S
    assert standing.admits(peer(1))


def test_no_blame_keeps_a_peer_out_for_ever() -> None:
    now = [0.0]
    standing = Standing(lambda: now[0])
    for _ in range(100):
        standing.blame(peer(1), 1000)
    now[0] += 11 * PEER_SCORE_RECOVERY_S
    assert standing.admits(peer(1))


def test_pauses_between_dials_grow_up_to_a_bound() -> None:
    pauses = redial_pauses()
    assert [next(pauses) for _ in range(12)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]
