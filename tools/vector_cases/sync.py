"""Frames of the sync protocol: messages of each kind, blocks, and what is neither."""

import msgspec

from leither import limits
from leither.codec import RAW, Block, dagcbor, varint
from leither.codec.record import Record
from leither.mimei.head import Head
from leither.wire.sync_frame import encode
from leither.wire.sync_messages import Ask, Done, Hello, Listed, News, No, Shared, Standing, Want, Watch
from tools.vector_cases.case import WRITER, Case, changed, cid, dag_json
from tools.vector_cases.grants import GRANT
from tools.vector_cases.people import DEVICE

_ID = bytes(range(20))
_HEAD = Head(mimei=_ID, epoch=0, seq=9, tip=cid("version"), prev=cid("head"), by=WRITER.public).signed(WRITER)
_ASK = Ask(mimei=_ID, control=cid("control"), heads=(cid("head a"), cid("head b")), skip=8192)
_STANDING = Standing(
    mimei=_ID,
    genesis=cid("genesis"),
    control=cid("control"),
    heads=(cid("head"),),
    versions=(Listed(cid("version 0"), True), Listed(cid("beside"), False)),
)
_SHARED = Shared(mimei=_ID, writer=7, seq=12)
_BLOCK = Block.of(RAW, b"leaf")


def frames() -> list[Case]:
    """Return frames."""
    made: dict[str, Record] = {
        "hello of a guest": Hello(),
        "hello of a person's device": Hello(devices=(DEVICE.encode(),)),
        "hello with a grant": Hello(devices=(DEVICE.encode(),), grants=(GRANT.encode(),)),
        "ask by who has nothing": Ask(mimei=_ID),
        "ask, every field": _ASK,
        "standing": _STANDING,
        "ask for drafts too": msgspec.structs.replace(_ASK, drafts=(cid("draft"),), live=True),
        "standing with drafts": msgspec.structs.replace(_STANDING, drafts=(cid("draft a"), cid("draft b"))),
        "standing without versions": msgspec.structs.replace(_STANDING, versions=()),
        "standing, one of several": msgspec.structs.replace(_STANDING, more=True),
        "standing of a release": msgspec.structs.replace(_STANDING, released=True),
        "standing of a private one": msgspec.structs.replace(_STANDING, sealed=True),
        "standing of one that is on demand": msgspec.structs.replace(_STANDING, partial=True),
        "want": Want(blocks=(cid("node"), _BLOCK.cid)),
        "done": Done(),
        "done with some left": Done(left=7),
        "no": No(reason="absent"),
        "watch": Watch(mimei=(_ID, bytes(20))),
        "watch nothing": Watch(),
        "watch live": Watch(mimei=(_ID,), live=True),
        "a draft is there": _SHARED,
        "news": News(head=_HEAD.encode(), control=cid("control")),
    }
    messages: list[Case] = [
        {
            "name": name,
            "frame": encode(record).hex(),  # type: ignore[arg-type]
            "hex": record.encode().hex(),
            "value": dag_json(dagcbor.decode(record.encode())),
        }
        for name, record in made.items()
    ]
    blocks: list[Case] = [
        {"name": name, "frame": encode(block).hex(), "cid": block.cid.text, "data": block.data.hex()}
        for name, block in {"a block": _BLOCK, "an empty block": Block.of(RAW, b"")}.items()
    ]
    return messages + blocks


def bad_frames() -> list[Case]:
    """Return what is no frame."""
    seen: dict[str, bytes] = {
        "an unknown kind": changed(Done(), kind="sync-what"),
        "a record of another kind": _HEAD.encode(),
        "an ask without an id": changed(_ASK, mimei=...),
        "an ask with bytes for its control": changed(_ASK, control=bytes(cid("control"))),
        "an id a byte short": changed(_ASK, mimei=bytes(19)),
        "a want of nothing": changed(Want(blocks=(cid("a"),)), blocks=[]),
        "a version without its second part": changed(_STANDING, versions=[[cid("version")]]),
        "null for more": changed(_STANDING, more=None),
        "no reason": changed(No(reason="absent"), reason=...),
        "an unknown field": changed(Done(), colour="red"),
        "more left than may be asked for": changed(Done(), left=limits.SYNC_WANTED_MAX + 1),
        "news without a control": changed(News(head=b"", control=cid("control")), control=...),
        "version 2 of the format": changed(Done(), v=2),
        "a draft of writer 0": changed(_SHARED, writer=0),
        "a draft without a seq": changed(_SHARED, seq=...),
    }
    seen["false for more"] = changed(_STANDING, more=False)
    unseen: dict[str, bytes] = {
        "a want of more than may be": changed(
            Want(blocks=(cid("a"),)), blocks=[cid("a")] * (limits.SYNC_WANTED_MAX + 1)
        ),
        "a reason of 65 characters": changed(No(reason="a"), reason="a" * 65),
        "a byte behind it": Done().encode() + b"\0",
    }
    found: list[Case] = [
        {
            "name": name,
            "frame": _framed(data),
            "hex": data.hex(),
            "error": "bad-sync-frame",
            "refused_by_grammar": grammar,
        }
        for grammar, made in ((True, seen), (False, unseen))
        for name, data in made.items()
    ]
    body = bytes(_BLOCK.cid) + b"leaf"
    others = {
        "an empty frame": (b"\0", "bad-sync-frame"),
        "a length beyond the limit": (varint.encode(limits.SYNC_FRAME_BYTES_MAX + 1), "bad-sync-frame"),
        "a length that is padded": (b"\x81\0", "bad-sync-frame"),
        "a length of eleven bytes": (b"\xff" * 11, "bad-sync-frame"),
        "a block whose CID is cut off": (varint.encode(20) + body[:20], "bad-sync-frame"),
        "a block of an unknown codec": (varint.encode(len(body)) + b"\x01\x51" + body[2:], "bad-sync-frame"),
        "a block that is another": (varint.encode(len(body)) + body[:-1] + b"F", "block-mismatch"),
        "neither": (b"\x02\xff\xff", "bad-sync-frame"),
    }
    found += [{"name": name, "frame": data.hex(), "error": error} for name, (data, error) in others.items()]
    return found


def _framed(body: bytes) -> str:
    return (varint.encode(len(body)) + body).hex()
