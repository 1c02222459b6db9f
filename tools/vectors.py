"""Make the vectors of the records from fixed seeds, or with `--check` name those that differ from what would be made.

The cases stand in `tools/vector_cases/`. Every file is a JSON array of cases; `spec/vectors/<format>/README.md` says
what the members of a case mean.
"""

import json
import pathlib
import sys
from collections.abc import Callable, Mapping

from tools.vector_cases import (
    Case,
    archives,
    codec,
    drafts,
    entries,
    grants,
    identity,
    journal,
    keeping,
    pairing,
    passports,
    people,
    person_index,
    presentations,
    properties,
    records,
    sealing,
    sync,
)

ROOT = pathlib.Path(__file__).parent.parent
FORMATS: Mapping[str, tuple[Callable[[], list[Case]], Callable[[], list[Case]]]] = {
    "record": (codec.records, codec.bad_records),
    "cid": (codec.cids, codec.bad_cids),
    "genesis": (records.genesis, records.bad_genesis),
    "control": (records.control, records.bad_control),
    "version": (records.version, records.bad_version),
    "draft": (drafts.draft, drafts.bad_draft),
    "head": (records.head, records.bad_head),
    "tag": (records.tag, records.bad_tag),
    "export": (archives.exports, archives.bad_exports),
    "shelf": (archives.shelves, archives.bad_shelves),
    "device": (people.devices, people.bad_devices),
    "revocation": (people.revocations, people.bad_revocations),
    "successor": (people.successors, people.bad_successors),
    "erasure": (people.erasures, people.bad_erasures),
    "grant": (grants.grants, grants.bad_grants),
    "grant-chain": (grants.chains, grants.bad_chains),
    "revoked": (grants.revoked, grants.bad_revoked),
    "presentation": (presentations.presentations, presentations.bad_presentations),
    "presentation-check": (presentations.presentation_checks, presentations.bad_presentation_checks),
    "request": (presentations.requests, list),
    "passport": (passports.passports, passports.bad_passports),
    "key-ring": (sealing.key_rings, sealing.bad_key_rings),
    "sealed-block": (sealing.blocks, sealing.bad_blocks),
    "sync": (sync.frames, sync.bad_frames),
    "phrase": (identity.phrases, identity.bad_phrases),
    "reserved": (records.reserved, records.bad_reserved),
    "journal": (journal.segments, journal.bad_segments),
    "reference": (entries.references, entries.bad_references),
    "entry": (entries.paths, entries.bad_paths),
    "property": (properties.properties, properties.bad_properties),
    "ids": (identity.ids, identity.bad_ids),
    "seedfile": (identity.seedfiles, identity.bad_seedfiles),
    "person-index": (person_index.person_indexes, person_index.bad_person_indexes),
    "pairing": (pairing.runs, pairing.bad_messages),
    "keeping": (keeping.messages, keeping.bad_messages),
    "right": (identity.rights, identity.bad_rights),
    "address": (identity.addresses, identity.bad_addresses),
}


def files() -> dict[str, str]:
    """Return every vector file's text by its path from the top of the tree."""
    made = {}
    for name, (valid, invalid) in FORMATS.items():
        for kind, cases in (("valid", valid()), ("invalid", invalid())):
            made[f"spec/vectors/{name}/{kind}.json"] = json.dumps(cases, indent=2, ensure_ascii=True) + "\n"
    return made


def main(arguments: list[str]) -> int:
    """Write every vector file, or with `--check` only compare; return the exit status."""
    stale = {name: text for name, text in files().items() if _read(ROOT / name) != text}
    if "--check" in arguments:
        if stale:
            print("out of date, run `python -m tools.vectors`:", *stale)
        return 1 if stale else 0
    for name, text in stale.items():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


def _read(path: pathlib.Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
