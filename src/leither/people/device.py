"""Devices: the keys that act for a person, and the person's word that one no longer does.

Formats: `spec/format/device.md` and `revocation.md`.
"""

from typing import Annotated, ClassVar
from unicodedata import category

import msgspec
from msgspec import Meta

from leither import limits
from leither.codec.record import Key, SignedRecord, TimeMs
from leither.people.period import Period

NONCE_BYTES = 16
Nonce = Annotated[bytes, Meta(min_length=NONCE_BYTES, max_length=NONCE_BYTES)]


class Device(SignedRecord, frozen=True, kw_only=True, tag="device"):
    """Signed by the person: `device` acts for them, and what is sealed to `seal` reaches it.

    Fields: device: Ed25519 key. seal: X25519 key. name: what people call it. start_ms (`from` in the record) and
    until_ms (`until`): when it counts.
    """

    KIND: ClassVar[str] = "device"

    device: Key
    seal: Key
    name: Annotated[str, Meta(min_length=1, max_length=limits.DEVICE_NAME_BYTES_MAX)]
    start_ms: TimeMs = msgspec.field(name="from")
    until_ms: TimeMs = msgspec.field(name="until")

    @property
    def period(self) -> Period:
        """When the device counts."""
        return Period(self.start_ms, self.until_ms)

    def validate(self) -> None:
        """Check the name, the period, and that the person's own key is none of its devices. Raises: NotARecord."""
        if len(self.name.encode()) > limits.DEVICE_NAME_BYTES_MAX:
            raise self.refuse(f"the name exceeds the limit of {limits.DEVICE_NAME_BYTES_MAX} bytes; shorten it")
        if any(category(char) == "Cc" for char in self.name):
            raise self.refuse("the name has a control character")
        if self.start_ms >= self.until_ms:
            raise self.refuse("its period ends before it begins")
        if self.device == self.by:
            raise self.refuse("the person's own key is no device of theirs")


class Revocation(SignedRecord, frozen=True, kw_only=True, tag="revocation"):
    """Signed by the person: a device or a passport of theirs no longer counts, for good. `at` is for people.

    Fields: device: the device's key. passport: the passport's nonce. One of the two.
    """

    KIND: ClassVar[str] = "revocation"

    at: TimeMs
    device: Key | None = None
    passport: Nonce | None = None

    def validate(self) -> None:
        """Check that it names one thing. Raises: NotARecord."""
        if (self.device is None) is (self.passport is None):
            raise self.refuse("it names a device or a passport, one of the two")

    @property
    def named(self) -> tuple[bytes, bytes]:
        """Whose it is, and what no longer counts: how `Revoked` is asked."""
        return self.by, self.device or self.passport or b""
