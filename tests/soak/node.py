"""A whole node, as `leither up` runs it, that writes, and tells how it stands, when it is told to. See `lines`.

python -m tests.soak.node HOME
"""

import os
import signal
import sys
import threading
from pathlib import Path

from leither.config import load
from leither.crypto import MimeiId, id_text, parse_id
from leither.node import Node
from leither.ports import TopicMessage, Verdict
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.holding import MimeiNotFound
from leither.service.publishing_keys import released_root
from tests.soak.lines import answer
from tests.unit.service.life import held, put
from tests.unit.service.publishing_world import PUBLIC

TOPIC = "/test/soak"


class Commands:
    """What the node can be told."""

    def __init__(self, node: Node) -> None:
        network = node.networking.network
        assert network is not None
        self._node = node
        self._network = network
        self._heard = 0
        self._network.subscribe(TOPIC, self._hear)

    def _hear(self, message: TopicMessage) -> Verdict:
        self._heard += 1
        return Verdict.ACCEPT

    def make(self, mark: str, is_public: bool) -> str:
        """Make a MiMei; return its id."""
        made, _ = Catalog(self._node.engines).create(kind="fs", mark=mark, right=PUBLIC if is_public else 0)
        return id_text(made.id)

    def write(self, mimei: str, text: str) -> str | None:
        """Write, back up and release; return the root of the release."""
        found = MimeiId(parse_id(mimei))
        put(self._node.engines, found, "page.txt", text.encode())
        backup(self._node.engines, found)
        history.release(self._node.engines, found)
        return self.release(mimei)

    def release(self, mimei: str) -> str | None:
        """Return the root of what is released, None if the MiMei isn't here."""
        try:
            root = released_root(held(self._node.engines, MimeiId(parse_id(mimei))))
        except MimeiNotFound:
            return None
        return None if root is None else root.text

    def say(self, text: str) -> int:
        """Publish on the topic; return to how many it went."""
        return self._network.publish(TOPIC, text.encode())

    def stand(self) -> dict[str, int]:
        """Return how the process stands."""
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        peers = self._network.peers()
        return {
            "own_kb": int(status["RssAnon"].split()[0]),
            "resident_kb": int(status["VmRSS"].split()[0]),
            "threads": int(status["Threads"]),
            "peers": sum(bool(peer.protocols) for peer in peers),
            "bytes": sum(peer.bytes_sent + peer.bytes_received for peer in peers),
            "heard": self._heard,
        }


def main(home: str) -> None:
    """Serve until the input ends."""
    options = {"port": 0, "redis_port": 0, "network": "peers", "network_port": 0, "welcome": False}
    with Node.open(load({"home": Path(home), **options}, environ={})) as node:
        commands = Commands(node)
        told = {name: getattr(commands, name) for name in ("make", "write", "release", "say", "stand")}

        def obey() -> None:
            try:
                answer(node.networking.facts().id, told)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)

        node.run(lambda _: threading.Thread(target=obey, daemon=True).start())


if __name__ == "__main__":
    main(*sys.argv[1:])
