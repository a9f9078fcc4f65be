"""`turntable demo`: the whole path without any server."""

import re

import pytest

from support.listening import PERSON, CATALOGUE
from support.program import ROOT


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    from support.program import Turntable

    directory = tmp_path_factory.mktemp("demo") / "output"
    program = Turntable(directory.parent)
    done = program.run("demo", "--dir", directory, cwd=ROOT, timeout=60).expect(0)
    return done, directory


def test_it_is_quick(demo):
    assert demo[0].seconds < 15


def test_it_leaves_the_three_answers(demo):
    done, directory = demo
    full, simple, agg = ((directory / f"output_{name}.txt").read_text() for name in ("full", "simple", "agg"))
    assert "(50 rows)" in full and PERSON in full
    songs = re.search(r"\((\d+) rows\)", simple)
    assert songs and int(songs[1]) > 0
    assert PERSON in agg and "2024-03-03" in agg and "(1 rows)" in agg


def test_it_says_what_happened_and_where_to_look(demo):
    done, directory = demo
    for name in ("full", "simple", "agg"):
        assert f"output_{name}.txt" in done.stdout
    assert "Flushing" in done.stdout


def test_it_takes_a_count(turntable, tmp_path):
    done = turntable.run("demo", "--dir", tmp_path / "out", "--count", 4000, cwd=ROOT, timeout=60).expect(0)
    assert "4000" in done.stdout.replace(",", "")
    assert CATALOGUE.exists()
