"""How the demo tells what it does, and what that has proved."""

import time
from collections.abc import Callable

_LOOK_S = 0.2
_WAIT_S = 60


class Telling:
    """Steps and claims, told as they come. `failed`: claims that were not proved."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self._claims: list[tuple[bool, str]] = []
        self._step = 0

    @property
    def failed(self) -> list[str]:
        """What was claimed and not proved."""
        return [claim for is_proved, claim in self._claims if not is_proved]

    def step(self, text: str) -> None:
        """Tell what is done now."""
        self._step += 1
        self._say(f"\n{self._step}. {text}")

    def note(self, text: str) -> None:
        """Tell something beside it."""
        self._say(f"   {text}")

    def claim(self, text: str, is_proved: object) -> None:
        """Tell whether something was proved."""
        self._claims.append((bool(is_proved), text))
        self._say(f"   {'ok    ' if is_proved else 'FAILED'} {text}")

    def claim_soon(self, text: str, is_proved: Callable[[], object]) -> None:
        """The same of what nodes come to by themselves; it is looked at until it holds, for a minute at the most."""
        begun = time.monotonic()
        while not (found := bool(is_proved())) and time.monotonic() - begun < _WAIT_S:
            time.sleep(_LOOK_S)
        self.claim(text, found)

    def end(self) -> int:
        """Tell what was proved; return the exit status."""
        proved = len(self._claims) - len(self.failed)
        self._say(f"\nProved: {proved} of {len(self._claims)}")
        for is_proved, claim in self._claims:
            self._say(f" {'+' if is_proved else '-'} {claim}")
        return 1 if self.failed or not self._claims else 0
