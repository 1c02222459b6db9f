"""The welcome app: published once, on the first start. Who deletes it is not given it again."""

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

from leither.mimei.path import Path
from leither.people import Act
from leither.people.right import pack
from leither.service import history, tables
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.uploads import TreeUpload

APP, MARK = "app", "welcome"
_DONE = tables.SETTINGS + b"welcome"


def bundled() -> Traversable:
    """Return the folder of the welcome app inside the package."""
    return files("leither.web") / "welcome"


def publish_welcome(engines: Engines, folder: Traversable | None = None) -> None:
    """Publish `folder`, by default the bundled one, unless that was done before. Raises: StoreFull."""
    with engines.state.read() as view:
        if view.get(_DONE) is not None:
            return
    mimei, _ = Catalog(engines).create(kind="fs", app=APP, mark=MARK, right=pack(everyone=Act.READ_RELEASE))
    if not mimei.row.release:  # an import may have brought it along, at a version its owner chose
        with TreeUpload(engines, mimei.id) as upload:
            for path, file in _walk(folder or bundled(), ()):
                writer = upload.file(path)
                writer.write(file.read_bytes())
                writer.finish()
            upload.finish()
        backup(engines, mimei.id)
        history.release(engines, mimei.id)
    engines.state.write(lambda transaction: transaction.put(_DONE, b"1"))


def _walk(folder: Traversable, above: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = (*above, entry.name)
        if entry.is_dir():
            yield from _walk(entry, path)
        else:
            yield path, entry
