"""Import-linter contracts that its own types don't cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

from importlinter.contracts.forbidden import ForbiddenContract

if TYPE_CHECKING:
    from grimp import ImportGraph
    from importlinter.domain.contract import ContractCheck
    from importlinter.domain.imports import ModuleExpression


class ForbiddenWherePresent(ForbiddenContract):
    """A forbidden contract over those named modules that exist.

    The plain type refuses a name with no module behind it. Here the contract names every layer it is meant for, so
    that one which comes later is held to it from its first file. `tests/meta` checks the names against the layers.
    """

    type_name = "forbidden_where_present"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Check as the plain type does, leaving out names of the project's own that are not in `graph`."""
        for field in ("source_modules", "forbidden_modules"):
            expressions: set[ModuleExpression] = getattr(self, field)
            setattr(self, field, {each for each in expressions if _is_present(each.expression, graph)})
        return super().check(graph, verbose)


def _is_present(name: str, graph: ImportGraph) -> bool:
    return not name.startswith("leither.") or name in graph.modules
