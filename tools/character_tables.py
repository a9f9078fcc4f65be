#!/usr/bin/env python3
"""Writes src/sql/functions/character_tables.cc: which characters are letters, and their other case, as a PostgreSQL has them.

    tools/character_tables.py            # asks the server that psql finds (PGHOST and so on)

Run it against PostgreSQL 15 with the encoding UTF8 and the locale C.UTF-8. The tables are in the sources rather than asked of the C
library where Turntable runs, so that an expression has the same value on every machine; tests/test_characters_postgres.py compares
them with PostgreSQL's, character by character.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "sql" / "functions" / "character_tables.cc"
CLASSES = ["alpha", "upper", "lower", "print"]
WIDTH = 100
HEAD = """// Made by tools/character_tables.py from what PostgreSQL 15 answers in the locale C.UTF-8; not to be edited.
#include <array>

#include "sql/functions/characters.h"

namespace turntable::sql::tables {

// clang-format off
"""


def asked() -> list[list[int]]:
    """For each character: its code, its lower case, its upper case, and whether it is in each of the classes."""
    classes = ", ".join(f"(chr(i) ~ '[[:{name}:]]')::int" for name in CLASSES)
    question = f"SELECT i, ascii(lower(chr(i))), ascii(upper(chr(i))), {classes} FROM generate_series(1, 1114111) i WHERE i NOT BETWEEN 55296 AND 57343"
    done = subprocess.run(["psql", "-qAt", "-F", ",", "-c", question], check=True, capture_output=True, text=True)
    return [[int(field) for field in row] for row in csv.reader(done.stdout.splitlines())]


def runs(changes: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """First, last, step and value: characters at equal distances, of 1 or 2, that have one value."""
    out: list[tuple[int, int, int, int]] = []
    for code, value in sorted(changes.items()):
        if out:
            first, last, step, before = out[-1]
            if value == before and (code - last == step if first != last else code - first in (1, 2)):
                out[-1] = (first, code, code - last, value)
                continue
        out.append((code, code, 1, value))
    return out


def table(type_: str, name: str, rows: list[str]) -> str:
    lines, line = [], ""
    for row in rows:
        if len(line) + len(row) + 1 > WIDTH:
            lines.append(line)
            line = ""
        line += ("    " if not line else "") + row + ","
    body = "\n".join([*lines, line])
    head = f"std::span<const {type_}> {name}() {{\n  static constexpr std::array<{type_}, {len(rows)}> kRuns = {{{{"
    return f"{head}\n{body}\n  }}}};\n  return kRuns;\n}}\n"


def source(rows: list) -> str:
    """The file, of such rows."""
    parts = []
    for at, name in enumerate(CLASSES):
        found = runs({row[0]: 0 for row in rows if row[3 + at]})
        parts.append(table("CharacterRun", f"{name}_runs", [f"{{{a:#x},{b:#x},{step}}}" for a, b, step, _ in found]))
    for at, name in ((1, "lower_case_runs"), (2, "upper_case_runs")):
        found = runs({row[0]: row[at] - row[0] for row in rows if row[at] != row[0]})
        parts.append(table("CaseRun", name, [f"{{{a:#x},{b:#x},{step},{change}}}" for a, b, step, change in found]))
    return HEAD + "\n".join(parts) + "// clang-format on\n\n}  // namespace turntable::sql::tables\n"


def main() -> int:
    TARGET.write_text(source(asked()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
