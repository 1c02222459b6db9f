"""The cases of the vectors, from fixed seeds, so that they can be made again byte for byte."""

from tools.vector_cases.case import Case

__all__ = ["Case"]
