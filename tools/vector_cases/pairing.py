"""Pairing by a code: whole runs, message by message, and messages that are refused."""

import hashlib
import itertools
from dataclasses import dataclass

from leither import limits
from leither.codec.record import Record
from leither.crypto import KeyPair, PeerId, peer_id_of
from leither.people.device import Device
from leither.wire.pairing import PairingRun, Role
from leither.wire.pairing_code import make_code
from leither.wire.pairing_messages import Begin, Introduction, Prove, Refuse
from tools.vector_cases.case import AUTHOR, SEEDS, STRANGER, WRITER, Case, changed, invalid
from tools.vector_cases.people import DEVICE, TIME

_NOT = "not-a-record"
_OTHER = Device(
    device=AUTHOR.public, seal=bytes(32), name="desk", start_ms=TIME, until_ms=TIME + 1, by=STRANGER.public
).signed(STRANGER)


@dataclass
class _End:
    """One end of a run: its key and what it tells of itself."""

    key: KeyPair
    seed: str
    introduction: Introduction
    chance: bytes

    @property
    def peer(self) -> PeerId:
        """Its id."""
        return peer_id_of(self.key.public)

    def run(self, role: Role, peer: "_End", code: str) -> PairingRun:
        """Return a run of this end with another."""
        return PairingRun(
            role,
            own=self.peer,
            peer=peer.peer,
            code=code,
            introduction=self.introduction,
            entropy=lambda size: self.chance[:size],
            keep=lambda *_: None,
        )

    def told(self) -> dict[str, str]:
        """Return what another implementation needs to be this end."""
        return {
            "peer": self.peer,
            "node_seed": SEEDS[self.seed].hex(),
            "chance": self.chance.hex(),
            "introduction": self.introduction.encode().hex(),
        }


def runs() -> list[Case]:
    """Return runs in which both ends know the code, with every message."""
    phone = _End(WRITER, "writer", Introduction(device=DEVICE.encode()), hashlib.sha512(b"phone").digest())
    at = ("/ip4/127.0.0.1/tcp/4801/p2p/" + peer_id_of(AUTHOR.public),)
    desk = _End(AUTHOR, "author", Introduction(device=_OTHER.encode(), addresses=at), hashlib.sha512(b"desk").digest())
    found: list[Case] = []
    for name, enters, shows, chance in (
        ("a phone enters the code of a desk", phone, desk, b"code one"),
        ("a desk enters the code of a phone", desk, phone, b"code two"),
        ("a code of zeros", phone, desk, None),
    ):
        code = make_code(hashlib.sha256(chance).digest()[:16] if chance else bytes(16))
        ends = [shows.run(Role.SHOWS, enters, code), enters.run(Role.ENTERS, shows, code)]
        said: list[Record] = list(ends[1].begin())
        for turn in itertools.count():
            answer = ends[turn % 2].receive(said[-1].encode())
            if not answer:
                break
            said += answer
        messages = [message.encode().hex() for message in said]
        case: Case = {"name": name, "code": code, "enters": enters.told(), "shows": shows.told(), "messages": messages}
        found.append(case)
    return found


def bad_messages() -> list[Case]:
    """Return what is no message of this protocol."""
    begin, prove = Begin(spake=b"S" + bytes(32)), Prove(proof=bytes(32), introduction=b"i")
    introduction, refuse = Introduction(device=b"d", addresses=("/a",)), Refuse(reason="no-pairing-code")
    wrong: list[tuple[str, Record, dict[str, object]]] = [
        ("33 bytes of SPAKE2 less one", begin, {"spake": bytes(32)}),
        ("text for SPAKE2", begin, {"spake": "S" * 33}),
        ("no SPAKE2", begin, {"spake": ...}),
        ("a field too many", begin, {"colour": "red"}),
        ("a proof of 31 bytes", prove, {"proof": bytes(31)}),
        ("null for an introduction", prove, {"introduction": None}),
        ("an empty reason", refuse, {"reason": ""}),
        ("a reason of 65 bytes", refuse, {"reason": "r" * 65}),
        ("no device", introduction, {"device": ...}),
        ("an empty device", introduction, {"device": b""}),
        ("an empty address", introduction, {"addresses": [""]}),
        ("17 addresses", introduction, {"addresses": ["/a"] * (limits.PAIRING_ADDRESSES_MAX + 1)}),
        ("version 2 of the format", begin, {"v": 2}),
        ("a kind of another protocol", begin, {"kind": "sync-hello"}),
    ]
    return [invalid(name, changed(record, **fields), _NOT) for name, record, fields in wrong] + [
        invalid("an empty introduction in so many words", changed(prove, introduction=b""), _NOT),
        invalid("a byte behind it", refuse.encode() + b"\0", _NOT, grammar=False),
    ]
