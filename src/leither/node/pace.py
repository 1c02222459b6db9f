"""How the interpreter divides its time: one thread runs at a time, and answers must not wait long for another."""

import gc
import sys

from leither import limits


def take_turns() -> None:
    """Let a thread that waits have its turn soon, and look for garbage less often than for small programs."""
    sys.setswitchinterval(limits.THREAD_TURN_S)
    gc.set_threshold(limits.GARBAGE_SEARCH_OBJECTS, *gc.get_threshold()[1:])


def settle() -> None:
    """Leave out of every later search for garbage what the start has made, which stays to the end."""
    gc.collect()
    gc.freeze()
