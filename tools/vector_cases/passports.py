"""Passports, and what checking one comes to."""

from collections.abc import Callable
from typing import Any

import msgspec
from biscuit_auth import Algorithm, Biscuit, BiscuitBuilder, BlockBuilder, PrivateKey, PublicKey

from leither import limits
from leither.crypto import KeyPair, MimeiId
from leither.people.passport import check_passport, issue, narrow
from leither.people.period import Period
from leither.people.right import ALL, Act
from tools.vector_cases.biscuit import Container
from tools.vector_cases.case import AUTHOR, STRANGER, WRITER, Case
from tools.vector_cases.people import DEVICE, TIME
from tools.vector_cases.presentations import NODE, NONCE, arguments, asked, device_records, shown

_MINUTE_MS = 60_000
_PERIOD = Period(TIME, TIME + 10 * _MINUTE_MS)
_LONGEST = Period(TIME, TIME + limits.PASSPORT_S_MAX * 1000)
_THIS, _OTHER = MimeiId(bytes(range(20))), MimeiId(bytes(20))
_REST = f"""check if node(hex:{NODE.public.hex()});
check if time($time), $time >= 2023-11-14T22:13:20Z, $time < 2023-11-14T22:23:20Z;
check if act($act), $act & 511 === $act;
"""
_WHO = f"who(hex:{AUTHOR.public.hex()});\nby(hex:{AUTHOR.public.hex()});\n"
_FIRST = f"passport(1);\n{_WHO}nonce(hex:{NONCE.hex()});\n{_REST}"


def _made(signer: KeyPair, token: str, *narrower: Callable[[str], str], spoiled: int | None = None) -> str:
    """Return `token` narrowed, the same each time it is made."""
    for change in narrower:
        token = change(token)
    return Container.read(token).signed(signer, spoiled=spoiled)


def _passport(*narrower: Callable[[str], str], signer: KeyPair = AUTHOR, **more: Any) -> str:  # noqa: ANN401
    """Return the author's passport for the node, for all acts and ten minutes, but for what is said otherwise."""
    given: dict[str, Any] = {"person": AUTHOR.public, "node": NODE.public, "nonce": NONCE, "period": _PERIOD}
    return _made(signer, issue(signer, **given | more), *narrower)


def _until(minutes: int) -> Callable[[str], str]:
    return lambda token: narrow(token, until_ms=TIME + minutes * _MINUTE_MS)


def _acts(acts: Act) -> Callable[[str], str]:
    return lambda token: narrow(token, acts=acts)


def _only(mimei: MimeiId) -> Callable[[str], str]:
    return lambda token: narrow(token, only=mimei)


def _first_block(source: str) -> str:
    """Return a token of one block that says `source`."""
    made = BiscuitBuilder(source).build(PrivateKey.from_bytes(AUTHOR.secret, Algorithm.Ed25519))
    return Container.read(made.to_base64()).signed(AUTHOR)


def _block(source: str, **values: object) -> str:
    """Return the passport with a block behind it that says `source`."""
    token = Biscuit.from_base64(_passport(), PublicKey.from_bytes(AUTHOR.public, Algorithm.Ed25519))
    return Container.read(token.append(BlockBuilder(source, values)).to_base64()).signed(AUTHOR)


def passports() -> list[Case]:
    """Return passports that count, and what they show."""
    narrowed = (_until(5), _acts(Act.READ_CUR | Act.TAG), _only(_THIS))
    first, device = asked(TIME), asked(TIME, devices=device_records(DEVICE))
    made: dict[str, tuple[str, Case]] = {
        "the person's, from its first moment": (_passport(), first),
        "to its last": (_passport(), asked(_PERIOD.until_ms - 1)),
        "the longest": (_passport(period=_LONGEST), first),
        "for reading": (_passport(acts=Act.READ_CUR), first),
        "for one MiMei": (_passport(only=_THIS), first),
        "a device's": (_passport(signer=WRITER), device),
        "narrowed in time": (_passport(_until(5)), first),
        "narrowed to a time it hasn't": (_passport(_until(50)), first),
        "narrowed to some acts": (_passport(_acts(Act.READ_CUR | Act.TAG)), first),
        "narrowed to a MiMei": (_passport(_only(_THIS)), first),
        "narrowed to the MiMei it is for": (_passport(_only(_THIS), only=_THIS), first),
        "narrowed in all": (_passport(lambda token: narrow(token, until_ms=TIME + 1000, acts=ALL, only=_THIS)), first),
        "narrowed again and again": (_passport(*narrowed), first),
        "as often narrowed as it may be": (_passport(*[_acts(ALL)] * (limits.PASSPORT_BLOCKS_MAX - 1)), first),
        "where another used the same nonce": (
            _passport(),
            asked(TIME, used=[(b"passport" + WRITER.public + NONCE).hex()]),
        ),
        "where another took back the same nonce": (
            _passport(),
            asked(TIME, revoked=[[STRANGER.public.hex(), NONCE.hex()]]),
        ),
    }
    return [
        {"name": name, "passport": token} | given | {"visit": shown(check_passport(token, **arguments(given)))}
        for name, (token, given) in made.items()
    ]


