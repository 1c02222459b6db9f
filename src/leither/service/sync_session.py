"""Answering one node that asks how MiMei stand: for whom it acts, what it may read, and the blocks of that alone."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

from leither import limits
from leither.codec import RAW, Block, BlockMismatch, BlockMissing, Cid
from leither.codec.record import BadSignature
from leither.crypto import MimeiId
from leither.errors import DeniedError, InputError, LimitError
from leither.people import ALL, GUEST, Act, Device, Principal, visitor
from leither.people.chain import Chain
from leither.people.policy import decide
from leither.people.visit import Visit, require_signer
from leither.ports import View
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, heads, load
from leither.service.private import sealed_form
from leither.service.reach import Reach
from leither.service.sync_offer import Offer, may_be_told, offer
from leither.service.visits import known_revocations
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Ask, Done, Hello, Listed, Message, News, No, Standing, Want, Watch
from leither.wire.sync_walk import BadAnswer, Follow, of_control, of_record, of_version, plain, sealed


class SyncSession:
    """One connection of another node, whose key it has shown. Not thread-safe.

    It may ask for blocks that an answer named: a version's, once the version was listed, and so on down. So nobody gets
    what they may not read, whatever else is stored.
    """

    def __init__(self, engines: Engines, peer: bytes) -> None:
        self._engines = engines
        self._peer = peer
        self._principal: Principal = GUEST
        self._shown: tuple[Chain, ...] = ()
        self._greeted = False
        self._offered: OrderedDict[Cid, Follow] = OrderedDict()
        self._merged: list[tuple[Mimei, Cid]] = []
        self._told: dict[MimeiId, frozenset[Cid]] = {}

    def receive(self, message: Message) -> Iterator[Frame]:
        """Yield the answer to a question. Raises: BadAnswer: for what is none; the connection is to be ended."""
        match message:
            case Hello() if not self._greeted:
                self._greeted = True
                yield from self._greet(message)
            case Ask():
                self._greeted = True
                yield from self._answer(message)
            case Want():
                yield from self._send(message.blocks)
            case Watch():
                self._watch([MimeiId(mimei) for mimei in message.mimei])
            case _:
                raise BadAnswer(f"a message of kind {message.KIND} where a question should come")

    def news(self, mimei: MimeiId) -> Iterator[News]:
        """Yield the heads of a MiMei that this session watches and has not heard of."""
        before = self._told.get(mimei)
        if before is None:
            return
        with self._engines.state.read() as view:
            now = self._heads(view, mimei)
        self._told[mimei] = frozenset(now)
        for cid in now:
            if cid not in before:
                yield News(head=self._engines.blocks.get(cid))

    def _greet(self, hello: Hello) -> Iterator[Message]:
        """Take note of who asks. Whatever doesn't prove itself makes them a guest, and they are told why."""
        engines = self._engines
        try:
            devices = [Device.decode(record) for record in hello.devices]
            mine = [device for device in devices if device.device == self._peer]
            if mine:
                person, now_ms = mine[0].by, engines.clock.now_ms()
                until_ms = require_signer(
                    "session", self._peer, person, now_ms=now_ms, devices=mine, revoked=known_revocations(engines)
                )
                self._principal = visitor(Visit(person, self._peer, until_ms, ALL))
            self._shown = tuple(engines.granted.prove(grant) for grant in hello.grants)
        except (InputError, DeniedError, LimitError, BadSignature) as error:
            yield No(reason=error.code)

    def _answer(self, ask: Ask) -> Iterator[Frame]:
        engines = self._engines
        with engines.state.read() as view:
            try:
                held = load(engines, view, MimeiId(ask.mimei))
            except MimeiNotFound:
                found = None
            else:
                found = offer(engines, view, held, self._acts(held), control=ask.control, known=ask.heads)
        if found is None:
            yield No(reason="absent")  # denied and absent alike
            return
        self._offer(held, found)
        versions = found.versions[ask.skip :]
        listed = versions[: limits.SYNC_VERSIONS_MAX]
        yield Standing(
            mimei=ask.mimei,
            genesis=found.genesis,
            control=found.control,
            heads=found.heads,
            versions=tuple(Listed(cid, is_numbered) for cid, is_numbered in listed),
            more=len(listed) < len(versions),
            released=found.released,
            sealed=held.is_private,
        )
        records = found.records if not ask.skip else ()
        yield from self._send_records((*records, *(cid for cid, _ in listed)))
        yield Done()

    def _acts(self, held: Mimei) -> Act:
        acts = held.acts(self._principal)
        if self._shown and self._principal.keys:
            acts |= decide(self._principal, held.facts, self._engines.clock.now_ms(), self._shown).acts
        return acts

    def _offer(self, held: Mimei, found: Offer) -> None:
        self._may_ask(found.genesis, of_record)
        self._may_ask(found.control, of_control)
        for cid in (*found.heads, *found.records):
            self._offered.setdefault(cid, of_record)
        for form, _ in found.versions:
            self._may_ask(form, sealed if held.is_private else of_version)
        self._merged += [(held, cid) for cid in found.plain]

    def _may_ask(self, cid: Cid, follow: Follow) -> None:
        self._offered[cid] = follow
        while len(self._offered) > limits.SYNC_OFFERED_MAX:
            self._offered.popitem(last=False)

    def _send(self, wanted: Sequence[Cid]) -> Iterator[Frame]:
        if not all(cid in self._offered for cid in wanted):
            self._offer_lost()
        sent_bytes = 0
        for place, cid in enumerate(wanted):
            if sent_bytes >= limits.SYNC_ANSWER_BYTES_MAX:
                yield Done(left=len(wanted) - place)
                return
            block = self._block(cid)
            if block is not None:
                sent_bytes += len(block.data)
                yield block
        yield Done()

    def _send_records(self, cids: Iterable[Cid]) -> Iterator[Block]:
        """Send what is asked for next anyway, as far as one answer may."""
        sent_bytes = 0
        for cid in dict.fromkeys(cids):
            block = self._block(cid)
            if block is None:
                continue
            sent_bytes += len(block.data)
            if sent_bytes > limits.SYNC_RECORDS_BYTES_MAX:
                return
            yield block

    def _block(self, cid: Cid) -> Block | None:
        """Return a block that may be asked for and is here, and let what it names be asked for."""
        follow = self._offered.get(cid)
        if follow is None:
            return None
        try:
            block = Block(cid, self._engines.blocks.get(cid))
        except (BlockMissing, BlockMismatch):
            return None
        if cid.codec != RAW:
            for sought in follow(block):
                self._may_ask(sought.cid, sought.follow)
        return block

    def _offer_lost(self) -> None:
        """Let files be asked for that lost in a merge: entries name them, no link does."""
        merged, self._merged = self._merged, []
        for held, cid in merged:
            for found in Reach(held.engines).lost(cid):
                form = sealed_form(held.engines.blocks, found)
                self._may_ask(form or found, sealed if form else plain)

    def _watch(self, mimei: Iterable[MimeiId]) -> None:
        with self._engines.state.read() as view:
            self._told = {one: frozenset(self._heads(view, one)) for one in mimei}

    def _heads(self, view: View, mimei: MimeiId) -> list[Cid]:
        """Return the heads of a MiMei, none if they may not be known."""
        try:
            held = load(self._engines, view, mimei)
        except MimeiNotFound:
            return []
        if not may_be_told(held, self._acts(held)):
            return []
        return [cid for _, _, cid in heads(self._engines, view, mimei)]
