"""Other machines' way to a node, for tests of the front door: hosts and ports that listen nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from leither.crypto import MimeiId
from leither.service.app_ports import NoPortLeft
from leither.web.lan import Authority, LanFacts

ADDRESS, NAME = "192.168.1.5", "desk.local"


@dataclass
class FakeLan:
    """Gives ports from 4810 on, `room` of them."""

    secure: bool = True
    port: int = 4800
    authority: Authority | None = None
    room: int = 10
    ports: dict[MimeiId, int] = field(default_factory=dict)

    def answers_to(self, host: str) -> bool:
        return host in (ADDRESS, NAME, "[fd00::1]")

    def app_at(self, port: int) -> MimeiId | None:
        return next((mimei for mimei, number in self.ports.items() if number == port), None)

    def port_of(self, mimei: MimeiId) -> int | None:
        return self.ports.get(mimei)

    async def open(self, mimei: MimeiId) -> int:
        if mimei not in self.ports and len(self.ports) == self.room:
            raise NoPortLeft(range(4810, 4810 + self.room))
        return self.ports.setdefault(mimei, 4810 + len(self.ports))

    def facts(self) -> LanFacts:
        apps = {port: mimei for mimei, port in self.ports.items()}
        return LanFacts("local", self.secure, (ADDRESS, NAME), self.port, 4802, authority=self.authority, apps=apps)

    async def free(self, mimei: MimeiId) -> list[int]:
        return [self.ports.pop(mimei)]
