"""Faults in a pipeline's SQL: each is a line `file:line:col: …`, all of them in one pass, and the exit code is 2.

Every file in faults/ names the places that must be reported in its first line: `-- faults at 3:7 9:1`.
"""

import re
from pathlib import Path

import pytest

from support.golden import check_golden

FAULTS = Path(__file__).resolve().parent / "faults"
FILES = sorted(FAULTS.glob("*.sql"))


def test_there_are_faults_to_find():
    assert len(FILES) >= 15


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_faults_are_found_where_they_are(path, turntable):
    wrong = turntable.run("run", path.name, "--until-end", cwd=FAULTS).expect(2)
    check_golden(f"faults/{path.stem}.txt", wrong.stderr)
    wanted = re.findall(r"\d+:\d+", path.read_text().splitlines()[0])
    found = re.findall(rf"^.*?{re.escape(path.name)}:(\d+:\d+): \S", wrong.stderr, re.MULTILINE)
    assert found == wanted, wrong.transcript()


def test_print_reports_them_too(turntable):
    wrong = turntable.run("schema", "print", "unknown_column.sql", cwd=FAULTS).expect(2)
    assert "unknown_column.sql:" in wrong.stderr
