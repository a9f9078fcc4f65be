"""A plugin that says which servers the collected tests need: `./dev test NAME` starts no others. See tools/selection.py."""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path

import pytest

KINDS = ("kafka", "cassandra")


def fixtures_of(item: pytest.Item) -> set[str]:
    """Those that it names, those that they need, and those that its module asks for while it runs."""
    found = set(item.fixturenames)
    found |= set(re.findall(r"getfixturevalue\(\"(\w+)\"\)", inspect.getsource(item.module)))
    # A test may start other servers of its own, or speak to the address itself.
    found |= {kind for kind in KINDS if f"TURNTABLE_{kind.upper()}" in inspect.getsource(item.module)}
    return found


def pytest_collection_finish(session: pytest.Session) -> None:
    needed = {kind for item in session.items for kind in KINDS if kind in fixtures_of(item)}
    Path(os.environ["TURNTABLE_NEEDS"]).write_text(json.dumps(sorted(needed)))
