"""Settings that every test shares."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# The suites that every storage adapter passes are part of the package, and assert like tests do.
pytest.register_assert_rewrite("leither.testing.suites")

# Examples stay random, so that every run looks somewhere new; a failure prints the blob that replays it.
# No deadline: a shared machine's pauses are not the code's.
settings.register_profile(
    "quick",
    max_examples=100,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", settings.get_profile("quick"), max_examples=5_000)
settings.load_profile("quick")
