"""What the demo does: three nodes, an accident, an empty machine, and everything is there again."""

from functools import partial
from pathlib import Path

from tools.demo.node import DemoNode
from tools.demo.telling import Telling

GARDEN = {"index.html": b"<h1>Ada's garden</h1>\n", "roses/red.txt": b"planted in May\n" * 2000}
DIARY = {"monday.txt": b"Nobody but Ada reads what she wrote on Monday.\n", "photo.bin": bytes(range(256)) * 1200}
SECRET = b"Nobody but Ada reads"


class Story:
    """Ada has a desk, Bob a shelf, Cleo a lamp. Each is a node on this machine, with a home folder of its own."""

    def __init__(self, folder: Path, tell: Telling) -> None:
        self._folder = folder
        self._tell = tell
        self.desk, self.shelf, self.lamp, self.laptop = (
            DemoNode(folder, name) for name in ("desk", "shelf", "lamp", "laptop")
        )
        self._garden = self._diary = self._words = self._person = ""

    def play(self) -> None:
        """Play it to the end. Raises: CommandFailed."""
        try:
            self._publish()
            self._open_elsewhere()
            self._back_up()
            self._lose()
            self._come_back()
            self._join()
        finally:
            for node in (self.desk, self.shelf, self.lamp, self.laptop):
                node.kill()

    def _publish(self) -> None:
        self._tell.step("Ada's desk starts. She publishes a garden, and writes a private diary.")
        self.desk.start()
        self._garden = self.desk.run("app", "publish", str(self._written("garden", GARDEN)))["id"]
        self._diary = self.desk.run("mm", "create", "--type", "fs", "--mark", "diary", "--private")["id"]
        self.desk.run("mm", "put", self._diary, str(self._written("diary", DIARY)))
        self.desk.run("backup", self._diary)
        self._words = self.desk.run("identity", "words", "--yes")["words"]
        self._person = self.desk.run("identity", "show")["person"]
        self._tell.note(f"garden {self._garden}, diary {self._diary}")
        self._tell.claim("a browser gets the garden from Ada's desk", self._shows(self.desk))

    def _open_elsewhere(self) -> None:
        self._tell.step("Cleo's lamp, another node of another person, opens the garden by its id.")
        self.lamp.start()
        self.lamp.run("follow", self._garden, "--live", "--from", self.desk.address())
        self._tell.claim_soon("a browser gets the same bytes from Cleo's lamp", lambda: self._shows(self.lamp))

    def _back_up(self) -> None:
        self._tell.step("Bob's shelf shows a code; Ada enters it at her desk. The two back each other up from now on.")
        self.shelf.start()
        shown = self.shelf.run("pair", "--no-wait", "--name", "ada")
        self._tell.note(f"the code is {shown['code']}")
        self.desk.run("pair", "enter", shown["invitation"], "--name", "bob")
        self._tell.claim("all of Ada's is at Bob's shelf as it is at her desk", self._is_safe(self.desk))
        self._tell.claim("nothing of her diary can be read on Bob's disk", not self.shelf.holds_bytes(SECRET))
        self._tell.claim(
            "Bob's shelf does not even list it",
            self._diary not in [one["id"] for one in self.shelf.run("mm", "list")["items"]],
        )

    def _lose(self) -> None:
        self._tell.step("Ada's desk loses its power.")
        self.desk.kill()
        self._tell.claim("nobody answers at Ada's desk", self.desk.page(self._garden) is None)
        self._tell.claim("a browser still gets the garden from Bob's shelf", self._shows(self.shelf))
        self.lamp.run("follow", self._garden, "--live", "--from", self.shelf.address())
        self._tell.claim("and from Cleo's lamp, which follows it at Bob's shelf now", self._shows(self.lamp))

    def _come_back(self) -> None:
        self._tell.step("On an empty laptop Ada types her 24 words and where Bob's shelf is.")
        self.laptop.run("identity", "recover", "--from-node", self.shelf.address(), stdin=f"{self._words}\n")
        self.laptop.start()
        self._tell.claim("she is the same person", self.laptop.run("identity", "show")["person"] == self._person)
        self._tell.claim("her private diary is back, byte for byte", self._read(self.laptop, self._diary) == DIARY)
        self._tell.claim("her garden is back, byte for byte", self._read(self.laptop, self._garden) == GARDEN)

        self._tell.step("She goes on: a page about summer in the garden, and Tuesday in the diary.")
        self._write(self.laptop, self._garden, "summer.html", b"<h1>Summer</h1>\n")
        self._write(self.laptop, self._diary, "tuesday.txt", b"On Tuesday Ada wrote on her laptop.\n")
        self._tell.claim("all of it is at Bob's shelf", self._is_safe(self.laptop))

    def _join(self) -> None:
        self._tell.step("The desk has power again, but no network. Somebody in the house adds spring there.")
        self._write(self.desk, self._garden, "spring.html", b"<h1>Spring</h1>\n")
        self._write(self.desk, self._diary, "wednesday.txt", b"On Wednesday Ada wrote at her desk.\n")

        self._tell.step("The desk is on the network again. It meets Bob's shelf; nobody does anything else.")
        self.desk.start()
        garden = {**GARDEN, "summer.html": b"<h1>Summer</h1>\n", "spring.html": b"<h1>Spring</h1>\n"}
        diary = {
            **DIARY,
            "tuesday.txt": b"On Tuesday Ada wrote on her laptop.\n",
            "wednesday.txt": b"On Wednesday Ada wrote at her desk.\n",
        }
        for name, node in (("desk", self.desk), ("laptop", self.laptop)):
            self._tell.claim_soon(
                f"the garden at the {name} has spring and summer", partial(self._holds, node, self._garden, garden)
            )
            self._tell.claim_soon(
                f"the diary at the {name} has Monday to Wednesday", partial(self._holds, node, self._diary, diary)
            )
        roots = {self._last(node, self._garden) for node in (self.desk, self.laptop, self.shelf)}
        self._tell.claim("desk, laptop and shelf hold one and the same version", len(roots) == 1)
        self._tell.claim("still nothing of the diary can be read on Bob's disk", not self.shelf.holds_bytes(SECRET))
        self.desk.run("release", f"{self._garden}@last")
        self._tell.claim_soon(
            "what Ada releases at her desk now, a browser gets from Bob's shelf",
            lambda: self.shelf.page(self._garden, "/spring.html") == b"<h1>Spring</h1>\n",
        )
        self._tell.claim_soon(
            "and from Cleo's lamp",
            lambda: self.lamp.page(self._garden, "/summer.html") == b"<h1>Summer</h1>\n",
        )

    def _written(self, name: str, files: dict[str, bytes]) -> Path:
        """Write files in a folder of that name; return it."""
        top = self._folder / "files" / name
        for path, data in files.items():
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_bytes(data)
        return top

    def _write(self, node: DemoNode, mimei: str, path: str, data: bytes) -> None:
        """Put a file into a MiMei, and back it up."""
        source = self._written(f"new at {node.name}", {path: data}) / path
        node.run("mm", "put", mimei, str(source), path)
        node.run("backup", mimei)

    def _read(self, node: DemoNode, mimei: str) -> dict[str, bytes]:
        """Return the files of a MiMei's newest version."""
        to = self._folder / "read" / node.name / mimei
        to.parent.mkdir(parents=True, exist_ok=True)
        node.run("mm", "get", f"{mimei}@last", "-o", str(to), "--force")
        return {str(path.relative_to(to)): path.read_bytes() for path in to.rglob("*") if path.is_file()}

    def _holds(self, node: DemoNode, mimei: str, files: dict[str, bytes]) -> bool:
        return self._read(node, mimei) == files

    @staticmethod
    def _last(node: DemoNode, mimei: str) -> str:
        return str(node.run("mm", "info", mimei)["last_cid"])

    @staticmethod
    def _is_safe(node: DemoNode) -> bool:
        return bool(node.run("backup-status", "--wait", "60")["safe"])

    def _shows(self, node: DemoNode) -> bool:
        return node.page(self._garden) == GARDEN["index.html"]
