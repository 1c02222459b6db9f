"""A certificate that somebody else makes and renews, in the two files that the settings name."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from leither import limits
from leither.crypto.certificate import Pair, check_pair, facts_of
from leither.errors import InputError
from leither.node.certificates import DAY_MS, Held, day
from leither.store.keyfile import KeyFileExposed

WARNED_BEFORE_DAYS = 14
_OTHERS = 0o007
"""A group may read the key: on many systems one is made for that."""


class TlsFilesMissing(InputError):
    """The settings want a given certificate and don't say where it is."""

    code = "tls-files-missing"

    def __init__(self) -> None:
        super().__init__(
            'tls = "files" takes the certificate in the file tls_certificate and its private key in tls_key; set both, '
            'or tls = "local" for certificates that this node makes itself'
        )


class TlsFileUnreadable(InputError):
    """A file of the settings can't be read."""

    code = "tls-file-unreadable"

    def __init__(self, setting: str, path: Path, reason: str) -> None:
        self.setting = setting
        self.path = str(path)
        self.reason = reason
        super().__init__(f"{setting} names {path}, which can't be read: {reason}; correct the setting or the file")


class CertificateNotValid(InputError):
    """The given certificate is not good now."""

    code = "certificate-not-valid"

    def __init__(self, path: Path, begins_ms: int, ends_ms: int, now_ms: int) -> None:
        self.path = str(path)
        self.begins_ms = begins_ms
        self.ends_ms = ends_ms
        when = f"ended on {day(ends_ms)}" if now_ms >= ends_ms else f"begins on {day(begins_ms)} only"
        super().__init__(f"the certificate in {path} {when}; put a newer one there, or set the machine's clock")


class GivenCertificates:
    """What is in the two files, whenever it is looked at."""

    def __init__(self, certificate: str, key: str) -> None:
        """Raise TlsFilesMissing unless both are named."""
        if not certificate or not key:
            raise TlsFilesMissing
        self._certificate = Path(certificate)
        self._key = Path(key)

    def covers(self, address: str) -> bool:
        """Any: whom the certificate is for, its owner knows."""
        return True

    def current(self, names: Sequence[str], addresses: Sequence[str], now_ms: int) -> Held:
        """Return what is in the files now.

        Raises: TlsFileUnreadable, KeyFileExposed, BadCertificate, BadPrivateKey, KeyMismatch, CertificateNotValid.
        """
        path = self._certificate
        pair = Pair(_read(path, "tls_certificate", shut=False), _read(self._key, "tls_key", shut=True))
        check_pair(pair, certificate=str(path), key=str(self._key))
        facts = facts_of(pair.certificate, where=str(path))
        if not facts.begins_ms <= now_ms < facts.ends_ms:
            raise CertificateNotValid(path, facts.begins_ms, facts.ends_ms, now_ms)
        warnings = []
        if facts.ends_ms - now_ms < WARNED_BEFORE_DAYS * DAY_MS:
            warnings.append(f"the certificate in {path} ends on {day(facts.ends_ms)}; put a newer one there")
        others = [name for name in names if not facts.covers(name)]
        if others:
            warnings.append(f"the certificate in {path} is not for {', '.join(others)}: clients refuse it there")
        return Held(path, self._key, facts, tuple(warnings))


def _read(path: Path, setting: str, *, shut: bool) -> bytes:
    """Return what is in a file; one that is `shut` may not be open to everybody."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if shut and os.name == "posix" and mode & _OTHERS:
                raise KeyFileExposed(path, mode)
            found = file.read(limits.TLS_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise TlsFileUnreadable(setting, path, error.strerror or str(error)) from error
    if len(found) > limits.TLS_FILE_BYTES_MAX:
        raise TlsFileUnreadable(setting, path, f"it is larger than {limits.TLS_FILE_BYTES_MAX:,} bytes")
    return found
