"""Compares text with a file under tests/golden/; UPDATE_GOLDEN=1 writes the file anew instead."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def check_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return
    assert path.exists(), f"{path} is not there; UPDATE_GOLDEN=1 writes it. The text now:\n{text}"
    expected = path.read_text()
    if text != expected:
        difference = difflib.unified_diff(
            expected.splitlines(True), text.splitlines(True), f"golden/{name}", "now", n=2
        )
        raise AssertionError("not as in the golden file; if it is right, run again with UPDATE_GOLDEN=1\n" + "".join(difference))
