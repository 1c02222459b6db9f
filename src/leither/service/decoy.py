"""A MiMei that is nowhere: looked at in the place of one that is absent, so that absent takes as long as denied."""

from leither.codec import Cid
from leither.mimei.control import Control, WriterEntry
from leither.mimei.genesis import Genesis
from leither.people import ALL

_KEY = bytes(32)
_TOPIC = Genesis(author=_KEY, app="decoy", ext="", mark="decoy", type="fs")
_CONTROL = Control(
    genesis=_TOPIC.cid,
    created=0,
    epoch=0,
    right=0,
    writers=(WriterEntry(1, _KEY, int(ALL)),),
    by=_KEY,
)
GENESIS, CONTROL = _TOPIC.cid, _CONTROL.cid
RECORDS: dict[Cid, bytes] = {GENESIS: _TOPIC.encode(), CONTROL: _CONTROL.encode()}
"""Its records, which are stored nowhere."""
