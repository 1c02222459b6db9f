"""The node's own authority: made once, bound to its names, kept from others; and what it issues."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from leither.crypto.authority import AUTHORITY_DAYS, CERTIFICATE_DAYS, RENEWED_BEFORE_DAYS
from leither.crypto.certificate import CertificateFacts
from leither.node.certificates import DAY_MS
from leither.node.local_certificates import (
    AUTHORITY_WARNED_DAYS,
    AuthorityDamaged,
    LocalCertificates,
    NameNotVouched,
    authority_of,
)
from leither.store.keyfile import KeyFileExposed

NOW_MS = 1_700_000_000_000
NAMES, ADDRESSES = ["desk.local", "nas.example"], ["192.168.1.5", "fd00::1"]


def issued(
    folder: Path, *, names: list[str] = NAMES, addresses: list[str] = ADDRESSES, now_ms: int = NOW_MS
) -> CertificateFacts:
    """What the certificate says that a node, newly started, uses at a moment."""
    return LocalCertificates(folder, "abcd").current(names, addresses, now_ms).facts


def fingerprint(folder: Path) -> str:
    return authority_of(LocalCertificates(folder, "abcd").authority([], NOW_MS)).fingerprint


def test_the_authority_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    assert fingerprint(folder) == fingerprint(folder)
    assert stat.S_IMODE((folder / "authority.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_certificate_is_for_the_names_and_addresses_of_the_node(tmp_path: Path) -> None:
    found = issued(tmp_path)
    assert set(found.names) == set(NAMES)
    assert [str(address) for address in found.addresses] == ADDRESSES
    assert stat.S_IMODE((tmp_path / "server.pem").stat().st_mode) == 0o600


def test_a_certificate_is_used_again_until_it_ends_soon(tmp_path: Path) -> None:
    first = issued(tmp_path)
    good_until_ms = NOW_MS + (CERTIFICATE_DAYS - RENEWED_BEFORE_DAYS) * DAY_MS
    assert issued(tmp_path, now_ms=good_until_ms - 1).serial == first.serial
    renewed = issued(tmp_path, now_ms=good_until_ms)
    assert renewed.serial != first.serial
    assert renewed.ends_ms == good_until_ms + CERTIFICATE_DAYS * DAY_MS


@pytest.mark.parametrize(
    ("names", "addresses"),
    [(NAMES[:1], ADDRESSES), (NAMES, ["192.168.1.6", "fd00::1"]), ([*NAMES, "new.local"], ADDRESSES)],
)
def test_a_certificate_follows_names_and_addresses(tmp_path: Path, names: list[str], addresses: list[str]) -> None:
    first = issued(tmp_path)
    assert issued(tmp_path, names=names, addresses=addresses).serial != first.serial


def test_the_order_of_addresses_makes_no_new_certificate(tmp_path: Path) -> None:
    assert issued(tmp_path).serial == issued(tmp_path, names=NAMES[::-1], addresses=ADDRESSES[::-1]).serial


def test_a_certificate_from_before_the_clock_was_set_back_is_replaced(tmp_path: Path) -> None:
    first = issued(tmp_path)
    assert issued(tmp_path, now_ms=NOW_MS - 30 * DAY_MS).serial != first.serial


@pytest.mark.parametrize("left", [b"", b"torn", None])
def test_a_damaged_certificate_is_issued_anew(tmp_path: Path, left: bytes | None) -> None:
    first = issued(tmp_path)
    file = tmp_path / "server.pem"
    file.write_bytes(file.read_bytes()[:-40] if left is None else left)
    assert issued(tmp_path).serial != first.serial


def test_a_certificate_of_an_authority_that_was_removed_is_issued_anew(tmp_path: Path) -> None:
    first = issued(tmp_path)
    (tmp_path / "authority.pem").unlink()
    assert issued(tmp_path).serial != first.serial


def test_a_name_that_the_authority_was_not_made_for_is_refused_with_what_to_do(tmp_path: Path) -> None:
    issued(tmp_path)
    with pytest.raises(NameNotVouched, match=r"can't vouch for other\.example.*remove the folder .*every device"):
        issued(tmp_path, names=[*NAMES, "other.example"])


def test_a_public_address_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert not LocalCertificates(tmp_path, "abcd").covers("203.0.113.5")
    with pytest.raises(NameNotVouched, match=r'203\.0\.113\.5.*tls = "files"'):
        issued(tmp_path, addresses=["203.0.113.5"])


def test_an_authority_that_others_could_read_is_not_used(tmp_path: Path) -> None:
    issued(tmp_path)
    (tmp_path / "authority.pem").chmod(0o644)
    with pytest.raises(KeyFileExposed, match=r"chmod 600 .*authority\.pem"):
        issued(tmp_path)


@pytest.mark.parametrize("part", ["certificate", "key", "both"])
def test_a_damaged_authority_is_never_replaced_in_silence(tmp_path: Path, part: str) -> None:
    issued(tmp_path)
    file = tmp_path / "authority.pem"
    text = file.read_bytes()
    cut = text.index(b"-----BEGIN PRIVATE")
    file.write_bytes({"certificate": text[cut:], "key": text[:cut], "both": b""}[part])
    with pytest.raises(AuthorityDamaged, match="put it back from a copy, or remove the folder"):
        issued(tmp_path)


def test_an_authority_that_ended_is_refused_and_one_that_ends_soon_is_told_of(tmp_path: Path) -> None:
    certificates = LocalCertificates(tmp_path, "abcd")
    assert certificates.current(NAMES, ADDRESSES, NOW_MS).warnings == ()
    ends_ms = NOW_MS + AUTHORITY_DAYS * DAY_MS
    (warning,) = certificates.current(NAMES, ADDRESSES, ends_ms - (AUTHORITY_WARNED_DAYS - 1) * DAY_MS).warnings
    assert "this node's authority ends on 2033-11-11" in warning
    with pytest.raises(AuthorityDamaged, match="ended on 2033-11-11"):
        certificates.current(NAMES, ADDRESSES, ends_ms)
