"""What the HTTP API takes and gives about paired nodes, copies and traffic."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from leither import limits
from leither.web.schema import Bytes, Count, KeyText, Moment
from leither.web.schema_network import AddressText, PeerText


def _about(text: str) -> Meta:
    return Meta(description=text)


PairName = Annotated[
    str, Meta(min_length=1, max_length=limits.PAIR_NAME_BYTES_MAX, description="What the paired node is called here.")
]
PairQuota = Annotated[
    Annotated[int, Meta(ge=0, le=limits.QUOTA_BYTES_MAX)] | None,
    _about("What it may have kept here, in bytes; null for what is given when nothing is said."),
]
MimeiText = Annotated[str, Meta(max_length=64, description="The id of a MiMei.")]
Reason = Annotated[str, _about("The code of what stands in the way of keeping more of it; empty where nothing does.")]


class PairInfo(Struct, frozen=True, kw_only=True):
    """A node with which this one is paired."""

    name: PairName
    peer: PeerText
    person: Annotated[KeyText, _about("The id of the person for whom it acts.")]
    since: Moment
    met: Annotated[Moment | None, _about("When the two last told each other what they keep.")]
    connected: Annotated[bool, _about("Whether it is connected now.")]
    quota: PairQuota
    given: Annotated[Bytes | None, _about("What it gives this node, as it said last.")]
    everything: Annotated[bool, _about("Whether it keeps all that is the owner's; else what is in `chosen`.")]
    chosen: Annotated[list[MimeiText], _about("What it keeps, if not everything.")]
    keeps: Annotated[int, _about("How many MiMei of the owner's it keeps.")]
    kept: Annotated[int, _about("How many MiMei are kept here for it.")]
    kept_bytes: Bytes


class CodeInfo(Struct, frozen=True, kw_only=True):
    """A code that the node shows. It is good for one guess."""

    code: Annotated[str, _about("Seven digits, as people are shown them.")]
    expires: Moment
    state: Annotated[
        Literal["open", "paired", "guessed", "ended"],
        _about("Whether somebody may pair by it still, has, was wrong, or whether it ended otherwise."),
    ]
    by: Annotated[PeerText | None, _about("Who has paired, or was wrong.")]
    addresses: Annotated[list[AddressText], _about("Where the other node reaches this one, widest first.")]
    invitation: Annotated[str | None, _about("What a QR code holds: the first address and the code.")]


class CodeWanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code to show."""

    quota: PairQuota = None
    name: PairName | None = None


class CodeEntered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A code that another node shows."""

    code: Annotated[str, Meta(max_length=1024, description="The code, or what the QR code holds.")]
    address: AddressText | None = None
    quota: PairQuota = None
    name: PairName | None = None


class PairChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise with a paired node."""

    name: PairName | UnsetType = UNSET
    quota: PairQuota | UnsetType = UNSET
    everything: Annotated[bool, _about("Whether it is to keep all that is the owner's.")] | UnsetType = UNSET
    chosen: (
        Annotated[
            list[MimeiText], Meta(max_length=limits.KEPT_MAX, description="What it is to keep, if not everything.")
        ]
        | UnsetType
    ) = UNSET


class CopyInfo(Struct, frozen=True, kw_only=True):
    """A copy of a MiMei at a paired node."""

    name: PairName
    peer: PeerText
    state: Annotated[
        Literal["current", "behind", "apart", "waiting", "stopped"],
        _about(
            "current: what is here. behind: what was here. apart: something else, or not known. waiting: nothing came "
            "there yet. stopped: for `reason`."
        ),
    ]
    at: Annotated[Moment | None, _about("When the other node last found it to be what it is.")]
    current: Annotated[Moment | None, _about("When it was last found equal to what is here.")]
    bytes: Bytes
    reason: Reason


class BackedInfo(Struct, frozen=True, kw_only=True):
    """Something of the owner's, and where copies of it are."""

    id: MimeiText
    type: Annotated[str, _about("file, fs or db.")]
    app: Annotated[str, _about("What it is for.")]
    mark: Annotated[str, _about("Its name among those of one app.")]
    private: Annotated[bool, _about("Whether what it holds is stored sealed.")]
    version: Annotated[Moment | None, _about("When its last version was made; null where it has none.")]
    unsaved: Annotated[int, _about("Changes that no version holds, and so no copy.")]
    safe: Annotated[bool, _about("Whether some other node holds all of it.")]
    copies: Annotated[list[CopyInfo], _about("Copies at paired nodes.")]


class KeptInfo(Struct, frozen=True, kw_only=True):
    """A MiMei that is kept here for a paired node."""

    id: MimeiText
    name: PairName
    peer: PeerText
    sealed: Annotated[bool, _about("Whether it is private, and kept without its key.")]
    current: Annotated[bool, _about("Whether it is what the other node wants kept.")]
    at: Moment | None
    bytes: Bytes
    reason: Reason


class BackupStatus(Struct, frozen=True):
    """What is where, and how old."""

    own: Annotated[list[BackedInfo], _about("All that is the owner's, by id.")]
    kept: Annotated[list[KeptInfo], _about("What is kept here for paired nodes.")]
    safe: Annotated[bool, _about("Whether all that is the owner's is at some other node as it is here.")]


class CountsInfo(Struct, frozen=True, kw_only=True):
    """What a protocol, or a peer, moved. Bytes are those of what was said, without what connections add."""

    name: Annotated[str, _about("The protocol, or the peer's id; empty for those that were not told apart.")]
    bytes_received: Bytes
    bytes_sent: Bytes
    messages_received: Count
    messages_sent: Count
    streams: Count
    errors: Annotated[int, _about("How many times something broke off or was refused.")]


class TrafficStretch(Struct, frozen=True):
    """What all moved in ten minutes."""

    start: Moment
    bytes_received: Bytes
    bytes_sent: Bytes


class TrafficInfo(Struct, frozen=True, kw_only=True):
    """What went to and came from other nodes."""

    seconds: Annotated[int, _about("Over how long, to ten minutes.")]
    protocols: Annotated[list[CountsInfo], _about("By protocol.")]
    peers: Annotated[list[CountsInfo], _about("By node.")]
    stretches: Annotated[list[TrafficStretch], _about("The same over time, the oldest first.")]


class TipInfo(Struct, frozen=True):
    """The newest version of one writer."""

    version: Annotated[str, _about("Its CID.")]
    n: Annotated[int | None, _about("Its number; null where it is not held.")]
    time: Moment | None


class HolderInfo(Struct, frozen=True):
    """A node that holds a MiMei, as it told when it was asked."""

    peer: PeerText
    state: Annotated[
        Literal["current", "behind", "ahead", "apart"],
        _about("current: what is here. behind: less. ahead: more. apart: each has what the other lacks."),
    ]


class WhereInfo(Struct, frozen=True, kw_only=True):
    """Which nodes hold a MiMei, and which version of it."""

    id: MimeiText
    tips: Annotated[list[TipInfo], _about("What is here: the newest version of each writer.")]
    version: Annotated[Moment | None, _about("When the last version was made.")]
    copies: Annotated[list[CopyInfo], _about("Copies at paired nodes.")]
    holders: Annotated[list[HolderInfo], _about("Who told that they hold it, of those that were asked for this.")]
