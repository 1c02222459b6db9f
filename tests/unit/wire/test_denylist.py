import hashlib

import pytest

from leither import limits
from leither.codec import DAG_PB, RAW, Cid
from leither.codec.cid_text import parse_cid
from leither.crypto import KeyPair
from leither.crypto.base58 import base58
from leither.wire.denylist import BadDenylist, Denylist, read_denylists
from leither.wire.ipns import ipns_name

BAD = Cid.of(DAG_PB, b"bad")
GOOD = Cid.of(DAG_PB, b"good")


def deny(text: str) -> Denylist:
    return read_denylists([("test.deny", text.encode())])


def hashed(text: str) -> str:
    return base58(b"\x12\x20" + hashlib.sha256(text.encode()).digest())


def multihash_text(cid: Cid) -> str:
    return base58(b"\x12\x20" + cid.digest)


def test_without_lists_nothing_is_denied() -> None:
    assert not Denylist().denies(BAD)
    assert not Denylist().denies_name("example.org")


def test_a_cid_is_denied_whatever_its_codec_and_version() -> None:
    found = deny(f"/ipfs/{BAD.text}\n")
    assert found.denies(BAD)
    assert found.denies(Cid.from_digest(RAW, BAD.digest))
    assert found.denies(parse_cid(multihash_text(BAD)))
    assert not found.denies(GOOD)


def test_a_cid_alone_denies_no_path_below_it() -> None:
    assert not deny(f"/ipfs/{BAD.text}").denies(BAD, ("a",))


def test_a_path_is_denied_and_none_beside_it() -> None:
    found = deny(f"/ipfs/{BAD.text}/a%20b/c/")
    assert found.denies(BAD, ("a b", "c"))
    assert not any(found.denies(BAD, path) for path in ((), ("a b",), ("a b", "c", "d")))


@pytest.mark.parametrize("rule", ["test*", "test/*"])
def test_a_star_denies_all_paths_that_begin_so(rule: str) -> None:
    found = deny(f"/ipfs/{BAD.text}/{rule}")
    assert all(found.denies(BAD, path) for path in (("test",), ("tests",), ("test", "x")))
    assert not any(found.denies(BAD, path) for path in ((), ("other",)))


def test_a_star_alone_denies_the_cid_and_all_below_it() -> None:
    found = deny(f"/ipfs/{BAD.text}/*")
    assert found.denies(BAD)
    assert found.denies(BAD, ("any", "thing"))


def test_the_last_rule_that_matches_counts() -> None:
    found = deny(f"/ipfs/{BAD.text}/a*\n!/ipfs/{BAD.text}/ab\n/ipfs/{GOOD.text}\n!/ipfs/{GOOD.text}\n")
    assert found.denies(BAD, ("a",))
    assert not found.denies(BAD, ("ab",))
    assert not found.denies(GOOD)
    assert deny(f"!/ipfs/{BAD.text}\n/ipfs/{BAD.text}\n").denies(BAD)


def test_a_later_list_counts_more_than_an_earlier_one() -> None:
    rule = f"/ipfs/{BAD.text}".encode()
    assert not read_denylists([("a.deny", rule), ("b.deny", b"!" + rule)]).denies(BAD)


def test_a_name_of_a_key_is_denied_in_each_of_its_forms() -> None:
    key = KeyPair(bytes(32)).public
    name = ipns_name(key)
    found = deny(f"/ipns/{name}")
    assert found.denies_name(name)
    assert found.denies_name(base58(bytes.fromhex("002408011220") + key))
    assert not found.denies_name(ipns_name(KeyPair(bytes([1]) * 32).public))


def test_a_domain_is_denied_and_no_cid() -> None:
    found = deny("/ipns/Bad.example\n/ipns/worse.example/path")
    assert found.denies_name("bad.example")
    assert found.denies_name("worse.example", ("path",))
    assert not found.denies_name("worse.example")


@pytest.mark.parametrize("path", [(), ("a", "b")])
def test_a_hashed_rule_denies_the_multihash_with_that_path_alone(path: tuple[str, ...]) -> None:
    found = deny("//" + hashed("/".join((multihash_text(BAD), *path))))
    assert found.denies(BAD, path)
    assert found.denies(Cid.from_digest(RAW, BAD.digest), path)
    assert not found.denies(BAD, (*path, "c"))
    assert not found.denies(GOOD, path)


@pytest.mark.parametrize("path", ["", "path"])
def test_a_legacy_hashed_rule_denies_that_very_cid(path: str) -> None:
    found = deny("//" + hashlib.sha256(f"{BAD.text}/{path}".encode()).hexdigest())
    parts = (path,) if path else ()
    assert found.denies(BAD, parts)
    assert not found.denies(Cid.from_digest(RAW, BAD.digest), parts)


def test_the_specification_s_own_legacy_hash_denies_its_cid() -> None:
    found = deny("//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7")
    assert found.denies(parse_cid("bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e"))


def test_the_specification_s_own_hashed_rule_denies_its_cid() -> None:
    found = deny("//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM")
    assert found.denies(parse_cid("bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja"))


def test_names_are_denied_by_hash() -> None:
    name = ipns_name(KeyPair(bytes(32)).public)
    key = base58(bytes.fromhex("002408011220") + KeyPair(bytes(32)).public)
    assert deny(f"//{hashed(key)}").denies_name(name)
    assert deny(f"//{hashed('/ipns/bad.example')}").denies_name("bad.example")
    assert deny(f"//{hashlib.sha256(b'bad.example/').hexdigest()}").denies_name("bad.example")


def test_an_exception_from_a_hashed_rule_counts_if_it_comes_later() -> None:
    rule = f"//{hashed(multihash_text(BAD))}"
    assert not deny(f"{rule}\n!/ipfs/{BAD.text}").denies(BAD)
    assert not deny(f"{rule}\n!{rule}").denies(BAD)
    assert deny(f"!{rule}\n{rule}").denies(BAD)


def test_many_hashed_rules_are_told_apart() -> None:
    cids = [Cid.of(RAW, bytes([number])) for number in range(200)]
    found = deny("\n".join(f"//{hashed(multihash_text(cid))}" for cid in cids[::2]))
    assert [found.denies(cid) for cid in cids] == [number % 2 == 0 for number in range(200)]


def test_headers_comments_hints_and_empty_lines_are_no_rules() -> None:
    found = deny(
        f"version: 1\nname: x\nhints:\n  a: b\n---\n# /ipfs/{GOOD.text}\n\n/ipfs/{BAD.text} gateway_status=451\n"
    )
    assert found.rules == 1
    assert found.unread_count == 0
    assert found.denies(BAD)
    assert not found.denies(GOOD)


def test_what_is_no_rule_is_counted_and_passed_over() -> None:
    found = deny(f"---\nnonsense\n/ipfs/nonsense\n//zz\n/ipfs/\n/ipfs/{BAD.text}\n")
    assert found.unread == [("test.deny", 2), ("test.deny", 3), ("test.deny", 4), ("test.deny", 5)]
    assert found.denies(BAD)


def test_a_list_of_another_version_is_refused() -> None:
    with pytest.raises(BadDenylist, match="version 2"):
        deny("version: 2\n---\n")


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(BadDenylist, match="line 2 is longer"):
        deny("# x\n" + "x" * (limits.DENY_LINE_BYTES_MAX + 1))
