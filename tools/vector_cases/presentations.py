"""Presentations: their records, the digests of requests, and what checking one comes to."""

import hashlib
from typing import Any

import msgspec

from leither import limits
from leither.crypto import KeyPair
from leither.people.device import Device
from leither.people.period import Period
from leither.people.presentation import Presentation, check_presentation, request_digest
from leither.people.replays import MemoryReplays
from leither.people.visit import Visit
from tools.vector_cases.case import AUTHOR, SEEDS, STRANGER, WRITER, Case, changed, invalid, valid
from tools.vector_cases.people import DEVICE, TIME
from tools.vector_cases.records import bad_of_any, bad_signatures

NODE = KeyPair(hashlib.sha256(b"node").digest())
NONCE, _REQUEST = bytes(range(16)), request_digest(b"GET", b"/mm", hashlib.sha256(b"").digest())
_MINUTE_MS = 60_000
_LONGEST_MS = limits.PRESENTATION_S_MAX * 1000
PRESENTATION = Presentation(
    who=AUTHOR.public,
    audience=NODE.public,
    nonce=NONCE,
    start_ms=TIME,
    until_ms=TIME + _MINUTE_MS,
    by=AUTHOR.public,
).signed(AUTHOR)


def _by_device(**changes: Any) -> Presentation:  # noqa: ANN401 -- of any field
    return msgspec.structs.replace(PRESENTATION, by=WRITER.public, sig=None, **changes).signed(WRITER)


def _changed(**changes: Any) -> Presentation:  # noqa: ANN401 -- of any field
    return msgspec.structs.replace(PRESENTATION, **changes).signed(AUTHOR)


def presentations() -> list[Case]:
    """Return presentations, as records."""
    made = {
        "the person's, for a session": (PRESENTATION, "author"),
        "for one request": (_changed(request=_REQUEST), "author"),
        "a device's": (_by_device(), "writer"),
    }
    return [valid(name, record, signer_seed=SEEDS[seed].hex()) for name, (record, seed) in made.items()]


def bad_presentations() -> list[Case]:
    """Return what is no presentation."""
    fields: dict[str, dict[str, object]] = {
        "a nonce of 15 bytes": {"nonce": bytes(15)},
        "an id for the audience": {"audience": AUTHOR.id},
        "a request of 20 bytes": {"request": bytes(20)},
        "null for the request": {"request": None},
        "no end": {"until": ...},
    }
    return (
        [invalid(name, changed(PRESENTATION, **change), "not-a-record") for name, change in fields.items()]
        + [invalid("a period that ends as it begins", changed(PRESENTATION, until=TIME), "not-a-record", grammar=False)]
        + bad_of_any(PRESENTATION, link=None, raw="who", text=None)
        + bad_signatures(PRESENTATION, changed(PRESENTATION, nonce=bytes(16)))
    )


def requests() -> list[Case]:
    """Return digests of requests."""
    made = {
        "a request without a body": (b"GET", b"/mm", b""),
        "one with a body": (b"PUT", b"/api/v1/mimei/x?a=1", b"body"),
        "empty words": (b"", b"", b""),
        "a method that runs into the target": (b"GET/", b"mm", b""),
    }
    return [
        {
            "name": name,
            "method": method.decode(),
            "target": target.decode(),
            "body": body.hex(),
            "digest": request_digest(method, target, hashlib.sha256(body).digest()).hex(),
        }
        for name, (method, target, body) in made.items()
    ]


def asked(now_ms: int, **more: object) -> Case:
    """Return what a check is given, as a case has it."""
    given: Case = {"node": NODE.public.hex(), "now_ms": now_ms, "devices": [], "revoked": [], "used": []}
    return given | more


def device_records(*records: Device) -> list[str]:
    """Return records as a case has them."""
    return [record.encode().hex() for record in records]


def shown(visit: Visit) -> Case:
    """Return a visit as a case has it."""
    return {
        "person": visit.person.hex(),
        "signer": visit.signer.hex(),
        "until_ms": visit.until_ms,
        "most": int(visit.most),
        "only": visit.only.hex() if visit.only is not None else None,
    }


def arguments(given: Case) -> dict[str, Any]:
    """Return what a case gives, as the checks take it. `used`: names that were claimed before."""
    replays = MemoryReplays(since_ms=0)
    for name in given["used"]:
        assert replays.claim(bytes.fromhex(name), Period(0, limits.TIME_MS_MAX), given["now_ms"])
    found = {
        "node": bytes.fromhex(given["node"]),
        "now_ms": given["now_ms"],
        "devices": [Device.decode(bytes.fromhex(record)) for record in given["devices"]],
        "revoked": {(bytes.fromhex(person), bytes.fromhex(named)) for person, named in given["revoked"]},
        "replays": replays,
    }
    return found | {name: bytes.fromhex(given[name]) for name in ("challenge", "request") if name in given}


