"""Running units in one transaction. It changes nothing else: it may run twice, and the last run counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from leither.db.refusal import Refusal
from leither.db.reply import Wait
from leither.resp.brief import Brief
from leither.resp.execution import Changing, Recorder, execute
from leither.resp.keyspace import Change
from leither.resp.reply import Failure
from leither.resp.waiting import Together, Unit


@dataclass(slots=True)
class Outcome:
    """What a batch came to.

    Fields: values: of each unit its value; of those between MULTI and EXEC a list, with None for a step that runs
    later, or None where a watched key has changed. waiting: units that go on waiting, oldest first, with what each
    waits for. served: units that waited and were served, with the value. changes: what listeners and watchers hear, in
    order. began, tick: how often the database had been changed before, and after.
    """

    values: list[object] = field(default_factory=list)
    waiting: dict[Unit, Wait] = field(default_factory=dict)
    served: dict[Unit, object] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    began: int = 0
    tick: int = 0

    def touched(self) -> set[bytes]:
        """Return the keys that changed."""
        return {key for _, _, key in self.changes}


def run_units(
    units: Sequence[Unit], waiting: dict[Unit, Wait], tick: int | None, space: Changing, *, brief: bool = False
) -> Outcome:
    """Run `units` in order. Whenever a key changes that others wait for, they are tried at once, the oldest first.

    Args: waiting: units of earlier batches that wait, oldest first. tick: how often the database had been changed when
        that was looked at last, if keys are watched. If others changed it since, all of these count as changed.
        brief: whether others wait meanwhile.
    Raises: TooLong: brief, and they visit more entries than is right then.
    """
    recorder = Recorder(Brief(space) if brief else space)
    changes = recorder.changes
    outcome = Outcome(waiting=dict(waiting), changes=changes, began=space.tick)
    passed = tick is not None and tick != space.tick
    values = outcome.values
    seen = 0
    for unit in units:
        if type(unit) is Together:
            values.append(None if passed and unit.watched else _run_together(unit, recorder, outcome))
        else:
            try:
                value = unit.command.run(recorder, unit.words)  # type: ignore[misc]
            except Refusal as error:
                value = Failure(str(error))
            if type(value) is Wait:
                outcome.waiting[unit] = value
            values.append(value)
        if outcome.waiting:
            while seen < len(changes):
                changed = {key for _, _, key in changes[seen:]}
                seen = len(changes)
                _serve(changed, recorder, outcome)
    outcome.tick = space.tick
    return outcome


def _run_together(unit: Together, recorder: Recorder, outcome: Outcome) -> list[object] | None:
    if unit.watched and (unit.broken or not unit.watched.isdisjoint(outcome.touched())):
        return None
    values: list[object] = []
    for step in unit.steps:
        if step.command.run is None:
            values.append(None)
            continue
        value = execute(step.command, recorder, step.words)
        values.append(value.nothing if type(value) is Wait else value)
    return values


def _serve(changed: set[bytes], recorder: Recorder, outcome: Outcome) -> None:
    for unit, wait in list(outcome.waiting.items()):
        if changed.isdisjoint(wait.keys):
            continue
        value = execute(unit.command, recorder, unit.words)
        if type(value) is not Wait:
            del outcome.waiting[unit]
            outcome.served[unit] = value
