"""How a node that serves divides the interpreter's time."""

import subprocess
import sys

from leither import limits

_SERVE = """
import gc, os, signal, sys
from contextlib import nullcontext
from leither.node.serving import serve_until_signalled

async def app(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()

def started():
    print(sys.getswitchinterval(), gc.get_threshold()[0], gc.get_freeze_count() > 0, flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

serve_until_signalled(app, [], started=started, beside=nullcontext)
"""


def test_a_node_that_serves_divides_its_time_for_answers() -> None:
    done = subprocess.run([sys.executable, "-c", _SERVE], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(limits.THREAD_TURN_S), str(limits.GARBAGE_SEARCH_OBJECTS), "True"]
