"""What a presentation or a passport shows: a person is behind a session or request, through one of their keys."""

from collections.abc import Container, Iterable
from dataclasses import dataclass

from leither import limits
from leither.crypto import MimeiId
from leither.people.device import Device
from leither.people.period import Period
from leither.people.refused import DeviceRevoked, Expired, NotYetValid, UnknownSigner
from leither.people.right import Act


@dataclass(frozen=True, slots=True)
class Visit:
    """Fields: person: their whole key. signer: the key that signed, the person's or a device's. until_ms: when it ends.

    most: all that may be done in it, whatever the person may do. only: the one MiMei it is for, if any.
    """

    person: bytes
    signer: bytes
    until_ms: int
    most: Act
    only: MimeiId | None = None


def require_time(what: str, period: Period, now_ms: int) -> None:
    """Check that it is time. Raises: NotYetValid, Expired."""
    if now_ms < period.start_ms:
        raise NotYetValid(what, period.start_ms, now_ms)
    if now_ms >= period.until_ms:
        raise Expired(what, period.until_ms, now_ms)


def require_signer(
    proof: str,
    signer: bytes,
    person: bytes,
    *,
    now_ms: int,
    devices: Iterable[Device],
    revoked: Container[tuple[bytes, bytes]],
) -> int:
    """Check that `signer` is the person or a device of theirs; return until when that is so (ms).

    Args: devices: records that came beside the proof or are known. revoked: (person, device) of the revocations that
        are known, their signatures checked.
    Cost: a signature, unless the person signed.
    Raises: DeviceRevoked, UnknownSigner, NotYetValid, Expired, BadSignature.
    """
    if signer == person:
        return limits.TIME_MS_MAX
    if (person, signer) in revoked:
        raise DeviceRevoked(signer)
    records = [device for device in devices if (device.by, device.device) == (person, signer)]
    if not records:
        raise UnknownSigner(proof, signer, person)
    # Of several records of one device the one that counts longest decides; who renewed it may send the old one too.
    record = max(records, key=lambda device: (now_ms in device.period, device.until_ms)).check()
    require_time("device", record.period, now_ms)
    return record.until_ms