def _malformed() -> dict[str, str]:
    """Return what is no passport, whoever signed it."""
    good = _passport()
    firsts = {
        "nothing in it": "",
        "no nonce": _FIRST.replace(f"nonce(hex:{NONCE.hex()});\n", ""),
        "a nonce of 15 bytes": _FIRST.replace(NONCE.hex(), NONCE.hex()[2:]),
        "another version": _FIRST.replace("passport(1)", "passport(2)"),
        "its facts in another order": _FIRST.replace(_WHO, "")
        .replace("nonce", _WHO + "nonce", 1)
        .replace("passport(1);\n" + _WHO, _WHO + "passport(1);\n"),
        "two persons": _FIRST.replace("nonce", _WHO + "nonce", 1),
        "a reserved act": _FIRST.replace("& 511", "& 512"),
        "no end": _FIRST.replace(", $time < 2023-11-14T22:23:20Z", ""),
        "another check of the node": _FIRST.replace("check if node(hex:", "check all node(hex:"),
        "a rule": _FIRST + "node($node) <- audience($node);",
        "one check more": _FIRST + "check if spring(1);",
    }
    blocks = {
        "a block that says something else": "check if spring(1);",
        "a block with a fact": "act(1);",
        "a block with a rule": "act($act) <- wish($act);",
        "a block with nothing": "",
        "a block with its lines in another order": "check if act($act), $act & 1 === $act;"
        "check if time($time), $time < 2023-11-14T22:23:20Z;",
        "a block with a line twice": "check if act($act), $act & 1 === $act; check if act($act), $act & 2 === $act;",
        "a block with another number of acts": "check if act($act), $act & 1024 === $act;",
        "a block that refuses": "reject if act(1);",
        "a block that trusts others": "check if act($act), $act & 1 === $act trusting previous;",
    }
    found = {name: _first_block(source) for name, source in firsts.items()}
    found |= {name: _block(source) for name, source in blocks.items()}
    injected = "x);\ncheck if act($act), $act & 1 === $act;\n"
    found["a text that looks like the end of a line"] = _block("wish({text});", text=injected)
    return found | {
        "one block too many": _passport(*[_acts(ALL)] * limits.PASSPORT_BLOCKS_MAX),
        "no characters": "",
        "a character that base64 hasn't": good[:50] + "!" + good[51:],
        "the other alphabet of base64": "+/" + good[2:],
        "a line's end behind it": good + "\n",
        "half of it": good[: len(good) // 8 * 4],
        "more characters than it may have": "A" * (limits.PASSPORT_BYTES_MAX // 3 * 4 + 8),
    }


def bad_passports() -> list[Case]:
    """Return passports that don't count, and why."""
    ended = msgspec.structs.replace(DEVICE, until_ms=TIME + 1).signed(AUTHOR)
    revoked = [[AUTHOR.public.hex(), WRITER.public.hex()]]
    good, device = _passport(), _passport(signer=WRITER)
    made: dict[str, tuple[str, Case, str]] = {
        name: (token, asked(TIME), "proof-malformed") for name, token in _malformed().items()
    }
    made |= {
        "for another node": (_passport(node=STRANGER.public), asked(TIME), "wrong-audience"),
        "longer than it may be": (
            _passport(period=Period(TIME, _LONGEST.until_ms + 1000)),
            asked(TIME),
            "valid-too-long",
        ),
        "too early": (good, asked(TIME - 1), "not-yet-valid"),
        "too late": (good, asked(_PERIOD.until_ms), "expired"),
        "too late since it was narrowed": (_passport(_until(5)), asked(TIME + 5 * _MINUTE_MS), "expired"),
        "signed by another than it says": (_made(STRANGER, good), asked(TIME), "bad-signature"),
        "its signature spoiled": (_made(AUTHOR, good, spoiled=0), asked(TIME), "bad-signature"),
        "the signature of a narrowing spoiled": (
            _made(AUTHOR, good, _until(5), spoiled=1),
            asked(TIME),
            "bad-signature",
        ),
        "no act left": (_passport(_acts(Act.TAG), acts=Act.READ_CUR), asked(TIME), "passport-refused"),
        "for two MiMei": (_passport(_only(_OTHER), only=_THIS), asked(TIME), "passport-refused"),
        "a device's without a record": (device, asked(TIME), "unknown-signer"),
        "a device's for another person": (
            _passport(signer=WRITER, person=STRANGER.public),
            asked(TIME, devices=device_records(DEVICE)),
            "unknown-signer",
        ),
        "a device's after its time": (device, asked(TIME + 1, devices=device_records(ended)), "expired"),
        "a revoked device's": (device, asked(TIME, devices=device_records(DEVICE), revoked=revoked), "device-revoked"),
        "taken back": (good, asked(TIME, revoked=[[AUTHOR.public.hex(), NONCE.hex()]]), "passport-revoked"),
        "a second time": (good, asked(TIME, used=[(b"passport" + AUTHOR.public + NONCE).hex()]), "replayed"),
        "a copy from before it was narrowed, a second time": (
            _passport(_until(50)),
            asked(TIME + 9 * _MINUTE_MS, used=[(b"passport" + AUTHOR.public + NONCE).hex()]),
            "replayed",
        ),
    }
    return [
        {"name": name, "passport": token} | given | {"error": error} for name, (token, given, error) in made.items()
    ]
