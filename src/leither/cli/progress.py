"""A progress bar on standard error, where that is a terminal and the answer is for people."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from leither.cli.output import Output

Advance = Callable[[int], object]


@contextmanager
def progress(output: Output, what: str, *, total: int | None = None) -> Iterator[Advance]:
    """Yield a function that is told how many bytes went by."""
    if not output.shows_progress:
        yield lambda amount: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    amounts = (DownloadColumn(binary_units=True), TransferSpeedColumn())
    with Progress(
        TextColumn("{task.description}"), BarColumn(), *amounts, console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task(what, total=total)
        yield lambda amount: bar.advance(task, amount)


def counted(chunks: Iterable[bytes], advance: Advance) -> Iterator[bytes]:
    """Yield `chunks`, telling `advance` about each."""
    for chunk in chunks:
        yield chunk
        advance(len(chunk))
