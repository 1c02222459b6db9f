"""Pairing against whoever owns the wires: they pass on, drop, replay, change, guess, and begin as themselves.

What must hold whatever they do: nobody keeps a node whose user did not type the code, a code answers one proof, and no
run outlives its code.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from leither.errors import LeitherError
from leither.testing.node import SeededRandom
from leither.wire.pairing import Message, Role
from leither.wire.pairing_code import OpenCode, make_code, open_code
from leither.wire.pairing_messages import Prove
from tests.property.many import HISTORIES
from tests.unit.wire.pairing_ends import NOW, End, device_of, end

HONEST = ("desk", "phone", "lamp")


@dataclass
class Desk:
    """The code that a node shows, as it stands, and the runs that others began by it."""

    name: str
    held: OpenCode
    clock: list[int]
    proofs: int = 0
    runs: list[End] = field(default_factory=list)

    def begin(self, peer: str, entropy: bytes) -> End:
        self.held = self.held.begin(self.clock[0])
        made = end(
            self.name,
            Role.SHOWS,
            peer,
            code=self.held.code,
            entropy=SeededRandom(entropy).token,
            spend=self.spend,
        )
        self.runs.append(made)
        return made

    def spend(self) -> None:
        self.held = self.held.spend(self.clock[0])
        self.proofs += 1


class World:
    """Three honest nodes, of which two show codes, and the attacker on all wires."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.clock = [NOW]
        self.desks = {name: Desk(name, open_code(self.token(), NOW), self.clock) for name in ("desk", "lamp")}
        self.entered: list[tuple[End, str, str]] = []
        self.heard: list[bytes] = []
        self.count = 0

    def token(self) -> bytes:
        return self.dice.randbytes(16)

    def enter(self, name: str, peer: str, code: str) -> End:
        self.count += 1
        made = end(name, Role.ENTERS, peer, code=code, entropy=SeededRandom(self.token()).token)
        self.entered.append((made, peer, code))
        return made

    def talk(self, one: End, other: End) -> None:
        """Carry what two ends say, as the attacker likes."""
        waiting: list[tuple[End, bytes]] = [(other, message.encode()) for message in one.run.begin()]
        while waiting:
            to, data = waiting.pop(0)
            self.heard.append(data)
            for each in self.tampered(data):
                try:
                    sent: list[Message] = to.run.receive(each)
                except LeitherError:
                    continue
                back = one if to is other else other
                waiting += [(back, message.encode()) for message in sent]

    def tampered(self, data: bytes) -> list[bytes]:
        match self.dice.choices(("pass", "drop", "twice", "replay", "flip", "prove"), (40, 1, 2, 3, 2, 1))[0]:
            case "drop":
                return []
            case "twice":
                return [data, data]
            case "replay":
                return [self.dice.choice(self.heard), data]
            case "flip":
                place = self.dice.randrange(len(data))
                return [data[:place] + bytes((data[place] ^ 1 << self.dice.randrange(8),)) + data[place + 1 :]]
            case "prove":
                return [Prove(proof=self.dice.randbytes(32)).encode()]
            case _:
                return [data]

    def step(self) -> None:
        desk = self.dice.choice(list(self.desks.values()))
        other = next(name for name in HONEST if name != desk.name)
        try:
            match self.dice.choices(("pair", "guess", "between", "late", "anew", "both"), (4, 3, 3, 1, 1, 2))[0]:
                case "pair":
                    self.talk(self.enter(other, desk.name, desk.held.code), desk.begin(other, self.token()))
                case "guess":  # the attacker, who does not know the code, at the desk
                    mallory = self.enter("mallory", desk.name, make_code(self.token()))
                    self.talk(mallory, desk.begin("mallory", self.token()))
                case "between":  # the attacker has a connection with each, and each believes in another node
                    phone = self.enter(other, "mallory", desk.held.code)
                    self.talk(phone, desk.begin("mallory", self.token()))
                case "both":  # two at once with one code, their messages crossed
                    first = self.enter(other, desk.name, desk.held.code)
                    second = desk.begin(other, self.token())
                    third = self.enter(other, desk.name, desk.held.code)
                    fourth = desk.begin(other, self.token())
                    self.talk(first, fourth)
                    self.talk(third, second)
                case "late":
                    self.clock[0] += self.dice.randrange(1, 900_000)
                case "anew":
                    desk.held, desk.proofs = open_code(self.token(), self.clock[0]), 0
        except LeitherError:
            return

    def check(self) -> None:
        honest = {device_of(name) for name in HONEST}
        for desk in self.desks.values():
            assert desk.proofs <= 1, "a code answered two proofs"
            for run in desk.runs:
                assert set(run.kept) <= honest - {device_of(desk.name)}
        for entered, peer, _ in self.entered:
            if entered.name != "mallory":
                assert set(entered.kept) <= {device_of(peer)}


@pytest.mark.parametrize("seed", range(HISTORIES // 30))
def test_nobody_is_kept_who_does_not_know_the_code_whatever_happens_on_the_wires(seed: int) -> None:
    world = World(seed)
    for _ in range(12):
        world.step()
        world.check()


def test_the_world_lets_some_pair_and_some_not() -> None:
    ended = [False, False]
    for seed in range(30):
        world = World(seed)
        for _ in range(12):
            world.step()
        for entered, _, _ in world.entered:
            ended[bool(entered.kept)] = True
    assert ended == [True, True]


def test_who_knows_the_code_and_is_alone_pairs() -> None:
    desk = Desk("desk", open_code(bytes(16), NOW), [NOW])
    phone, shows = end("phone", Role.ENTERS, "desk", code=desk.held.code), desk.begin("phone", b"desk")
    waiting = [(shows, message.encode()) for message in phone.run.begin()]
    while waiting:
        to, data = waiting.pop(0)
        back = phone if to is shows else shows
        waiting += [(back, message.encode()) for message in to.run.receive(data)]
    assert (phone.kept, shows.kept) == ([device_of("desk")], [device_of("phone")])
    assert desk.held.spent
