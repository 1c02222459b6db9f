"""What an authority can vouch for, and what its certificates say."""

from __future__ import annotations

import ipaddress
import os
import ssl
import subprocess
from pathlib import Path

import pytest

from leither.crypto import authority as authorities
from leither.crypto.authority import issue, make_authority, may_vouch
from leither.crypto.certificate import Pair, facts_of
from leither.runtime import SystemClock

DAY_MS = 24 * 3600 * 1000
NOW_MS = SystemClock().now_ms()
"""OpenSSL judges validity by the machine's own clock."""


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority("abcd", ["nas.example", "192.168.1.5"], NOW_MS)


def issued(authority: Pair, names: list[str], addresses: list[str], now_ms: int = NOW_MS) -> Pair:
    return issue(authority, names, [ipaddress.ip_address(address) for address in addresses], now_ms)


def verified(authority: Pair, pair: Pair, folder: Path) -> str:
    """What OpenSSL says of the certificate when it is as strict as it can be; nothing if it accepts it."""
    (folder / "authority").write_bytes(authority.certificate)
    (folder / "certificate").write_bytes(pair.certificate)
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "authority", "certificate"],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize(
    ("names", "addresses"),
    [
        (["desk.local"], []),
        (["a.b.home.arpa", "nas.internal", "localhost"], ["10.1.2.3"]),
        (["nas.example", "www.nas.example"], ["172.16.0.1", "172.31.255.255"]),
        ([], ["192.168.1.5", "169.254.1.1", "100.64.0.1", "127.0.0.2", "::1", "fd00::1", "fe80::1"]),
    ],
)
def test_private_names_and_addresses_are_vouched_for(
    authority: Pair, tmp_path: Path, names: list[str], addresses: list[str]
) -> None:
    assert verified(authority, issued(authority, names, addresses), tmp_path) == ""


@pytest.mark.parametrize(
    ("names", "addresses"),
    [
        (["bank.example"], []),
        (["desk.local", "bank.example"], []),
        (["notlocal"], []),
        (["nas.example.evil.example"], []),
        ([], ["203.0.113.5"]),
        ([], ["192.168.1.5", "172.32.0.1"]),
        ([], ["2001:db8::1"]),
    ],
)
def test_a_stolen_authority_vouches_for_nothing_on_the_internet(
    authority: Pair, tmp_path: Path, names: list[str], addresses: list[str]
) -> None:
    assert "permitted subtree violation" in verified(authority, issued(authority, names, addresses), tmp_path)


def test_a_certificate_of_another_authority_is_refused(authority: Pair, tmp_path: Path) -> None:
    other = make_authority("abcd", ["nas.example"], NOW_MS)
    assert verified(authority, issued(other, ["desk.local"], []), tmp_path) != ""


def test_what_a_certificate_says_is_read_back(authority: Pair) -> None:
    now_ms = 1_700_000_000_000
    facts = facts_of(issued(authority, ["Desk.local"], ["192.168.1.5", "fd00::1"], now_ms).certificate, where="here")
    assert facts.names == ("desk.local",)
    assert [str(address) for address in facts.addresses] == ["192.168.1.5", "fd00::1"]
    assert (facts.begins_ms, facts.ends_ms) == (now_ms - DAY_MS, now_ms + authorities.CERTIFICATE_DAYS * DAY_MS)
    assert facts.permitted is None
    assert len(facts.fingerprint.split(":")) == 32


def test_the_fingerprint_is_the_one_openssl_shows(authority: Pair) -> None:
    shown = subprocess.run(
        ["openssl", "x509", "-noout", "-fingerprint", "-sha256"], input=authority.certificate, capture_output=True
    ).stdout.decode()
    assert shown.strip().partition("=")[2] == facts_of(authority.certificate, where="here").fingerprint


def test_an_authority_says_what_it_may_vouch_for(authority: Pair) -> None:
    permitted = facts_of(authority.certificate, where="here").permitted
    assert permitted is not None
    assert may_vouch(permitted, "desk.local")
    assert may_vouch(permitted, "www.nas.example")
    assert may_vouch(permitted, "192.168.1.5")
    assert may_vouch(permitted, "[fd00::1]")
    assert not may_vouch(permitted, "desk.notlocal")
    assert not may_vouch(permitted, "example")
    assert not may_vouch(permitted, "203.0.113.5")


def test_each_certificate_has_a_key_and_a_serial_number_of_its_own(authority: Pair) -> None:
    one, other = (issued(authority, ["desk.local"], []) for _ in range(2))
    assert one.key != other.key
    assert facts_of(one.certificate, where="1").serial != facts_of(other.certificate, where="2").serial


def test_a_server_can_use_the_pair(authority: Pair, tmp_path: Path) -> None:
    pair = issued(authority, ["desk.local"], [])
    (tmp_path / "both").write_bytes(pair.certificate + pair.key)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "both")


def test_no_pair_shows_its_key(authority: Pair) -> None:
    assert "PRIVATE" not in repr(authority)
