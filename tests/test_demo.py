"""`turntable demo`: the whole path without any server."""

import json
import re
import signal
import urllib.request

import pytest

from support.listening import PERSON, CATALOGUE
from support.program import ROOT, wait_until


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


def test_it_goes_on_and_plays_are_seen_to_arrive(turntable, tmp_path):
    """The page's address is said, and what the page shows grows; a signal ends it in order."""
    demo = turntable.start("demo", "--dir", tmp_path / "out", "--keep", "--http", "0", cwd=ROOT)
    url = demo.wait_for(r"the run is shown at \S+").split()[-1].rstrip("/")

    def status():
        with urllib.request.urlopen(f"{url}/api/status", timeout=10) as answer:
            return json.load(answer)

    wait_until(lambda: status()["counts"]["written"] >= 20 and status()["last_rows"], "plays arrive", 60, demo)
    with urllib.request.urlopen(url, timeout=10) as page:
        assert b"app.js" in page.read()
    demo.send(signal.SIGINT)
    done = demo.wait().expect(0)
    assert "See it in a browser" not in done.stdout


def test_it_ends_with_the_address_of_the_page(demo):
    assert demo[0].stdout.rstrip().splitlines()[-1] == "See it in a browser: with --keep, plays go on and http://localhost:8080 shows them."
