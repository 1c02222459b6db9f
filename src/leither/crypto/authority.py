"""An authority that can vouch for private names and addresses alone, and the certificates it issues.

`cryptography` is imported when it is needed, as in `certificate`.
"""

import ipaddress
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from leither.crypto.certificate import Address, Pair, address_of

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 90
"""Phones refuse certificates of more than 825 days, and may come to refuse shorter ones."""
RENEWED_BEFORE_DAYS = 30
_EARLIER = timedelta(days=1)
"""How far back a certificate begins, for devices whose clock is slow."""
PRIVATE_NAMES = ("localhost", "local", "home.arpa", "internal")
"""Domains that nobody on the internet can own. Source: RFC 6761, RFC 6762, RFC 8375, ICANN's reservation of 2024."""
PRIVATE_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
        "fc00::/7", "fe80::/10", "::1/128",
    )
)  # fmt: skip
"""Networks that are the same on no two premises. Source: RFC 1918, 3927, 6598, 1122, 4193, 4291."""


def is_private(address: Address) -> bool:
    """Tell whether the authority of a node may vouch for `address`."""
    return any(address in network for network in PRIVATE_NETWORKS)


def may_vouch(permitted: Collection[str] | None, name: str) -> bool:
    """Tell whether an authority bound to the domains `permitted` may vouch for `name`, a DNS name or an IP address."""
    address = address_of(name)
    if address is not None:
        return permitted is None or is_private(address)
    return permitted is None or any(name == domain or name.endswith(f".{domain}") for domain in permitted)


def make_authority(owner: str, names: Iterable[str], now_ms: int) -> Pair:
    """Make an authority for PRIVATE_NAMES, PRIVATE_NETWORKS and `names`, and nothing else.

    The bounds are in its certificate, marked critical, so whoever trusts it need not trust its holder any further.
    Source: RFC 5280 section 4.2.1.10.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key = ec.generate_private_key(ec.SECP256R1())
    others = (name for name in names if address_of(name) is None and not may_vouch(PRIVATE_NAMES, name))
    domains = dict.fromkeys((*PRIVATE_NAMES, *others))
    permitted: list[x509.GeneralName] = [x509.DNSName(domain) for domain in domains]
    permitted += [x509.IPAddress(network) for network in PRIVATE_NETWORKS]
    subject = _name(f"Leither authority {owner}")
    builder = (
        _builder(subject, subject, key.public_key(), now_ms, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return _signed(builder, key, key)


def issue(authority: Pair, names: Iterable[str], addresses: Iterable[Address], now_ms: int) -> Pair:
    """Return a new key with the authority's certificate for a server of these names and addresses."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import ExtendedKeyUsageOID

    issuer = x509.load_pem_x509_certificate(authority.certificate)
    issuer_key = load_pem_private_key(authority.key, password=None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    whom: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    whom += [x509.IPAddress(address) for address in addresses]
    builder = (
        # The space keeps the common name from being taken for one of a host, which the constraints would then meet.
        _builder(_name("Leither node"), issuer.subject, key.public_key(), now_ms, CERTIFICATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(whom), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    return _signed(builder, key, issuer_key)


def _name(common: str) -> "x509.Name":
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: "x509.Name", issuer: "x509.Name", key: "ec.EllipticCurvePublicKey", now_ms: int, days: int
) -> "x509.CertificateBuilder":
    from cryptography import x509

    now = datetime.fromtimestamp(now_ms // 1000, UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    builder: "x509.CertificateBuilder", key: "ec.EllipticCurvePrivateKey", issuer_key: "ec.EllipticCurvePrivateKey"
) -> Pair:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return Pair(
        certificate=builder.sign(issuer_key, SHA256()).public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
