"""A plugin that says what the collected tests need, servers and targets of the build: `./dev test NAME` starts and makes nothing
else. See tools/selection.py."""

from __future__ import annotations

import inspect
import json
import os
import re
from pathlib import Path

import pytest

KINDS = ("kafka", "cassandra")
MADE = {"turntable.cdx.json": "sbom"}  # What a test reads of the build beside the program, and the target that makes it.


def fixtures_of(item: pytest.Item) -> set[str]:
    """Those that it names, those that they need, and those that its module asks for while it runs."""
    found = set(item.fixturenames)
    found |= set(re.findall(r"getfixturevalue\(\"(\w+)\"\)", inspect.getsource(item.module)))
    # A test may start other servers of its own, or speak to the address itself.
    found |= {kind for kind in KINDS if f"TURNTABLE_{kind.upper()}" in inspect.getsource(item.module)}
    return found


def pytest_collection_finish(session: pytest.Session) -> None:
    needed = {kind for item in session.items for kind in KINDS if kind in fixtures_of(item)}
    modules = {inspect.getsource(module) for module in {item.module for item in session.items}}
    targets = {target for name, target in MADE.items() if any(name in source for source in modules)}
    Path(os.environ["TURNTABLE_NEEDS"]).write_text(json.dumps({"servers": sorted(needed), "targets": sorted(targets)}))
