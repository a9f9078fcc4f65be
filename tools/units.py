"""What the compiler compiles at once: CMake writes a file that includes several sources of a room (UNITY_BUILD in CMakeLists.txt)."""

from __future__ import annotations

import re
from pathlib import Path


def sources_of(unit: Path) -> list[str]:
    """The files that a file for the compiler consists of: those that it includes, or itself."""
    if unit.parent.name != "Unity" or not unit.is_file():
        return [str(unit)]
    return re.findall(r'^#include "([^"]+)"', unit.read_text(), re.MULTILINE)
