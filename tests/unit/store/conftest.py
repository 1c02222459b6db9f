import pytest

pytest.register_assert_rewrite("leither.testing.suites")
