"""TLS contexts whose certificate can be replaced while they are in use."""

import ssl
from pathlib import Path

from leither.crypto.certificate import BadCertificate


class Encryption:
    """`http` and `redis` are contexts for servers; what `use` gives them counts from the next handshake on."""

    def __init__(self) -> None:
        self._current = _context()
        self.http = self._front()
        self.http.set_alpn_protocols(["http/1.1"])
        self.redis = self._front()

    def use(self, certificate: Path, key: Path) -> None:
        """Take a certificate and its key from their files. Raises: BadCertificate: OpenSSL can't use it."""
        made = _context()
        try:
            made.load_cert_chain(certificate, key)
        except (ssl.SSLError, OSError) as error:
            raise BadCertificate(str(certificate), f"TLS can't use it ({error})") from None
        self._current = made

    def _front(self) -> ssl.SSLContext:
        made = _context()

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            connection.context = self._current

        # Called in every handshake, also of clients that name no server.
        made.sni_callback = choose
        return made


def _context() -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # A client could keep a server busy with nothing but new handshakes.
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return made
