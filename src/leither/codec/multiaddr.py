"""Addresses of peers: a path of protocols and their values, as text and as bytes.

Only protocols in the table are read; an address with another one is skipped by whoever reads a list of them.
Source: multiformats/multiaddr, protocols.csv.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from leither.codec import varint
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes
from leither.errors import InputError

_ADDRESS_BYTES_MAX = 512
_PARTS_MAX = 12
_PLAIN = {
    "quic-v1": 461,
    "quic": 460,
    "webtransport": 465,
    "webrtc-direct": 280,
    "webrtc": 281,
    "p2p-circuit": 290,
    "tls": 448,
    "ws": 477,
    "wss": 478,
    "http": 480,
    "https": 443,
}
_PORTS = {"tcp": 6, "udp": 273}
_NAMES = {"dns": 53, "dns4": 54, "dns6": 55, "dnsaddr": 56, "sni": 449}
_CODES = {**_PLAIN, **_PORTS, **_NAMES, "ip4": 4, "ip6": 41, "p2p": 421}
_BY_CODE = {code: name for name, code in _CODES.items()}
_NAME_BYTES_MAX = 253


class NotAMultiaddr(InputError):
    """The text or the bytes are no address that is understood here."""

    code = "not-a-multiaddr"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:200]
        self.reason = reason
        super().__init__(f"{self.given!r} is no address: {reason}; expected one like /ip4/192.168.1.20/tcp/4801/p2p/…")


@dataclass(frozen=True, slots=True)
class Multiaddr:
    """Parts are (protocol, value); the value is empty where the protocol has none."""

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the address that a text is. Raises: NotAMultiaddr."""
        if not text.startswith("/") or len(text) > _ADDRESS_BYTES_MAX:
            raise NotAMultiaddr(text, "it does not begin with /" if text[:1] != "/" else "it is too long")
        words = iter(text.strip("/").split("/"))
        parts = []
        for name in words:
            name = "p2p" if name == "ipfs" else name
            if name not in _CODES:
                raise NotAMultiaddr(text, f"{name[:40]!r} is not known here")
            value = "" if name in _PLAIN else next(words, "")
            parts.append((name, _checked(name, value, text)))
        if len(parts) > _PARTS_MAX:
            raise NotAMultiaddr(text, "it has too many parts")
        return cls(tuple(parts))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the address that bytes are. Raises: NotAMultiaddr."""
        if len(data) > _ADDRESS_BYTES_MAX:
            raise NotAMultiaddr(data[:32].hex(), "it is too long")
        offset, parts = 0, []
        try:
            while offset < len(data):
                code, offset = varint.decode(data, offset)
                name = _BY_CODE.get(code)
                if name is None:
                    raise NotAMultiaddr(data.hex(), f"protocol {code} is not known here")
                size = {"ip4": 4, "ip6": 16, "tcp": 2, "udp": 2}.get(name, 0)
                if name in _NAMES or name == "p2p":
                    size, offset = varint.decode(data, offset)
                raw = data[offset : offset + size]
                if len(raw) < size:
                    raise NotAMultiaddr(data.hex(), "it is cut off")
                offset += size
                parts.append((name, _checked(name, _shown(name, raw, data), data.hex())))
        except varint.BadVarint as error:
            raise NotAMultiaddr(data.hex(), str(error)) from None
        if not 0 < len(parts) <= _PARTS_MAX:
            raise NotAMultiaddr(data.hex(), "it has no parts, or too many")
        return cls(tuple(parts))

    def encode(self) -> bytes:
        """Return the address as bytes."""
        return b"".join(varint.encode(_CODES[name]) + _raw(name, value) for name, value in self.parts)

    def __str__(self) -> str:
        return "".join(f"/{name}/{value}" if value else f"/{name}" for name, value in self.parts)

    def value(self, name: str) -> str | None:
        """Return the value of the first part of a protocol, or None."""
        return next((value for each, value in self.parts if each == name), None)

    @property
    def peer(self) -> PeerId | None:
        """Whose address it is, if it says so at its end."""
        name, value = self.parts[-1]
        return PeerId(value) if name == "p2p" else None

    @property
    def relayed(self) -> bool:
        """Whether it leads through another peer."""
        return any(name == "p2p-circuit" for name, _ in self.parts)

    @property
    def ip(self) -> IPv4Address | IPv6Address | None:
        """The IP address it begins with, if it does."""
        name, value = self.parts[0]
        return ip_address(value) if name in ("ip4", "ip6") else None

    def with_peer(self, peer: PeerId) -> "Multiaddr":
        """Return it with `/p2p/<peer>` at the end."""
        return self if self.peer == peer else Multiaddr((*self.without_peer().parts, ("p2p", peer)))

    def without_peer(self) -> "Multiaddr":
        """Return it without the peer at its end."""
        return Multiaddr(self.parts[:-1]) if self.parts[-1][0] == "p2p" and len(self.parts) > 1 else self


def tcp_address(host: str, port: int) -> Multiaddr:
    """Return the address of a TCP port; `host` is an IP address."""
    return Multiaddr((("ip6" if ":" in host else "ip4", host), ("tcp", str(port))))


def _checked(name: str, value: str, given: str) -> str:
    try:
        if name in ("ip4", "ip6"):
            return str((IPv4Address if name == "ip4" else IPv6Address)(value))
        if name in _PORTS:
            if not (value.isascii() and value.isdigit() and int(value) < 1 << 16):
                raise ValueError(f"{value[:40]!r} is not a port")
            return str(int(value))
        if name == "p2p":
            return parse_peer_id(value)
    except (ValueError, NotAPeerId) as error:
        raise NotAMultiaddr(given, str(error)) from None
    if name in _NAMES and not (0 < len(value) <= _NAME_BYTES_MAX and value.isascii() and value.isprintable()):
        raise NotAMultiaddr(given, f"{value[:40]!r} is not a name")
    return value


def _shown(name: str, raw: bytes, whole: bytes) -> str:
    if name in ("ip4", "ip6"):
        return str(ip_address(raw))
    if name in _PORTS:
        return str(int.from_bytes(raw, "big"))
    try:
        return parse_peer_id(raw) if name == "p2p" else raw.decode("ascii")
    except (NotAPeerId, UnicodeDecodeError) as error:
        raise NotAMultiaddr(whole.hex(), str(error)) from None


def _raw(name: str, value: str) -> bytes:
    if name in ("ip4", "ip6"):
        return ip_address(value).packed
    if name in _PORTS:
        return int(value).to_bytes(2, "big")
    if name in _PLAIN:
        return b""
    raw = peer_id_bytes(PeerId(value)) if name == "p2p" else value.encode()
    return varint.encode(len(raw)) + raw
