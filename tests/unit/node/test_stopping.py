"""The ways a node stops: before it served, and in the end whatever is at work."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from leither import limits
from leither.node.last_resort import STATUS, LastResort
from leither.node.serving import _Serving
from leither.web.serve import run


def test_what_is_still_at_work_is_ended_in_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(limits, "STOP_HARD_S", 0.001)
    ended, statuses = threading.Event(), []

    def end(status: int) -> None:
        statuses.append(status)
        ended.set()

    with LastResort(end) as last:
        last.begin()
        last.begin()
        assert ended.wait(30)
    assert statuses == [STATUS]
    assert "nothing that was acknowledged is lost" in capsys.readouterr().err


def test_who_has_stopped_in_time_is_not_ended() -> None:
    statuses: list[int] = []
    with LastResort(statuses.append) as last:
        last.begin()
        timer = last._timer
    assert timer is not None
    timer.join(30)
    assert statuses == []


async def app(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401
    while (await receive())["type"] != "lifespan.shutdown":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def test_a_signal_that_comes_before_the_node_serves_is_not_forgotten() -> None:
    serving = _Serving(lambda: None)
    serving.stop()
    run(serving.main(app, []))
