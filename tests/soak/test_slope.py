"""How fast something grows is told right, and so is how sure that is."""

import random

from tests.soak.slope import slope


def noisy(per_hour: float, *, seed: int) -> list[tuple[float, float]]:
    chance = random.Random(seed)
    return [(second, 50_000 + per_hour * second / 3600 + chance.gauss(0, 40)) for second in range(0, 3600, 5)]


def test_a_straight_line_is_told_without_doubt() -> None:
    found = slope([(second, 100 + 2 * second) for second in range(100)])
    assert abs(found.per_hour - 7200) < 1e-6
    assert found.margin < 1e-6


def test_the_true_slope_lies_within_the_margin_about_nineteen_times_of_twenty() -> None:
    found = [slope(noisy(300, seed=seed)) for seed in range(400)]
    within = sum(abs(each.per_hour - 300) <= each.margin for each in found)
    assert 0.92 < within / len(found) < 0.98


def test_what_only_goes_up_and_down_does_not_surely_grow() -> None:
    assert slope([(second, float(second % 10)) for second in range(1000)]).surely <= 0
