"""Answering one node that asks how MiMei stand: for whom it acts, what it may read, and the blocks of that alone."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence

from leither import limits
from leither.codec import RAW, Block, BlockMismatch, BlockMissing, Cid
from leither.codec.record import BadSignature
from leither.crypto import MimeiId
from leither.errors import DeniedError, InputError, LimitError
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, load
from leither.service.kept_offer import kept_offer
from leither.service.private import sealed_form
from leither.service.reach import Reach
from leither.service.sync_asker import Asker, known_asker
from leither.service.sync_offer import Offer, offer
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Ask, Done, Hello, Listed, Message, No, Standing, Want, Watch
from leither.wire.sync_walk import BadAnswer, Follow, of_control, of_record, of_version, plain, sealed


class SyncSession:
    """One connection of another node, whose key it has shown. Not thread-safe.

    It may ask for blocks that an answer named: a version's, once the version was listed, and so on down. So nobody gets
    what they may not read, whatever else is stored.
    """

    def __init__(
        self,
        engines: Engines,
        peer: bytes,
        *,
        watch: Callable[[Asker, MimeiId, bool], object] = lambda asker, mimei, live: None,
        heard: Callable[[MimeiId], object] = lambda mimei: None,
        greeted: Callable[[Hello], object] = lambda hello: None,
    ) -> None:
        """Take peer: the key it has shown. watch, heard: what it wants to hear of, and of what it has news itself.

        greeted: is given what proved for whom it asks.
        """
        self._engines = engines
        self._watch = watch
        self._heard = heard
        self._greeted_as = greeted
        self._peer = peer
        self._asker = Asker(node=peer)
        self._greeted = False
        self._offered: OrderedDict[Cid, Follow] = OrderedDict()
        self._merged: list[tuple[Mimei, Cid]] = []

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
                for mimei in message.mimei:
                    self._watch(self._asker, MimeiId(mimei), message.live)
            case _:
                raise BadAnswer(f"a message of kind {message.KIND} where a question should come")

    def _greet(self, hello: Hello) -> Iterator[Message]:
        """Take note of who asks. Whatever doesn't prove itself leaves them a guest, and they are told why."""
        try:
            self._asker = known_asker(self._engines, self._peer, hello)
            self._greeted_as(hello)
        except (InputError, DeniedError, LimitError, BadSignature) as error:
            yield No(reason=error.code)

    def _answer(self, ask: Ask) -> Iterator[Frame]:
        engines, mimei, keys = self._engines, MimeiId(ask.mimei), self._asker.principal.keys
        with engines.state.read() as view:
            held: Mimei | None = None
            try:
                held = load(engines, view, mimei)
            except MimeiNotFound:
                found = kept_offer(engines, view, mimei, keys, control=ask.control, known=ask.heads)
            else:
                acts = self._asker.acts(engines, held)
                drafts = ask.drafts if ask.live else None
                found = offer(engines, view, held, acts, control=ask.control, known=ask.heads, drafts=drafts)
        if found is None:
            yield No(reason="absent")  # denied and absent alike
            return
        if not all(map(engines.blocks.has, (*ask.heads, *ask.drafts))):
            self._heard(mimei)
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
            sealed=found.sealed,
            drafts=found.drafts,
            partial=found.partial,
        )
        records = (*found.drafts, *found.records) if not ask.skip else ()
        yield from self._send_records((*records, *(cid for cid, _ in listed)))
        yield Done()

    def _offer(self, held: Mimei | None, found: Offer) -> None:
        self._may_ask(found.genesis, of_record)
        self._may_ask(found.control, of_control)
        for cid in (*found.heads, *found.records):
            self._offered.setdefault(cid, of_record)
        for form, _ in found.versions:
            self._may_ask(form, sealed if found.sealed else of_version)
        for cid in found.drafts:
            self._may_ask(cid, sealed if found.sealed else of_version)
        if held is not None:
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
