"""`leither receipt`: a node's word that it has deleted all that was somebody's."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from leither.cli.command import Group
from leither.cli.output import Output, count, moment, size
from leither.cli.session import Session, pass_session
from leither.errors import CorruptionError, InputError

_BYTES_MAX = 1 << 20


class NotAReceipt(InputError):
    """The file holds no receipt."""

    code = "not-a-receipt"

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        super().__init__(f"{path} is no receipt; it is one line, which `leither user remove` wrote")


class AnotherSigner(CorruptionError):
    """The receipt is somebody else's than was expected."""

    code = "another-signer"

    def __init__(self, wanted: str, found: str) -> None:
        self.wanted = wanted
        self.found = found
        super().__init__(f"this receipt is signed by {found}, not by {wanted}; it says nothing about that node")


@click.group(cls=Group)
def receipt() -> None:
    """What a node has signed when it deleted all that was somebody's."""


@receipt.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", metavar="ID", help="The node that it must be signed by: the id that its `leither status` shows.")
@pass_session
def show(session: Session, file: Path, by: str | None) -> None:
    """Check a receipt, and show what it says. No node is needed for that."""
    from leither.codec.record_text import NotBytes, record_bytes
    from leither.crypto import id_text, key_id, key_text
    from leither.people.erasure import Erasure

    with file.open("rb") as held:
        text = held.read(_BYTES_MAX).decode("ascii", "replace").strip()
    try:
        found = Erasure.decode(record_bytes("the receipt", text)).check()
    except NotBytes:
        raise NotAReceipt(file) from None
    node = id_text(key_id(found.by))
    if by is not None and by != node:
        raise AnotherSigner(by, node)
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=found.at)
    answer = {
        "node": node,
        "person": key_text(found.person),
        "person_id": id_text(key_id(found.person)),
        "at": at.isoformat().replace("+00:00", "Z"),
        "mimei": [id_text(mimei) for mimei in found.mimei],
        "more": found.more,
        "keys": [key_text(key) for key in found.keys],
        "blocks": found.blocks,
        "bytes": found.bytes,
        "shared_blocks": found.shared_blocks,
        "shared_bytes": found.shared_bytes,
        "ended": found.ended,
    }

    def human(output: Output) -> None:
        output.line(f"the node {node} has deleted, until {moment(at.isoformat())},")
        output.line(f"all that was the person's {answer['person_id']}, and signed this:")
        named = count(len(found.mimei) + found.more, "MiMei", "MiMei")
        output.fields(
            [
                ("deleted", f"{named}, {count(found.blocks, 'block')} of {size(found.bytes)}"),
                ("kept, as others have it too", _shared(found.shared_blocks, found.shared_bytes)),
                ("keys destroyed", ", ".join(key_text(key) for key in found.keys) or None),
                ("ended", count(found.ended, "token, session or passkey", "tokens, sessions and passkeys")),
            ]
        )
        for mimei in found.mimei:
            output.line(f"  {id_text(mimei)}")

    session.show(answer, human)


def _shared(blocks: int, size_bytes: int) -> str | None:
    return f"{count(blocks, 'block')} of {size(size_bytes)}" if blocks else None
