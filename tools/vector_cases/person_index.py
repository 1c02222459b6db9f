"""The index of a person: its id, and seeds under the seeds that took their place."""

from leither.crypto import MimeiId, id_text, person_key
from leither.crypto.former_seed import open_former_seed, seal_former_seed
from leither.crypto.index_topic import seal_topic
from leither.mimei.genesis import Genesis
from tools.vector_cases.case import Case, flipped

_SEEDS = {"zeros": bytes(32), "ones": bytes([1]) * 32, "counting": bytes(range(32))}


def person_indexes() -> list[Case]:
    """Return for each pair of seeds what is sealed, and the id of the index."""
    found = []
    for name, seed in _SEEDS.items():
        for former_name, former in _SEEDS.items():
            if name == former_name:
                continue
            topic = Genesis(author=person_key(seed).public, app="leither", ext="", mark="index", type="fs")
            found.append(
                {
                    "name": f"{former_name} under {name}",
                    "seed": seed.hex(),
                    "index": id_text(topic.id),
                    "former": former.hex(),
                    "person": id_text(person_key(former).id),
                    "sealed": seal_former_seed(former, seed).hex(),
                    "topics": [_topic(seed, number) for number in range(2)],
                }
            )
    return found


def _topic(seed: bytes, number: int) -> Case:
    mimei = MimeiId(bytes([number]) * 20)
    topic = b'{"app": "", "ext": "", "mark": "diary"}'.ljust(128 * (number + 1))
    return {"id": id_text(mimei), "topic": topic.hex(), "sealed": seal_topic(topic, seed, mimei).hex()}


def bad_person_indexes() -> list[Case]:
    """Return what opens as no former seed."""
    seed, former = _SEEDS["counting"], _SEEDS["ones"]
    person, good = person_key(former).id, seal_former_seed(former, seed)
    assert open_former_seed(good, seed, person) == former
    cases = {
        "no bytes": (good[:0], seed, person),
        "a byte short": (good[:-1], seed, person),
        "a byte too many": (good + b"\0", seed, person),
        "a bit of the ciphertext": (flipped(good, 0), seed, person),
        "a bit of the tag": (flipped(good, 47 * 8), seed, person),
        "under another seed": (good, _SEEDS["zeros"], person),
        "of another person": (good, seed, person_key(_SEEDS["zeros"]).id),
    }
    return [
        {"name": name, "sealed": sealed.hex(), "seed": under.hex(), "person": id_text(whose)}
        for name, (sealed, under, whose) in cases.items()
    ]
