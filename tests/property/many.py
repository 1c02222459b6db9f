"""How many histories of several writers a run of the tests plays: more than the examples that other laws get."""

from __future__ import annotations

from hypothesis import settings

_EXAMPLES = settings.default.max_examples if settings.default is not None else 0
HISTORIES = max(300, _EXAMPLES)
"""Of writers in memory: 300, and in `make soak` 5,000."""
NODE_HISTORIES = 40 if HISTORIES == 300 else 1000
"""Of whole nodes, each history of which takes a fifth of a second."""
