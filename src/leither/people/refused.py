"""Why a proof of who asks, a presentation or a passport, doesn't count. `proof` says which of the two."""

from leither import limits
from leither.crypto import id_text, key_id
from leither.errors import DeniedError, InputError, LimitError
from leither.people.period import Period


class ProofMalformed(InputError):
    """The bytes are no presentation, and no passport."""

    code = "proof-malformed"

    def __init__(self, proof: str, reason: str) -> None:
        self.proof = proof
        self.reason = reason
        super().__init__(f"this {proof} can't be read: {reason}; make a new one")


class WrongAudience(DeniedError):
    """The proof was made for another node."""

    code = "wrong-audience"

    def __init__(self, proof: str, audience: bytes, node: bytes) -> None:
        self.proof = proof
        self.audience = id_text(key_id(audience))
        self.node = id_text(key_id(node))
        super().__init__(f"this {proof} is for node {self.audience}, and this is {self.node}; make one for this node")


class WrongRequest(DeniedError):
    """The proof was made for something else than what is asked."""

    code = "wrong-request"

    def __init__(self, proof: str, reason: str) -> None:
        self.proof = proof
        self.reason = reason
        super().__init__(f"this {proof} doesn't belong to what is asked: {reason}; sign what you ask for")


class NotYetValid(DeniedError):
    """The proof, or the device that signed it, counts from a later moment on."""

    code = "not-yet-valid"

    def __init__(self, what: str, start_ms: int, now_ms: int) -> None:
        self.what = what
        self.start_ms = start_ms
        self.now_ms = now_ms
        super().__init__(
            f"this {what} counts from {start_ms:,} ms on and it is {now_ms:,} ms here; "
            "wait, or compare the clocks of both machines"
        )


class Expired(DeniedError):
    """The proof, or the device that signed it, counts no longer."""

    code = "expired"

    def __init__(self, what: str, until_ms: int, now_ms: int) -> None:
        self.what = what
        self.until_ms = until_ms
        self.now_ms = now_ms
        super().__init__(
            f"this {what} counted until {until_ms:,} ms and it is {now_ms:,} ms here; "
            "make a new one, or compare the clocks of both machines"
        )


class ValidTooLong(DeniedError):
    """The proof would count for longer than one may."""

    code = "valid-too-long"

    def __init__(self, proof: str, period: Period, limit_s: int) -> None:
        self.proof = proof
        self.asked_s = (period.until_ms - period.start_ms) // 1000
        self.limit_s = limit_s
        super().__init__(
            f"this {proof} counts for {self.asked_s:,} s, and the limit is {limit_s:,}; make a shorter one"
        )


class UnknownSigner(DeniedError):
    """Neither the person nor a device of theirs has signed the proof."""

    code = "unknown-signer"

    def __init__(self, proof: str, signer: bytes, person: bytes) -> None:
        self.proof = proof
        self.signer = id_text(key_id(signer))
        self.person = id_text(key_id(person))
        super().__init__(
            f"this {proof} is signed by {self.signer}, which nothing beside it shows to act for {self.person}; "
            "send the record of the device along"
        )


class DeviceRevoked(DeniedError):
    """The person has said that the device no longer acts for them."""

    code = "device-revoked"

    def __init__(self, device: bytes) -> None:
        self.device = id_text(key_id(device))
        super().__init__(f"device {self.device} was revoked by its person; sign in with another one")


class PassportRevoked(DeniedError):
    """The person has taken the passport back."""

    code = "passport-revoked"

    def __init__(self) -> None:
        super().__init__("this passport was taken back by its person; make a new one")


class Replayed(DeniedError):
    """The proof was used before, or may have been; it counts once."""

    code = "replayed"

    def __init__(self, proof: str) -> None:
        self.proof = proof
        super().__init__(f"this {proof} was used already, or may have been; it counts once, so make a new one")


class TooManyProofs(LimitError):
    """More proofs were used of late than can be remembered."""

    code = "too-many-proofs"

    def __init__(self) -> None:
        super().__init__(
            f"{limits.REPLAYS_MAX:,} presentations and passports were used of late, the limit; try again in a minute"
        )
