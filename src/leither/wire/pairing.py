"""Two nodes come to trust each other by a short code: `/leither/pair/1`. No sockets, no clock; chance is handed in.

    enters                                          shows
    Begin: SPAKE2              ──────▶
                               ◀──────              Begin: SPAKE2
    Prove                      ──────▶              the code is spent here, whatever comes of it
                               ◀──────              Prove, with who it is
    Prove, with who it is      ──────▶              keeps the pair
    keeps the pair             ◀──────              Prove

SPAKE2 is symmetric; its identity holds both peer ids in the order of their roles, so what one of two runs says is of no
use in another, nor with another node at an end. Neither side learns more of the code than whether one guess was right,
and who shows it answers one guess. Only who has proved that they know the code is told who the other is.
"""

import hmac
from collections.abc import Callable
from enum import StrEnum

from leither.codec.record import BadSignature, NotARecord
from leither.crypto import PeerId, hkdf, peer_id_bytes, peer_public_key
from leither.errors import DeniedError, PeerError
from leither.people import Device
from leither.wire.pairing_messages import PROTOCOL, Begin, Introduction, Prove, Refuse

Message = Begin | Prove | Refuse
Step = Callable[[Message], list[Message]]
_SYMMETRIC = b"S"
"""With what a message of symmetric SPAKE2 begins."""


class Role(StrEnum):
    """Which end of a run a node is at."""

    SHOWS = "shows"
    ENTERS = "enters"


class WrongPairingCode(DeniedError):
    """The other side does not know the code."""

    code = "wrong-pairing-code"

    def __init__(self) -> None:
        super().__init__(
            "the codes differ, or somebody stands between the two nodes; nothing was paired, and the code is good no "
            "more: show a new one with `leither pair`, and compare it well"
        )


class BadPairing(PeerError):
    """The other node said what it should not while pairing."""

    code = "bad-pairing"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the other node breaks off from the way nodes pair: {reason}; nothing was paired")


class PairingRefused(PeerError):
    """The other node does not pair."""

    code = "pairing-refused"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"the other node refuses to pair ({reason}); `leither pair` there shows a new code, good for one guess"
        )


class PairingRun:
    """One end of one run. `other` is who the other side is, once it has proved that it knows the code.

    `is_done`: both sides have proved it, and told each other who they are. Not thread-safe.
    """

    def __init__(
        self,
        role: Role,
        *,
        own: PeerId,
        peer: PeerId,
        code: str,
        introduction: Introduction,
        entropy: Callable[[int], bytes],
        spend: Callable[[], None] = lambda: None,
        keep: Callable[[Introduction, Device], None],
    ) -> None:
        """Take own, peer: the ids that the connection has shown. introduction: what to tell of this node.

        entropy: gives so many random bytes. spend: called before a proof is looked at by who shows the code; what it
        raises ends the run. keep: called once, with what the other says it is and its device record, before it is told
        that all is well.
        """
        from spake2 import SPAKE2_Symmetric  # type: ignore[import-untyped]  # makes tables, which few starts need

        self._role = role
        self._peer = peer
        self._introduction = introduction.encode()
        self._spend = spend
        self._keep = keep
        shows, enters = (own, peer) if role is Role.SHOWS else (peer, own)
        ends = b"".join(len(end).to_bytes(1) + end for end in (peer_id_bytes(shows), peer_id_bytes(enters)))
        self._spake = SPAKE2_Symmetric(
            code.encode("ascii"), idSymmetric=f"{PROTOCOL}\0".encode() + ends, entropy_f=entropy
        )
        self._sent: bytes = self._spake.start()
        self._key = b""
        self._step: Step = self._take_begin
        self._told: tuple[Introduction, Device] | None = None
        self.is_done = False

    def begin(self) -> list[Message]:
        """Return what to send first: something for who enters the code, nothing for who shows it."""
        return [Begin(spake=self._sent)] if self._role is Role.ENTERS else []

    def receive(self, data: bytes) -> list[Message]:
        """Take a message; return what to send now. After an error the run is over, and `data` counted for nothing.

        Raises: BadPairing, PairingRefused, WrongPairingCode, what `spend` and `keep` raise.
        """
        if self.is_done:
            raise BadPairing("it goes on after the end")
        for kind in (Begin, Prove, Refuse):
            try:
                message = kind.decode(data)
            except NotARecord:
                continue
            if isinstance(message, Refuse):
                raise PairingRefused(message.reason)
            step, self._step = self._step, self._over
            return step(message)
        raise BadPairing("a message of no known kind")

    def _over(self, _: Message) -> list[Message]:
        raise BadPairing("it goes on after an error")

    def _take_begin(self, message: Message) -> list[Message]:
        from spake2.ed25519_basic import NotOnCurve  # type: ignore[import-untyped]
        from spake2.spake2 import SPAKEError  # type: ignore[import-untyped]

        if not isinstance(message, Begin):
            raise BadPairing("it proves before it begins")
        if not message.spake.startswith(_SYMMETRIC):
            raise BadPairing("what it begins with is not symmetric SPAKE2")
        try:
            key: bytes = self._spake.finish(message.spake)
        except (SPAKEError, NotOnCurve, ValueError) as error:
            raise BadPairing(f"what it begins with is no point that SPAKE2 takes ({type(error).__name__})") from None
        self._key = key
        if self._role is Role.SHOWS:
            self._step = self._take_guess
            return [Begin(spake=self._sent)]
        self._step = self._take_shower
        return [self._prove("enters")]

    def _take_guess(self, message: Message) -> list[Message]:
        self._spend()
        self._check(message, "enters")
        self._step = self._take_enterer
        return [self._prove("shows", self._introduction)]

    def _take_shower(self, message: Message) -> list[Message]:
        self._told = self._introduced(self._check(message, "shows"))
        self._step = self._take_kept
        return [self._prove("enters, who", self._introduction)]

    def _take_enterer(self, message: Message) -> list[Message]:
        self._keep(*self._introduced(self._check(message, "enters, who")))
        self.is_done = True
        return [self._prove("shows, kept")]

    def _take_kept(self, message: Message) -> list[Message]:
        self._check(message, "shows, kept")
        assert self._told is not None
        self._keep(*self._told)
        self.is_done = True
        return []

    def _prove(self, label: str, introduction: bytes = b"") -> Prove:
        return Prove(proof=self._proof(label, introduction), introduction=introduction)

    def _proof(self, label: str, introduction: bytes) -> bytes:
        return hmac.digest(hkdf(self._key, purpose=PROTOCOL, context=label.encode()), introduction, "sha256")

    def _check(self, message: Message, label: str) -> bytes:
        """Return what was proved together with the knowledge of the code. Raises: WrongPairingCode."""
        if not isinstance(message, Prove):
            raise BadPairing("it begins anew")
        if not hmac.compare_digest(message.proof, self._proof(label, message.introduction)):
            raise WrongPairingCode
        return message.introduction

    def _introduced(self, data: bytes) -> tuple[Introduction, Device]:
        """Return who the other is. Raises: BadPairing: unless its person vouches for the key it has shown."""
        try:
            introduction = Introduction.decode(data)
            device = Device.decode(introduction.device).check()
        except (NotARecord, BadSignature) as error:
            raise BadPairing(f"who it is: {error}") from None
        if device.device != peer_public_key(self._peer):
            raise BadPairing("its person vouches for another node than the one at the other end")
        return introduction, device
