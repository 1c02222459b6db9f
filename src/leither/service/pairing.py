"""Pairing this node with others: the code that it shows, and runs over the network by it or by one that is entered."""

import threading
from collections.abc import Callable

from leither import limits
from leither.crypto import PeerId
from leither.errors import InputError, LeitherError
from leither.people import Device
from leither.people.visit import require_time
from leither.ports import Network, Stop, Stream, Transaction
from leither.service.engines import Engines
from leither.service.pair_rows import PairRow, put_pair, read_pair
from leither.service.person_index import own_device
from leither.wire.pairing import BadPairing, Message, PairingRefused, PairingRun, Role, WrongPairingCode
from leither.wire.pairing_code import NoPairingCode, OpenCode, open_code, read_code
from leither.wire.pairing_messages import PROTOCOL, Introduction, Refuse

_CODE_RANDOM_BYTES = 16


class PairWithItself(InputError):
    """The address is this node's own."""

    code = "pair-with-itself"

    def __init__(self) -> None:
        super().__init__("that is the address of this node itself; type the code on another node")


class NoNodeShows(InputError):
    """No node was named, and there isn't exactly one that it could be."""

    code = "no-node-shows"

    def __init__(self, connected: int) -> None:
        self.connected = connected
        super().__init__(
            f"this node is connected with {connected} that could show the code, and needs to know which it is; give "
            "the address that stands below the code on the other node, before the code"
        )


