"""Certificates that the node issues itself.

They are kept in the folder `tls` of its home, each with its key, for its owner alone:

authority.pem   made once, when first needed
server.pem      issued anew before it ends, and when names or addresses change
"""

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

from leither import limits
from leither.crypto.authority import RENEWED_BEFORE_DAYS, is_private, issue, make_authority, may_vouch
from leither.crypto.certificate import CertificateFacts, Pair, check_pair, der_of, facts_of, is_issued_by
from leither.errors import CorruptionError, InputError
from leither.node.certificates import DAY_MS, Held, day
from leither.store.keyfile import read_secret, write_secret
from leither.web.lan import Authority

AUTHORITY_WARNED_DAYS = 90
_KEY = b"-----BEGIN PRIVATE KEY-----"


class NameNotVouched(InputError):
    """The node's authority is bound to other names."""

    code = "name-not-vouched"

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = str(folder)
        super().__init__(
            f"this node's authority can't vouch for {name}: its bounds are private addresses, and the names it was "
            'made with; leave it out of host and names, or get a certificate for it elsewhere (tls = "files"), or, if '
            f"it is a name, remove the folder {folder}: the node then makes a new authority, which every device has to "
            "trust anew"
        )


class AuthorityDamaged(CorruptionError):
    """The node's authority can't be used."""

    code = "authority-damaged"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = str(path)
        self.reason = reason
        super().__init__(
            f"{path}, the authority of this node, {reason}; put it back from a copy, or remove the folder "
            f"{path.parent}: the node then makes a new authority, which every device has to trust anew"
        )


class LocalCertificates:
    """Certificates by the node's own authority. `owner` is what the authority is called after."""

    def __init__(self, folder: Path, owner: str) -> None:
        self._owner = owner
        self._authority_file = folder / "authority.pem"
        self._server_file = folder / "server.pem"

    def covers(self, address: str) -> bool:
        """Only private addresses: others are not the node's alone, and its authority may not vouch for them."""
        return is_private(ip_address(address))

    def authority(self, names: Sequence[str], now_ms: int) -> Pair:
        """Return the authority; make it if there is none, for `names` besides what is private.

        Raises: AuthorityDamaged, KeyFileExposed, StoreFull, StoreBroken.
        """
        path = self._authority_file
        found = _kept(path)
        if found is None:
            found = make_authority(self._owner, names, now_ms)
            _keep(path, found)
        try:
            check_pair(found, certificate=str(path), key=str(path))
        except InputError as error:
            raise AuthorityDamaged(path, f"is damaged ({error})") from None
        ends_ms = facts_of(found.certificate, where=str(path)).ends_ms
        if ends_ms <= now_ms:
            raise AuthorityDamaged(path, f"ended on {day(ends_ms)}")
        return found

    def current(self, names: Sequence[str], addresses: Sequence[str], now_ms: int) -> Held:
        """Return the certificate that was issued before, or a new one where that ends soon or is for others.

        Raises: NameNotVouched, and as `authority`.
        """
        authority = self.authority(names, now_ms)
        folder = self._authority_file.parent
        bounds = facts_of(authority.certificate, where=str(self._authority_file))
        for name in (*names, *addresses):
            if not may_vouch(bounds.permitted, name):
                raise NameNotVouched(name, folder)
        found = self._good(authority, names, addresses, now_ms)
        if found is None:
            pair = issue(authority, names, [ip_address(address) for address in addresses], now_ms)
            _keep(self._server_file, pair)
            found = facts_of(pair.certificate, where=str(self._server_file))
        warnings = []
        if bounds.ends_ms - now_ms < AUTHORITY_WARNED_DAYS * DAY_MS:
            warnings.append(
                f"this node's authority ends on {day(bounds.ends_ms)}; remove the folder {folder} before, so that it "
                "makes a new one, and have every device trust that"
            )
        return Held(self._server_file, self._server_file, found, tuple(warnings))

    def _good(
        self, authority: Pair, names: Sequence[str], addresses: Sequence[str], now_ms: int
    ) -> CertificateFacts | None:
        """Return what the kept certificate says, None if it is not to be used any longer."""
        kept = _kept(self._server_file)
        if kept is None:
            return None
        where = str(self._server_file)
        try:
            check_pair(kept, certificate=where, key=where)
            found = facts_of(kept.certificate, where=where)
        except InputError:
            return None  # it is no more than a copy of what the authority can say again
        same = set(found.names) == set(names) and set(found.addresses) == set(map(ip_address, addresses))
        in_time = found.begins_ms <= now_ms < found.ends_ms - RENEWED_BEFORE_DAYS * DAY_MS
        return found if same and in_time and is_issued_by(kept.certificate, authority.certificate) else None


def authority_of(pair: Pair) -> Authority:
    """Return what is shown of an authority: its certificate."""
    facts = facts_of(pair.certificate, where="the authority")
    return Authority(pair.certificate, der_of(pair.certificate), facts.fingerprint, facts.ends_ms)


def _kept(path: Path) -> Pair | None:
    found = read_secret(path, size_bytes_max=limits.TLS_FILE_BYTES_MAX)
    if found is None:
        return None
    certificate, begin, key = found.partition(_KEY)
    return Pair(certificate, begin + key)


def _keep(path: Path, pair: Pair) -> None:
    # One file, so that a crash never leaves a certificate without its key.
    write_secret(path, pair.certificate + pair.key)
