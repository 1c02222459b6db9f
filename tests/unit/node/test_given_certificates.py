"""A certificate in files: checked before it is used, and told of before it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from leither.crypto.authority import CERTIFICATE_DAYS, issue, make_authority
from leither.crypto.certificate import BadCertificate, BadPrivateKey, KeyMismatch
from leither.node.certificates import DAY_MS, Held
from leither.node.given_certificates import (
    WARNED_BEFORE_DAYS,
    CertificateNotValid,
    GivenCertificates,
    TlsFilesMissing,
    TlsFileUnreadable,
)
from leither.store.keyfile import KeyFileExposed

NOW_MS = 1_700_000_000_000
ENDS_MS = NOW_MS + CERTIFICATE_DAYS * DAY_MS
AUTHORITY = make_authority("abcd", ["nas.example"], NOW_MS)
PAIR = issue(AUTHORITY, ["nas.example", "*.apps.nas.example"], [], NOW_MS)
OTHER = issue(AUTHORITY, ["nas.example"], [], NOW_MS)


def held(
    folder: Path,
    *,
    certificate: bytes | None = PAIR.certificate,
    key: bytes | None = PAIR.key,
    mode: int = 0o600,
    names: list[str] | None = None,
    now_ms: int = NOW_MS,
) -> Held:
    for name, text in (("c.pem", certificate), ("k.pem", key)):
        if text is not None:
            (folder / name).write_bytes(text)
            (folder / name).chmod(0o644 if name == "c.pem" else mode)
    return GivenCertificates(str(folder / "c.pem"), str(folder / "k.pem")).current(names or [], [], now_ms)


def test_a_good_pair_is_taken_as_it_stands(tmp_path: Path) -> None:
    found = held(tmp_path, certificate=PAIR.certificate + AUTHORITY.certificate)
    assert found.facts.names == ("nas.example", "*.apps.nas.example")
    assert (found.certificate, found.key, found.warnings) == (tmp_path / "c.pem", tmp_path / "k.pem", ())


@pytest.mark.parametrize(("certificate", "key"), [("", ""), ("/c.pem", ""), ("", "/k.pem")])
def test_both_files_must_be_named(certificate: str, key: str) -> None:
    with pytest.raises(TlsFilesMissing, match=r"tls_certificate.*tls_key"):
        GivenCertificates(certificate, key)


def test_a_file_that_is_not_there_is_named_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(TlsFileUnreadable, match=r"tls_key names .*k\.pem.*No such file"):
        held(tmp_path, key=None)
    with pytest.raises(TlsFileUnreadable, match=r"tls_certificate names .*Is a directory"):
        GivenCertificates(str(tmp_path), str(tmp_path / "k.pem")).current([], [], NOW_MS)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(TlsFileUnreadable, match="larger than 262,144 bytes"):
        held(tmp_path, certificate=b"a" * (1 << 20))


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_a_key_that_everybody_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(KeyFileExposed, match=r"chmod 600 .*k\.pem"):
        held(tmp_path, mode=mode)


def test_a_key_that_a_group_can_read_is_taken(tmp_path: Path) -> None:
    assert held(tmp_path, mode=0o640).warnings == ()


def test_what_is_no_certificate_or_no_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadCertificate, match=r"c\.pem"):
        held(tmp_path, certificate=PAIR.key)
    with pytest.raises(BadPrivateKey, match=r"k\.pem"):
        held(tmp_path, key=PAIR.certificate)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyMismatch, match=r"k\.pem is not that of the certificate in .*c\.pem"):
        held(tmp_path, key=OTHER.key)


def test_a_certificate_that_ended_or_has_not_begun_is_refused_with_the_day(tmp_path: Path) -> None:
    with pytest.raises(CertificateNotValid, match=r"ended on 2024-02-12; put a newer one there"):
        held(tmp_path, now_ms=ENDS_MS)
    with pytest.raises(CertificateNotValid, match=r"begins on 2023-11-13 only.*clock"):
        held(tmp_path, now_ms=NOW_MS - 2 * DAY_MS)


def test_the_owner_is_told_two_weeks_before_the_end(tmp_path: Path) -> None:
    early_ms = ENDS_MS - WARNED_BEFORE_DAYS * DAY_MS
    assert held(tmp_path, now_ms=early_ms).warnings == ()
    (warning,) = held(tmp_path, now_ms=early_ms + 1).warnings
    assert "ends on 2024-02-12; put a newer one there" in warning


def test_a_name_that_the_certificate_is_not_for_is_told_of(tmp_path: Path) -> None:
    (warning,) = held(tmp_path, names=["nas.example", "a.apps.nas.example", "desk.example"]).warnings
    assert "is not for desk.example: clients refuse it there" in warning
