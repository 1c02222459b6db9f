"""The HTTP API: `/api/v1`, for the command line, the console and programs in any language."""

from leither.web.api.app import BASE, Api, create_api
from leither.web.api.context import ApiContext, NodeFacts

__all__ = ["BASE", "Api", "ApiContext", "NodeFacts", "create_api"]
