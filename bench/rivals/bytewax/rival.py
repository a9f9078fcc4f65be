"""Bytewax, with orjson. Of the two Python engines that were tried it is the faster one; README.md has the figures."""

from contract import Rival


class Here(Rival):
    name = "bytewax"
    title = "Bytewax 0.21.1 (orjson 3.13.0, two processes)"

    def build(self) -> None:
        self.venv(self.source / "requirements.txt")

    def words(self) -> list[object]:
        return [self.folder / "venv" / "bin" / "python", self.source / "run.py"]
