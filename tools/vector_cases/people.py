"""Records by which people say which keys act for them: devices, revocations, successors."""

import msgspec

from leither import limits
from leither.people.device import Device, Revocation
from leither.people.erasure import Erasure
from leither.people.successor import Successor
from tools.vector_cases.case import AUTHOR, SEEDS, STRANGER, WRITER, Case, changed, flipped, invalid, valid
from tools.vector_cases.records import bad_of_any, bad_signatures

TIME = 1_700_000_000_000
YEAR_MS = 365 * 24 * 3600 * 1000
_NOT, _SIGNATURE = "not-a-record", "bad-signature"
DEVICE = Device(
    device=WRITER.public,
    seal=bytes(range(32)),
    name="phone",
    start_ms=TIME,
    until_ms=TIME + YEAR_MS,
    by=AUTHOR.public,
).signed(AUTHOR)
_REVOCATION = Revocation(device=WRITER.public, at=TIME, by=AUTHOR.public).signed(AUTHOR)
_SUCCESSOR = Successor.make(AUTHOR, WRITER, at=TIME)


def devices() -> list[Case]:
    """Return device records."""
    made = {
        "a phone": DEVICE,
        "a name in any script": msgspec.structs.replace(DEVICE, name="\u0647\u0627\u062a\u0641 \U0001f4f1"),
        "the longest": msgspec.structs.replace(
            DEVICE, name="é" * (limits.DEVICE_NAME_BYTES_MAX // 2), start_ms=0, until_ms=limits.TIME_MS_MAX
        ),
    }
    return [valid(name, record.signed(AUTHOR), signer_seed=SEEDS["author"].hex()) for name, record in made.items()]


def bad_devices() -> list[Case]:
    """Return what is no device record."""
    seen: dict[str, dict[str, object]] = {
        "an empty name": {"name": ""},
        "a name of 129 bytes": {"name": "n" * (limits.DEVICE_NAME_BYTES_MAX + 1)},
        "a time past the year 9999": {"until": limits.TIME_MS_MAX + 1},
        "a negative time": {"from": -1},
        "no end": {"until": ...},
        "null for the end": {"until": None},
        "a sealing key of 31 bytes": {"seal": bytes(31)},
    }
    unseen: dict[str, dict[str, object]] = {
        "a line break in the name": {"name": "a\nb"},
        "a control character above ASCII in the name": {"name": "a\x85b"},
        "a period that ends as it begins": {"until": TIME},
        "the person's own key": {"device": AUTHOR.public},
    }
    return (
        [invalid(name, changed(DEVICE, **change), _NOT) for name, change in seen.items()]
        + [invalid(name, changed(DEVICE, **change), _NOT, grammar=False) for name, change in unseen.items()]
        + bad_of_any(DEVICE, link=None, raw="device", text="name")
        + bad_signatures(DEVICE, changed(DEVICE, name="tablet"))
    )


def revocations() -> list[Case]:
    """Return revocations."""
    made = {
        "a device": _REVOCATION,
        "a passport": Revocation(passport=bytes(range(16)), at=0, by=AUTHOR.public).signed(AUTHOR),
    }
    return [valid(name, record, signer_seed=SEEDS["author"].hex()) for name, record in made.items()]


def bad_revocations() -> list[Case]:
    """Return what is no revocation."""
    fields: dict[str, dict[str, object]] = {
        "both": {"passport": bytes(16)},
        "neither": {"device": ...},
        "null for the passport": {"passport": None},
        "a passport of 17 bytes": {"device": ..., "passport": bytes(17)},
        "a time past the year 9999": {"at": limits.TIME_MS_MAX + 1},
        "a device of 20 bytes": {"device": AUTHOR.id},
    }
    return (
        [invalid(name, changed(_REVOCATION, **change), _NOT) for name, change in fields.items()]
        + bad_of_any(_REVOCATION, link=None, raw="by", text=None)
        + bad_signatures(_REVOCATION, changed(_REVOCATION, device=STRANGER.public))
    )


def successors() -> list[Case]:
    """Return successors, each with the seeds of both keys."""
    made = {
        "the first one": ("author", "writer", TIME),
        "the second one": ("writer", "stranger", limits.TIME_MS_MAX),
    }
    keys = {"author": AUTHOR, "writer": WRITER, "stranger": STRANGER}
    return [
        valid(
            name,
            Successor.make(keys[old], keys[new], at=at),
            signer_seed=SEEDS[old].hex(),
            new_seed=SEEDS[new].hex(),
        )
        for name, (old, new, at) in made.items()
    ]


def bad_successors() -> list[Case]:
    """Return what is no successor."""
    assert _SUCCESSOR.accepted is not None
    offered = changed(_SUCCESSOR, sig=..., accepted=...)
    accepted = {
        "accepted by the old key": AUTHOR.sign("successor", offered),
        "accepted by another key": STRANGER.sign("successor", offered),
        "accepted for another kind": WRITER.sign("device", offered),
        "accepted with what the old key signs": WRITER.sign("successor", changed(_SUCCESSOR, sig=...)),
        "a flipped bit where it was accepted": flipped(_SUCCESSOR.accepted, 9),
    }
    resigned = {
        name: msgspec.structs.replace(_SUCCESSOR, accepted=signature).signed(AUTHOR).encode()
        for name, signature in accepted.items()
    }
    fields: dict[str, dict[str, object]] = {
        "a new key of 31 bytes": {"new": bytes(31)},
        "an acceptance of 63 bytes": {"accepted": bytes(63)},
        "null for the acceptance": {"accepted": None},
    }
    return (
        [invalid(name, changed(_SUCCESSOR, **change), _NOT) for name, change in fields.items()]
        + [invalid("a key in its own place", changed(_SUCCESSOR, new=AUTHOR.public), _NOT, grammar=False)]
        + [invalid("accepted by nobody", changed(_SUCCESSOR, accepted=...), _SIGNATURE)]
        + [invalid(name, data, _SIGNATURE, grammar=False) for name, data in resigned.items()]
        + bad_of_any(_SUCCESSOR, link=None, raw="new", text=None)
        + bad_signatures(_SUCCESSOR, changed(_SUCCESSOR, at=TIME + 1))
    )


_IDS = tuple(sorted((AUTHOR.id, WRITER.id, STRANGER.id)))
_ERASURE = Erasure(
    person=AUTHOR.public,
    at=TIME,
    mimei=_IDS,
    keys=(AUTHOR.public,),
    blocks=120,
    bytes=1_048_576,
    shared_blocks=3,
    shared_bytes=4096,
    ended=2,
    by=WRITER.public,
).signed(WRITER)


def erasures() -> list[Case]:
    """Return the receipts of deletions."""
    made = {
        "all that was somebody's": _ERASURE,
        "nothing but a key": Erasure(person=AUTHOR.public, at=0, keys=(AUTHOR.public,), by=WRITER.public),
        "more than it names": msgspec.structs.replace(_ERASURE, more=1, blocks=(1 << 63) - 1, sig=None),
    }
    return [valid(name, record.signed(WRITER), signer_seed=SEEDS["writer"].hex()) for name, record in made.items()]


def bad_erasures() -> list[Case]:
    """Return what is no receipt of a deletion."""
    ids = [bytes(one) for one in _IDS]
    seen: dict[str, dict[str, object]] = {
        "an id of 21 bytes": {"mimei": [bytes(21)]},
        "null for the MiMei": {"mimei": None},
        "an empty list of MiMei": {"mimei": []},
        "an empty list of keys": {"keys": []},
        "17 keys": {"keys": [bytes([number]) * 32 for number in range(17)]},
        "zero for a number": {"blocks": 0},
        "a negative number": {"shared_bytes": -1},
        "a number of 64 bits": {"bytes": 1 << 63},
        "a time past the year 9999": {"at": limits.TIME_MS_MAX + 1},
        "no time": {"at": ...},
    }
    unseen: dict[str, dict[str, object]] = {
        "MiMei in descending order": {"mimei": ids[::-1]},
        "one MiMei twice": {"mimei": [ids[0], ids[0]]},
        "one key twice": {"keys": [AUTHOR.public, AUTHOR.public]},
    }
    return (
        [invalid(name, changed(_ERASURE, **change), _NOT) for name, change in seen.items()]
        + [invalid(name, changed(_ERASURE, **change), _NOT, grammar=False) for name, change in unseen.items()]
        + bad_of_any(_ERASURE, link=None, raw="person", text=None)
        + bad_signatures(_ERASURE, changed(_ERASURE, blocks=119))
    )
