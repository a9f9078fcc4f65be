"""The page of operators, functions and casts is the program's own registry."""

from __future__ import annotations

import subprocess
import sys

from support.program import ROOT


def test_the_page_is_what_the_registry_has():
    printed = subprocess.run([sys.executable, ROOT / "tools" / "functions_page.py", "--print"], capture_output=True, text=True, check=True)
    assert (ROOT / "docs" / "FUNCTIONS.md").read_text() == printed.stdout, "run tools/functions_page.py"
