"""How other machines reach the node: hosts, certificates and the ports of apps, kept right while it runs."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from leither import limits
from leither.config import Settings
from leither.crypto import MimeiId
from leither.errors import LeitherError
from leither.node.encryption import Encryption
from leither.node.lan_doors import Door, LanDoors
from leither.node.lan_sight import Lookout, Sight
from leither.node.local_certificates import LocalCertificates, authority_of
from leither.node.machine import Machine
from leither.ports import Clock
from leither.service.app_ports import AppPorts
from leither.web.lan import Authority, CertificateHeld, LanFacts
from leither.web.serve import Listen

LOGGER = logging.getLogger("leither.lan")


class Lan:
    """Implements `web.lan.Lan` while the node serves, and `web.lan.LanOffice` in any case.

    Args: folder: where certificates are kept. owner: what an authority is called after.
    """

    def __init__(
        self, settings: Settings, machine: Machine, clock: Clock, ports: AppPorts, *, folder: Path, owner: str
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._ports = ports
        self._local = LocalCertificates(folder, owner)
        self._lookout = Lookout(settings, machine, clock, self._local)
        self._authority: Authority | None = None
        self._sight = Sight()
        self._answers: frozenset[str] = frozenset()
        self._apps: dict[int, MimeiId] = {}
        self._numbers: dict[MimeiId, int] = {}
        self._changing = asyncio.Lock()
        self._told = ""
        self.port = 0
        self.redis_port = 0
        self.secure = settings.tls != "off"
        self._encryption = Encryption() if self.secure else None
        self._doors = LanDoors(self._encryption, settings.file)

    # Before the loop runs

    def bind(self, *, port: int, redis_port: int) -> None:
        """Find out the addresses, get a certificate for them, and bind the node's ports there.

        Raises: what the certificates raise, PortTaken, PortForbidden, HostNotHere.
        """
        self.port, self.redis_port = port, redis_port
        self._take(self._lookout.look())
        self._set_apps(self._ports.all())
        self._doors.bind(self._own_doors())

    def close(self) -> None:
        """Close what was bound. Idempotent."""
        self._doors.close()

    # While it runs

    @asynccontextmanager
    async def serving(self, http: Listen, redis: Listen) -> AsyncIterator[None]:
        """Listen while the context lasts, and look now and then whether something has changed."""
        self._doors.serve(http, redis)
        await self._doors.reconcile(self._all_doors())
        watching = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            self._doors.shut()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(limits.LAN_CHECK_S)
            await self.check()

    async def check(self) -> None:
        """Follow what has changed: addresses, names, the end of a certificate, the files of a given one.

        What can't be followed is told in the log, and things stay as they are.
        """
        async with self._changing:
            known = self._sight.warnings
            try:
                self._take(await asyncio.to_thread(self._lookout.look))
            except (LeitherError, OSError) as error:
                if self._told != str(error):
                    LOGGER.error("the certificate stays as it is: %s", error)
                self._told = str(error)
            else:
                self._told = ""
            for warning in self._sight.warnings:
                if warning not in known:
                    LOGGER.warning("%s", warning)
            await self._doors.reconcile(self._all_doors())

    def _take(self, sight: Sight) -> None:
        held, before = sight.held, self._sight.held
        if held is not None and self._encryption is not None:
            if before is None or held.facts.fingerprint != before.facts.fingerprint:
                self._encryption.use(held.certificate, held.key)
                LOGGER.info("the certificate is for %s", ", ".join(sight.hosts))
            if self._settings.tls == "local" and self._authority is None:
                self._authority = authority_of(self._local.authority((), self._clock.now_ms()))
        self._sight, self._answers = sight, frozenset(sight.hosts)

    # What the front door asks

    @property
    def authority(self) -> Authority | None:
        """What other machines have to trust, where the node vouches for itself."""
        return self._authority

    def answers_to(self, host: str) -> bool:
        """Tell whether `host` is the node."""
        return host in self._answers

    def app_at(self, port: int) -> MimeiId | None:
        """Return the app whose origin a port is."""
        return self._apps.get(port)

    def port_of(self, mimei: MimeiId) -> int | None:
        """Return the port of an app."""
        return self._numbers.get(mimei)

    async def open(self, mimei: MimeiId) -> int:
        """Return the port of an app; give it one and listen there, if it has none that can be had.

        Raises: NoPortLeft.
        """
        known = self._numbers.get(mimei)
        if known is not None and self._doors.is_open(known):
            return known
        async with self._changing:
            taken: set[int] = set()
            while True:
                port = await asyncio.to_thread(lambda: self._ports.give(mimei, taken=taken))
                if await self._doors.open_all(self._app_doors(port)):
                    kept = {number: app for number, app in self._apps.items() if app != mimei}
                    self._set_apps({**kept, port: mimei})
                    return port
                taken.add(port)

    # What the owner asks

    def facts(self) -> LanFacts:
        """Return how it stands; makes the authority where it is wanted and not there yet."""
        sight, authority = self._sight, self._authority
        hosts = sight.hosts if sight.addresses else ()  # names lead nowhere on a machine without an address
        if self._settings.tls == "local" and authority is None:
            names = [name for name in self._settings.names.split(",") if name]
            authority = authority_of(self._local.authority(names, self._clock.now_ms()))
        held = sight.held
        certificate = None
        if held is not None:
            facts = held.facts
            names = [*facts.names, *map(str, facts.addresses)]
            certificate = CertificateHeld(facts.fingerprint, names, facts.begins_ms, facts.ends_ms)
        return LanFacts(
            tls=self._settings.tls,
            secure=self.secure and bool(hosts),
            hosts=hosts,
            port=self.port,
            redis_port=self.redis_port,
            certificate=certificate,
            authority=authority,
            warnings=sight.warnings,
            apps=self._ports.all(),
        )

    async def free(self, mimei: MimeiId) -> list[int]:
        """Let other apps have the ports of `mimei`. Raises: NoPortGiven."""
        async with self._changing:
            freed = await asyncio.to_thread(self._ports.free, mimei)
            self._set_apps({port: app for port, app in self._apps.items() if app != mimei})
            await self._doors.reconcile(self._all_doors())
            return freed

    @property
    def listening(self) -> list[Door]:
        """Where it listens."""
        return self._doors.listening

    def _set_apps(self, apps: dict[int, MimeiId]) -> None:
        self._apps = apps
        self._numbers = {mimei: port for port, mimei in apps.items()}

    def _own_doors(self) -> list[Door]:
        both = ((self.port, "port"), (self.redis_port, "redis_port"))
        return [Door(address, port, setting) for address in self._sight.addresses for port, setting in both]

    def _app_doors(self, port: int) -> list[Door]:
        return [Door(address, port, "app_ports") for address in self._sight.addresses]

    def _all_doors(self) -> list[Door]:
        return [*self._own_doors(), *(door for port in self._apps for door in self._app_doors(port))]
