"""Which characters are letters, and what their other case is, are PostgreSQL's answers: all of them are asked once more."""

from __future__ import annotations

import sys

from support.program import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import character_tables  # noqa: E402


def test_the_tables_in_the_sources_are_postgres_answers(postgres):
    names = ", ".join(f"(chr(i) ~ '[[:{name}:]]')::int" for name in character_tables.CLASSES)
    question = f"SELECT i, ascii(lower(chr(i))), ascii(upper(chr(i))), {names} FROM generate_series(1, 1114111) i WHERE i NOT BETWEEN 55296 AND 57343"
    with postgres.database() as connection:
        rows = connection.execute(question).fetchall()
    assert character_tables.source(rows) == character_tables.TARGET.read_text()