class Pairing:
    """Codes and runs. `paired` is called with the key of each node that was paired. Thread-safe."""

    def __init__(self, engines: Engines, network: Network, *, paired: Callable[[bytes], None] = lambda _: None) -> None:
        self._engines = engines
        self._network = network
        self._paired = paired
        self._guard = threading.Lock()
        self._open: OpenCode | None = None
        self._quota: int | None = None
        self._name: str | None = None

    def serve(self) -> Stop:
        """Answer nodes that enter the code which is shown here."""
        return self._network.serve(PROTOCOL, self._answer)

    def show(self, *, quota: int | None = None, name: str | None = None) -> OpenCode:
        """Return a new code, in the place of the one before it.

        quota: how much the other node may have kept here. name: what to call it, else as it calls itself.
        """
        with self._guard:
            now_ms = self._engines.clock.now_ms()
            self._open = open_code(self._engines.random.token(_CODE_RANDOM_BYTES), now_ms)
            self._quota, self._name = quota, name
            return self._open

    def shown(self) -> OpenCode | None:
        """Return the code that was shown last, as it stands, spent or not."""
        return self._open

    def hide(self) -> None:
        """Let the code that is shown work no longer."""
        with self._guard:
            self._open = None

    def enter(
        self, code: str, address: str | None = None, *, quota: int | None = None, name: str | None = None
    ) -> tuple[bytes, PairRow]:
        """Pair with the node that shows `code`; return its key and row.

        Without an address it is the one connected node that pairs. Raises: BadPairingCode, NoNodeShows, PairWithItself,
        BadAddress, PeerUnreachable, PairingRefused, WrongPairingCode, BadPairing, TooManyPairs.
        """
        code = read_code(code)
        if address is not None and address.endswith(f"/{self._network.peer_id}"):
            raise PairWithItself
        peer = self._network.connect(address) if address is not None else self._only_peer()
        found: list[tuple[bytes, PairRow]] = []

        def keep(introduction: Introduction, device: Device) -> None:
            found.append(self._keep(introduction, device, quota=quota, name=name, address=address))

        run = self._run(Role.ENTERS, peer, code, keep=keep)
        stream = self._network.open(peer, [PROTOCOL], timeout_s=limits.PAIRING_S)
        try:
            self._talk(stream, run, run.begin())
        except PairingRefused as error:
            stream.close()
            if error.reason == WrongPairingCode.code:
                raise WrongPairingCode from None
            raise
        except LeitherError as error:
            _refuse(stream, error)
            raise
        stream.close()
        node, row = found[0]
        self._paired(node)
        return node, row

    def _only_peer(self) -> PeerId:
        peers = [peer.id for peer in self._network.peers() if PROTOCOL in peer.protocols]
        if len(peers) != 1:
            raise NoNodeShows(len(peers))
        return peers[0]

    def _answer(self, stream: Stream) -> None:
        """Answer a node that enters a code. Nothing that it does is this node's error."""
        kept: list[bytes] = []
        try:
            with self._guard:
                if self._open is None:
                    raise NoPairingCode
                self._open = self._open.begin(self._engines.clock.now_ms())
                shown, quota, name = self._open, self._quota, self._name

            def keep(introduction: Introduction, device: Device) -> None:
                kept.append(self._keep(introduction, device, quota=quota, name=name)[0])

            run = self._run(
                Role.SHOWS, stream.peer, shown.code, keep=keep, spend=lambda: self._spend(shown.code, stream.peer)
            )
            self._talk(stream, run, [])
        except LeitherError as error:
            if isinstance(error, WrongPairingCode):
                self._note(lambda code: code.guessed(stream.peer))
            _refuse(stream, error)
        for node in kept:
            self._note(lambda code: code.paired(stream.peer))
            self._paired(node)

    def _spend(self, code: str, peer: PeerId) -> None:
        with self._guard:
            if self._open is None or self._open.code != code:
                raise NoPairingCode
            self._open = self._open.spend(self._engines.clock.now_ms())

    def _note(self, change: Callable[[OpenCode], OpenCode]) -> None:
        with self._guard:
            if self._open is not None and self._open.spent:
                self._open = change(self._open)

    def _run(
        self,
        role: Role,
        peer: PeerId,
        code: str,
        *,
        keep: Callable[[Introduction, Device], None],
        spend: Callable[[], None] = lambda: None,
    ) -> PairingRun:
        return PairingRun(
            role,
            own=self._network.peer_id,
            peer=peer,
            code=code,
            introduction=Introduction(
                device=own_device(self._engines).encode(),
                addresses=tuple(self._network.addresses()[: limits.PAIRING_ADDRESSES_MAX]),
            ),
            entropy=self._engines.random.token,
            spend=spend,
            keep=keep,
        )

    @staticmethod
    def _talk(stream: Stream, run: PairingRun, sent: list[Message]) -> None:
        while True:
            for message in sent:
                stream.write_message(message.encode(), timeout_s=limits.PAIRING_S)
            if run.is_done:
                stream.close_write()
                return
            data = stream.read_message(size_bytes_max=limits.PAIRING_MESSAGE_BYTES_MAX, timeout_s=limits.PAIRING_S)
            if data is None:
                raise BadPairing("it ended before both had proved that they know the code")
            sent = run.receive(data)

    def _keep(
        self,
        introduction: Introduction,
        device: Device,
        *,
        quota: int | None,
        name: str | None,
        address: str | None = None,
    ) -> tuple[bytes, PairRow]:
        now_ms = self._engines.clock.now_ms()
        require_time("device", device.period, now_ms)
        given = introduction.addresses if address is None else (address, *introduction.addresses)

        def keep(transaction: Transaction) -> PairRow:
            before = read_pair(transaction, device.device)
            row = PairRow(
                name=name or (before.name if before is not None else device.name),
                person=device.by,
                device=device.encode(),
                addresses=tuple(dict.fromkeys(given))[: limits.PAIRING_ADDRESSES_MAX],
                since_ms=before.since_ms if before is not None else now_ms,
                quota=quota if quota is not None or before is None else before.quota,
                everything=before.everything if before is not None else True,
                chosen=before.chosen if before is not None else (),
                met_ms=now_ms,
                given=before.given if before is not None else None,
            )
            put_pair(transaction, device.device, row)
            return row

        return device.device, self._engines.state.write(keep)


def _refuse(stream: Stream, error: LeitherError) -> None:
    """Say why, if somebody still listens, and end the stream."""
    try:
        stream.write_message(Refuse(reason=error.code[:64]).encode(), timeout_s=1)
        stream.close()
    except LeitherError:
        stream.reset()
