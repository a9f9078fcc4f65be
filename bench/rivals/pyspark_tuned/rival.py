"""PySpark once more, with what Spark's guides advise in the place of the original's Python functions and counting."""

from pathlib import Path

import contract

Original = contract.rival_class("pyspark")


class Here(Original):
    name = "pyspark_tuned"
    title = "PySpark 3.5.7, tuned (Cassandra connector 3.5.1)"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.original = Original(home)
        # One installation is enough for both.
        self.source, self.folder = self.original.source, self.original.folder

    def install(self) -> str | None:
        return self.original.install()

    def words(self) -> list[object]:
        return [*self.original.words(), "--tuned=1"]
