"""What happens to a fetch as its session hears of it, and what the session has done about it."""

from dataclasses import dataclass

from leither import limits
from leither.codec import Cid
from leither.wire.block_provider import Fault


@dataclass(frozen=True, slots=True)
class Wanted:
    """Blocks are wanted, the most urgent first, all after those that were wanted before."""

    cids: tuple[Cid, ...]


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Blocks are wanted no more."""

    cids: tuple[Cid, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """A provider can be asked. `likely`: it is said to have what is wanted; others are asked first if they have it."""

    provider: str
    likely: bool = True
    tells: bool = True
    window_max: int = limits.FETCH_WANTS_MAX


@dataclass(frozen=True, slots=True)
class Left:
    """A provider is gone. It may come back."""

    provider: str


@dataclass(frozen=True, slots=True)
class Came:
    """A provider gave a block, whose hash was checked. `streamed`: in an answer that brings all, asked for or not."""

    provider: str
    cid: Cid
    size_bytes: int
    streamed: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A provider says which blocks it has and which it has not."""

    provider: str
    haves: tuple[Cid, ...] = ()
    dont_haves: tuple[Cid, ...] = ()


@dataclass(frozen=True, slots=True)
class Misbehaved:
    """A provider did what none may, such as giving bytes that are not the block's."""

    provider: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went by; `wake_s` says when that matters."""


Event = Wanted | Unwanted | Joined | Left | Came | Told | Misbehaved | Ticked


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a provider for `blocks`, and whether it has `haves`."""

    provider: str
    blocks: tuple[Cid, ...] = ()
    haves: tuple[Cid, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Tell a provider that these are wanted no more."""

    provider: str
    cids: tuple[Cid, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Keep the block that came."""

    cid: Cid


@dataclass(frozen=True, slots=True)
class Dismiss:
    """Have no more to do with a provider, nor with what it owes."""

    provider: str
    fault: Fault
    owed: tuple[Cid, ...] = ()


@dataclass(frozen=True, slots=True)
class Seek:
    """Find others who may have these: nobody is left to be asked for them."""

    cids: tuple[Cid, ...]


Effect = Ask | Withdraw | Take | Dismiss | Seek
