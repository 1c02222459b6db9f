"""New heads of public MiMei over topics: whoever follows one hears of them, connected with a holder or not."""

from collections import OrderedDict
from collections.abc import Callable

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.people import GUEST
from leither.ports import Network, TopicMessage, Verdict
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, load
from leither.service.sync_offer import may_be_told
from leither.wire.sync_messages import News

Judge = Callable[[MimeiId, TopicMessage], Verdict]


def topic_of(mimei: MimeiId) -> str:
    """Return the topic on which news of a public MiMei goes about."""
    return f"/leither/heads/1/{id_text(mimei)}"


class HeadTopics:
    """The topics of one node. Used in one thread; `judge` is called in those of the network."""

    def __init__(self, engines: Engines, network: Network, judge: Judge) -> None:
        self._engines = engines
        self._network = network
        self._judge = judge
        self._heard: dict[MimeiId, Callable[[], object]] = {}
        self._told: OrderedDict[MimeiId, Cid] = OrderedDict()

    def hear(self, mimei: MimeiId, *, followed: bool) -> None:
        """Hear a topic as long as its MiMei is followed, here, and public."""
        wanted = followed and self._public(mimei) is not None
        if wanted and mimei not in self._heard and len(self._heard) < limits.FOLLOW_TOPICS_MAX:
            judge = self._judge
            self._heard[mimei] = self._network.subscribe(topic_of(mimei), lambda message: judge(mimei, message))
        elif not wanted and mimei in self._heard:
            self._heard.pop(mimei)()

    def tell(self, mimei: MimeiId) -> None:
        """Tell whoever hears the topic of a public MiMei what this node has written, once."""
        held = self._public(mimei)
        if held is None or not held.row.head or self._told.get(mimei) == held.row.head:
            return
        head = Cid(held.row.head)
        self._told[mimei] = head
        self._told.move_to_end(mimei)
        if len(self._told) > limits.FOLLOWED_MAX:
            self._told.popitem(last=False)
        news = News(head=self._engines.blocks.get(head), control=Cid(held.row.control))
        self._network.publish(topic_of(mimei), news.encode())

    def _public(self, mimei: MimeiId) -> Mimei | None:
        """Return a MiMei that is here and of which everyone may know."""
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return None
        return held if not held.is_private and may_be_told(held, held.acts(GUEST)) else None

    def close(self) -> None:
        """Hear nothing more. Idempotent."""
        while self._heard:
            self._heard.popitem()[1]()
