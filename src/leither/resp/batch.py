"""Running units in one transaction. It changes nothing else: it may run twice, and the last run counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leither.db.reply import Wait
from leither.db.space import Space
from leither.resp.execution import Recorder, execute
from leither.resp.keyspace import Change
from leither.resp.waiting import Unit


@dataclass(slots=True)
class Outcome:
    """What a batch came to.

    Fields: values: of each unit, its steps' values (None for a step that runs later); None where a watched key has
    changed. waiting: units that go on waiting, oldest first, with what each waits for. served: units that waited and
    were served, with the value. changes: what listeners and watchers hear, in order. touched: the keys in it.
    """

    values: list[list[object] | None] = field(default_factory=list)
    waiting: dict[Unit, Wait] = field(default_factory=dict)
    served: dict[Unit, object] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    touched: set[bytes] = field(default_factory=set)


def run_units(units: Sequence[Unit], waiting: dict[Unit, Wait], space: Space) -> Outcome:
    """Run `units` in order. Whenever a key changes that others wait for, they are tried at once, the oldest first.

    Args:    waiting: units of earlier batches that wait, oldest first.
    """
    recorder = Recorder(space)
    outcome = Outcome(waiting=dict(waiting), changes=recorder.changes)
    seen = 0
    for unit in units:
        outcome.values.append(_run_unit(unit, recorder, outcome))
        while seen < len(recorder.changes):
            changed = {key for _, _, key in recorder.changes[seen:]}
            seen = len(recorder.changes)
            outcome.touched |= changed
            if outcome.waiting:
                _serve(changed, recorder, outcome)
    return outcome


def _run_unit(unit: Unit, recorder: Recorder, outcome: Outcome) -> list[object] | None:
    if unit.watched is not None and (unit.broken or not unit.watched.isdisjoint(outcome.touched)):
        return None
    values: list[object] = []
    for step in unit.steps:
        if step.command.run is None:
            values.append(None)
            continue
        value = execute(step.command, recorder, step.words)
        if type(value) is Wait:
            if unit.watched is None:
                outcome.waiting[unit] = value
            else:
                value = value.nothing
        values.append(value)
    return values


def _serve(changed: set[bytes], recorder: Recorder, outcome: Outcome) -> None:
    for unit, wait in list(outcome.waiting.items()):
        if changed.isdisjoint(wait.keys):
            continue
        step = unit.steps[0]
        value = execute(step.command, recorder, step.words)
        if type(value) is not Wait:
            del outcome.waiting[unit]
            outcome.served[unit] = value
