"""Settings that every test shares."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The suites that every storage adapter passes are part of the package, and assert like tests do.
pytest.register_assert_rewrite("leither.testing.suites")

# A run of the tests is the same each time; `make soak` looks somewhere new, and a failure prints what replays it.
# No deadline: a shared machine's pauses are not the code's.
settings.register_profile(
    "quick",
    max_examples=100,
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", settings.get_profile("quick"), max_examples=5_000, derandomize=False)
settings.load_profile("quick")
