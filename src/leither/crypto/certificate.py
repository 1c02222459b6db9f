"""X.509 certificates for TLS, as they are read and checked.

`cryptography` takes memory and a fifth of a second to import, so the functions that need it import it. Nothing here
reads a clock or a file; times are Unix time in milliseconds.
"""

import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from leither.errors import InputError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_Extension = TypeVar("_Extension", bound="x509.ExtensionType")


class BadCertificate(InputError):
    """This is no certificate."""

    code = "bad-certificate"

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(
            f"{where} holds no certificate: {reason}; it must be PEM, which begins with -----BEGIN CERTIFICATE-----, "
            "the server's own certificate first and those between it and its authority behind"
        )


class BadPrivateKey(InputError):
    """This is no private key that a server can use by itself."""

    code = "bad-private-key"

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(
            f"{where} holds no private key that can be used: {reason}; it must be PEM, without a passphrase, and begin "
            "with -----BEGIN PRIVATE KEY-----"
        )


class KeyMismatch(InputError):
    """Certificate and key do not belong together."""

    code = "key-mismatch"

    def __init__(self, certificate: str, key: str) -> None:
        self.certificate = certificate
        self.key = key
        super().__init__(
            f"the private key in {key} is not that of the certificate in {certificate}; name the two files that were "
            "made together"
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate, those that lead from it to its authority, and its private key. Both are PEM."""

    certificate: bytes
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says.

    Fields: fingerprint: SHA-256 as systems show it, `AB:CD:…`. names, addresses: whom it is for. permitted: the domains
    that an authority may vouch for; None without a bound.
    """

    fingerprint: str
    serial: int
    names: tuple[str, ...]
    addresses: tuple[Address, ...]
    begins_ms: int
    ends_ms: int
    permitted: tuple[str, ...] | None

    def covers(self, name: str) -> bool:
        """Tell whether it is for `name`, a DNS name or an IP address."""
        address = address_of(name)
        if address is not None:
            return address in self.addresses
        wildcard = f"*.{name.partition('.')[2]}"
        return name in self.names or ("." in name and wildcard in self.names)


def address_of(text: str) -> Address | None:
    """Return the IP address that `text` is, None for a name."""
    try:
        return ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None


def facts_of(certificate: bytes, *, where: str) -> CertificateFacts:
    """Return what the first certificate in PEM text says. Raises: BadCertificate, with `where` it was found."""
    from cryptography import x509
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        first = x509.load_pem_x509_certificates(certificate)[0]
        whom = _extension(first, x509.SubjectAlternativeName)
        bounds = _extension(first, x509.NameConstraints)
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise BadCertificate(where, str(error)) from None
    permitted = None
    if bounds is not None and bounds.permitted_subtrees is not None:
        permitted = tuple(each.value for each in bounds.permitted_subtrees if isinstance(each, x509.DNSName))
    return CertificateFacts(
        fingerprint=first.fingerprint(SHA256()).hex(":").upper(),
        serial=first.serial_number,
        names=tuple(name.lower() for name in whom.get_values_for_type(x509.DNSName)) if whom else (),
        addresses=tuple(whom.get_values_for_type(x509.IPAddress)) if whom else (),  # type: ignore[arg-type]
        begins_ms=_ms(first.not_valid_before_utc),
        ends_ms=_ms(first.not_valid_after_utc),
        permitted=permitted,
    )


def der_of(certificate: bytes) -> bytes:
    """Return the first certificate of PEM text as DER."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    return x509.load_pem_x509_certificates(certificate)[0].public_bytes(Encoding.DER)


def is_issued_by(certificate: bytes, authority: bytes) -> bool:
    """Tell whether the first certificate is signed by the authority of the second; both are PEM, and well-formed."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    first, issuer = (x509.load_pem_x509_certificates(text)[0] for text in (certificate, authority))
    try:
        first.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def check_pair(pair: Pair, *, certificate: str, key: str) -> None:
    """Check that the key is the certificate's; `certificate` and `key` say where they are.

    Raises: BadCertificate, BadPrivateKey, KeyMismatch.
    """
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        first = x509.load_pem_x509_certificates(pair.certificate)[0]
    except ValueError as error:
        raise BadCertificate(certificate, str(error)) from None
    try:
        found: PrivateKeyTypes = load_pem_private_key(pair.key, password=None)
    except TypeError:
        raise BadPrivateKey(key, "it is encrypted") from None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise BadPrivateKey(key, str(error).partition("\n")[0][:200]) from None
    if _bits(found.public_key()) != _bits(first.public_key()):
        raise KeyMismatch(certificate, key)


def _bits(key: "PublicKeyTypes") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _extension(certificate: "x509.Certificate", kind: type[_Extension]) -> _Extension | None:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