def presentation_checks() -> list[Case]:
    """Return presentations that count, and what they show."""
    later = msgspec.structs.replace(DEVICE, start_ms=TIME + 5, until_ms=TIME + 10).signed(AUTHOR)
    made: dict[str, tuple[Presentation, Case]] = {
        "from its first moment": (PRESENTATION, asked(TIME)),
        "to its last": (PRESENTATION, asked(TIME + _MINUTE_MS - 1)),
        "the longest": (_changed(until_ms=TIME + _LONGEST_MS), asked(TIME)),
        "with the node's nonce": (PRESENTATION, asked(TIME, challenge=NONCE.hex())),
        "for a request": (_changed(request=_REQUEST), asked(TIME, request=_REQUEST.hex())),
        "by a device": (_by_device(), asked(TIME, devices=device_records(DEVICE))),
        "by a device for a request": (
            _by_device(request=_REQUEST),
            asked(TIME, devices=device_records(DEVICE), request=_REQUEST.hex()),
        ),
        "by a device with one record that counts": (_by_device(), asked(TIME + 7, devices=device_records(later))),
        "by a device with a record that counts among others": (
            _by_device(),
            asked(TIME, devices=device_records(later, DEVICE)),
        ),
        "where another person revoked the device": (
            _by_device(),
            asked(TIME, devices=device_records(DEVICE), revoked=[[STRANGER.public.hex(), WRITER.public.hex()]]),
        ),
        "where another used the same nonce": (
            PRESENTATION,
            asked(TIME, used=[(b"presentation" + WRITER.public + NONCE).hex()]),
        ),
    }
    return [
        {"name": name, "hex": record.encode().hex()}
        | given
        | {"visit": shown(check_presentation(record, **arguments(given)))}
        for name, (record, given) in made.items()
    ]


def bad_presentation_checks() -> list[Case]:
    """Return presentations that don't count, and why."""
    forged = msgspec.structs.replace(PRESENTATION, until_ms=TIME + 2 * _MINUTE_MS)
    ended = msgspec.structs.replace(DEVICE, until_ms=TIME + 1).signed(AUTHOR)
    unsigned = msgspec.structs.replace(DEVICE, sig=None)
    bobs = msgspec.structs.replace(DEVICE, by=STRANGER.public).signed(STRANGER)
    made: dict[str, tuple[Presentation, Case, str]] = {
        "for another node": (_changed(audience=STRANGER.public), asked(TIME), "wrong-audience"),
        "longer than it may be": (_changed(until_ms=TIME + _LONGEST_MS + 1), asked(TIME), "valid-too-long"),
        "too early": (PRESENTATION, asked(TIME - 1), "not-yet-valid"),
        "too late": (PRESENTATION, asked(TIME + _MINUTE_MS), "expired"),
        "another nonce than the node's": (PRESENTATION, asked(TIME, challenge=bytes(16).hex()), "wrong-request"),
        "for a request where a session is opened": (_changed(request=_REQUEST), asked(TIME), "wrong-request"),
        "for a session where something is asked": (PRESENTATION, asked(TIME, request="00" * 32), "wrong-request"),
        "for another request": (_changed(request=_REQUEST), asked(TIME, request="00" * 32), "wrong-request"),
        "changed after it was signed": (forged, asked(TIME), "bad-signature"),
        "by a device without a record": (_by_device(), asked(TIME), "unknown-signer"),
        "by a device with another person's record": (
            _by_device(),
            asked(TIME, devices=device_records(bobs)),
            "unknown-signer",
        ),
        "by a device for another person": (
            _by_device(who=STRANGER.public),
            asked(TIME, devices=device_records(DEVICE)),
            "unknown-signer",
        ),
        "by a device whose record nobody signed": (
            _by_device(),
            asked(TIME, devices=device_records(unsigned)),
            "bad-signature",
        ),
        "by a device before its time": (
            _by_device(start_ms=TIME - 9),
            asked(TIME - 1, devices=device_records(DEVICE)),
            "not-yet-valid",
        ),
        "by a device after its time": (_by_device(), asked(TIME + 1, devices=device_records(ended)), "expired"),
        "by a device that was revoked": (
            _by_device(),
            asked(TIME, devices=device_records(DEVICE), revoked=[[AUTHOR.public.hex(), WRITER.public.hex()]]),
            "device-revoked",
        ),
        "a second time": (
            PRESENTATION,
            asked(TIME, used=[(b"presentation" + AUTHOR.public + NONCE).hex()]),
            "replayed",
        ),
    }
    return [
        {"name": name, "hex": record.encode().hex()} | given | {"error": error}
        for name, (record, given, error) in made.items()
    ]
