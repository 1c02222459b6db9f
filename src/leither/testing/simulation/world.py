"""The nodes of a simulation, what is done with them, and what must hold at every moment and in the end."""

from collections.abc import Iterable, Sequence

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.mimei.address import Selector
from leither.mimei.path import parse_path
from leither.people import OWNER, Act
from leither.people.right import pack
from leither.ports import Fault
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check
from leither.service.holding import MimeiNotFound, heads, load
from leither.service.tree import open_tree, read_bytes
from leither.service.uploads import Upload
from leither.testing.simulation.lies import Lie
from leither.testing.simulation.links import Links
from leither.testing.simulation.simulated_node import SimulatedNode
from leither.testing.simulation.timeline import Timeline

PUBLIC = pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)
OPEN = pack(everyone=Act.READ_CUR | Act.READ_VERSIONS)
_RENDEZVOUS_S = 60
_SLANDER_SHARE = 0.1
"""How often a liar tells somebody of what there is not, each minute."""


class WentBack(AssertionError):
    """A node took an older head for a newer one."""


class World:
    """Everything of one run. A seed replays it.

    `written`: what was written into each MiMei, path and text. `holders`: who follows it or made it. `lies_bytes`: the
    most that was taken from a liar on one stream.
    """

    def __init__(self, seed: int, *, loss: float = 0.01) -> None:
        self.timeline = Timeline(seed)
        self.chance = self.timeline.chance
        self.links = Links(self.chance, loss=loss)
        self.nodes: list[SimulatedNode] = []
        self.by_peer: dict[PeerId, SimulatedNode] = {}
        self.holders: dict[MimeiId, list[SimulatedNode]] = {}
        self.writers: dict[MimeiId, list[SimulatedNode]] = {}
        self.written: dict[MimeiId, dict[str, bytes]] = {}
        self.lies_bytes = 0
        self._newest: dict[tuple[PeerId, MimeiId], dict[int, int]] = {}
        self._rendezvous()

    @property
    def honest(self) -> list[SimulatedNode]:
        """The nodes that don't lie."""
        return [node for node in self.nodes if node.lie is None]

    @property
    def liars(self) -> list[SimulatedNode]:
        """Those that do."""
        return [node for node in self.nodes if node.lie is not None]

    def node(self, person: str, *, lie: Lie | None = None) -> SimulatedNode:
        """Bring a new node up."""
        node = SimulatedNode(self, person=person, name=f"node {len(self.nodes)}", lie=lie)
        self.nodes.append(node)
        self.by_peer[node.peer] = node
        node.start()
        return node

    def make(self, writers: Sequence[SimulatedNode], mark: str, *, right: int = PUBLIC) -> MimeiId:
        """Make a MiMei that these nodes of one person write, with a first version; a public one unless told."""
        first, *others = writers
        mimei = Catalog(first.engines).create(kind="fs", mark=mark, right=right)[0].id
        self.holders[mimei], self.writers[mimei], self.written[mimei] = [first], list(writers), {}
        self.write(first, mimei)
        for other in others:
            self.follow(other, mimei, [first])
            first.follow(mimei, [other])
        return mimei

    def follow(self, node: SimulatedNode, mimei: MimeiId, sources: Iterable[SimulatedNode] | None = None) -> None:
        """Let a node follow a MiMei, from some of those that have it unless said otherwise."""
        known = [other for other in self.holders[mimei] if other is not node and not other.is_lost]
        node.follow(mimei, sources if sources is not None else self._some(known))
        if node not in self.holders[mimei]:
            self.holders[mimei].append(node)

    def write(self, node: SimulatedNode, mimei: MimeiId) -> None:
        """Write a file and make a version of it."""
        self.edit(node, mimei)
        self.backup(node, mimei)

    def backup(self, node: SimulatedNode, mimei: MimeiId) -> None:
        """Make a version of what was written."""
        backup(node.engines, mimei)
        node.tell()

    def edit(self, node: SimulatedNode, mimei: MimeiId) -> None:
        """Write a file into the working copy."""
        path = f"{node.name}/{len(self.written[mimei])}"
        text = self.chance.randbytes(self.chance.choice((20, 300, 5000)))
        with Upload(node.engines, mimei, parse_path(path)) as upload:
            upload.write(text)
            upload.finish()
        self.written[mimei][path] = text
        node.tell()

    def has(self, node: SimulatedNode, mimei: MimeiId) -> bool:
        """Tell whether a MiMei is on a node."""
        return self.base(node, mimei) is not None

    def base(self, node: SimulatedNode, mimei: MimeiId) -> Cid | None:
        """Return the newest version of a MiMei on a node."""
        with node.engines.state.read() as view:
            try:
                return load(node.engines, view, mimei).base
            except MimeiNotFound:
                return None

    def files(self, node: SimulatedNode, mimei: MimeiId, selector: Selector = "last") -> dict[str, bytes]:
        """Return what a node shows of a MiMei, all of it read."""
        with open_tree(node.engines, mimei, selector, OWNER) as tree:
            found = {"/".join(path): entry.cid for path, entry in tree.walk() if entry.cid is not None}
            return {path: b"".join(read_bytes(node.engines, cid)) for path, cid in found.items()}

    def up(self, mimei: MimeiId) -> list[SimulatedNode]:
        """Return the nodes that hold a MiMei, or are to, are up, and don't lie."""
        return [node for node in self.holders[mimei] if node.is_up and node.lie is None]

    def lied(self, size_bytes: int) -> None:
        """Note how much was taken from a liar on one stream."""
        self.lies_bytes = max(self.lies_bytes, size_bytes)

    def arrived(self, node: SimulatedNode, mimei: MimeiId) -> None:
        """Make sure that no writer's head went back on a node. Raises: WentBack."""
        with node.engines.state.read() as view:
            now = {number: head.seq for number, head, _ in heads(node.engines, view, mimei)}
        before = self._newest.get((node.peer, mimei), {})
        for number, seq in before.items():
            if now.get(number, 0) < seq:
                raise WentBack(f"{node.name} went from seq {seq} of writer {number} back to {now.get(number)}")
        self._newest[node.peer, mimei] = now

    def part(self, share: float) -> None:
        """Part some nodes, taken by chance, from the others."""
        some = self.chance.sample(self.nodes, round(len(self.nodes) * share))
        self.links.part([node.name for node in some])
        for one in some:
            for other in self.nodes:
                if not self.links.reach(one.name, other.name):
                    one.sync.watchers.remove(other.peer)
                    other.sync.watchers.remove(one.peer)

    def join(self) -> None:
        """Undo `part`; nodes meet again."""
        self.links.join()
        for one in self.nodes:
            for other in self.nodes:
                if one is not other and one.reaches(other):
                    one.meet(other)

    def faults(self, node: SimulatedNode) -> list[Fault]:
        """Return what is amiss in all that a node holds."""
        return [found for found in check(node.engines) if isinstance(found, Fault)]

    def _some(self, known: Sequence[SimulatedNode]) -> list[SimulatedNode]:
        """Return two nodes taken by chance, one of them honest: who knows liars alone can learn nothing else."""
        honest = [node for node in known if node.lie is None]
        one = self.chance.sample(honest, min(1, len(honest)))
        others = [node for node in known if node not in one]
        return one + self.chance.sample(others, min(1, len(others)))

    def _rendezvous(self) -> None:
        """Now and then, tell nodes without anybody to follow from of others, as a table of providers would.

        Liars tell some whom they reach of what there is not.
        """
        for mimei, holders in self.holders.items():
            there = [node for node in holders if node.is_up and self.has(node, mimei)]
            for node in holders:
                sources = [self.by_peer[peer] for peer in node.sync.follower.sources(mimei)]
                if (
                    node.is_up
                    and sources
                    and not any(source.lie is None and node.reaches(source) for source in sources)
                ):
                    node.follow(
                        mimei, self._some([other for other in there if other is not node and node.reaches(other)])
                    )
            for liar in (node for node in holders if node.lie is not None and node.is_up):
                if self.chance.random() < _SLANDER_SHARE:
                    liar.slander(self.chance.choice(holders), mimei)
        self.timeline.after(_RENDEZVOUS_S * 1000, self._rendezvous)
