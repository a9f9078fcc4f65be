"""Rows and positions of a SQLite file are one transaction: every record is in the file exactly once, whatever is killed when."""

import json
import random
import signal
import sqlite3
import time
from collections import defaultdict

import pytest

from chaos.disk import Disk
from support.listening import assert_accounted, assert_same_rows, expected_of, play, plays, song_names
from support.program import wait_until
from support.tables import sqlite_history

SHORT_SESSION = {"plays.session.timeout.ms": 6000}


def positions_of(path) -> dict[int, int]:
    with sqlite3.connect(path) as file:
        return dict(file.execute("SELECT partition, next FROM turntable_positions"))


def letter_places(path) -> set[tuple[int, int]]:
    """Of the lines that are whole: a kill may leave half a one at the end."""
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    return {(letter["partition"], letter["offset"]) for letter in map(json.loads, lines)}


def assert_rows_are_the_records_before_the_positions(path, unmatched: set[tuple[int, int]], letters: set[tuple[int, int]]) -> int:
    """In one look at the file: per partition the rows are exactly the matched records below its position."""
    with sqlite3.connect(path) as file:
        file.execute("BEGIN")
        positions = dict(file.execute("SELECT partition, next FROM turntable_positions"))
        rows = file.execute("SELECT kafka_partition, kafka_offset FROM listening_history").fetchall()
    found = defaultdict(set)
    for partition, offset in rows:
        found[partition].add(offset)
    for partition in found.keys() | positions.keys():
        lost = {(p, n) for p, n in unmatched if p == partition and n < positions.get(partition, 0)} - letters
        assert not lost, f"the position {positions.get(partition)} is past letters that are not kept: {sorted(lost)[:5]}"
        expected = {n for n in range(positions.get(partition, 0)) if (partition, n) not in unmatched}
        assert found[partition] == expected, f"partition {partition}: position {positions.get(partition)}"
    return len(rows)


def test_rows_and_positions_agree_after_every_kill(to_sqlite, kafka, topic):
    listening = to_sqlite.with_options({**SHORT_SESSION, "listening_history.flush_rows": 500, "listening_history.flush_interval": "5ms"})
    songs = song_names(50)
    values = [play(n, song="No such song" if n % 97 == 0 else songs[n % 50]) for n in range(100_000)]
    expected = expected_of(kafka.send(topic, values, compression="lz4"))
    path = listening.options["listening_history.path"]
    chance = random.Random(7)
    seen = 0
    for _ in range(3):
        running = listening.start()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if len(sqlite_history(path, ["id"])) > seen:
                    break
            except sqlite3.OperationalError:
                pass  # No file or no table yet.
            time.sleep(0.01)
        time.sleep(chance.random() * 0.1)
        running.send(signal.SIGKILL)
        running.wait(30)
        seen = assert_rows_are_the_records_before_the_positions(path, expected.unmatched, letter_places(listening.dead_letter_file))
    listening.drain(code=3 if seen < len(expected.rows) else 0, timeout=120)
    assert_rows_are_the_records_before_the_positions(path, expected.unmatched, letter_places(listening.dead_letter_file))
    assert_same_rows(sqlite_history(path), expected.rows)


@pytest.mark.parametrize("moved_to", [0, 900])
def test_the_file_decides_where_to_read_on(moved_to, to_sqlite, kafka, topic, unique):
    """The group's commit was moved, back or forth: nothing is read twice, nothing is left out."""
    kafka.send(topic, plays(500), partition=0)
    to_sqlite.drain()
    path = to_sqlite.options["listening_history.path"]
    assert positions_of(path)[0] == 500
    kafka.send(topic, plays(500), partition=0)
    kafka.commit(unique, topic, {0: moved_to})
    assert_accounted(to_sqlite.drain().stats, consumed=500, written=500)
    assert len(sqlite_history(path)) == 1000
    assert kafka.committed(unique, topic)[0] == 1000, "Kafka's commit follows the file"


def test_another_group_reads_anew_and_makes_no_second_row(to_sqlite, kafka, topic, unique):
    kafka.send(topic, plays(500))
    to_sqlite.drain()
    again = to_sqlite.with_options({"plays.group.id": f"{unique}.again"})
    assert_accounted(again.drain().stats, consumed=500, written=500)
    assert len(sqlite_history(to_sqlite.options["listening_history.path"])) == 500


def test_dead_letters_alone_move_the_position_too(to_sqlite, kafka, topic):
    kafka.send(topic, [b"oops"] * 10, partition=2)
    to_sqlite.drain(code=3)
    assert positions_of(to_sqlite.options["listening_history.path"])[2] == 10


@pytest.mark.parametrize("there", [False, True], ids=["made anew", "there already"])
def test_a_disk_that_is_full_when_the_file_is_opened_is_waited_for(there, to_sqlite, kafka, topic, tmp_path):
    """A file that is there needs room too: SQLite makes others beside it."""
    disk = Disk(tmp_path / "disk", 16)
    if not disk.can_fill:
        pytest.skip("mounting a tmpfs is not permitted")
    try:
        path = disk.path / "history.db"
        pipeline = to_sqlite.with_options({"listening_history.path": path})
        earlier = kafka.send(topic, plays(100)) if there else []
        if there:
            pipeline.drain()
        sent = kafka.send(topic, plays(500))
        assert disk.fill()
        waiting = pipeline.start("--until-end")
        waiting.wait_for("the disk is full|No space left")
        disk.free()
        done = waiting.wait().expect(0)
        assert_accounted(done.stats, consumed=500, written=500)
        assert_same_rows(sqlite_history(path), expected_of(earlier + sent).rows)
    finally:
        disk.close()


def test_a_disk_that_fills_up_in_the_middle_is_waited_for(to_sqlite, kafka, topic, tmp_path):
    """Rows and dead letters are on it, and each is there once in the end."""
    disk = Disk(tmp_path / "disk", 32)
    if not disk.can_fill:
        pytest.skip("mounting a tmpfs is not permitted")
    try:
        path, letters = disk.path / "history.db", disk.path / "dead.jsonl"
        places = {"listening_history.path": path, "plays.dead_letters": f"file:{letters}", "plays.max_reject_ratio": 1}
        running = to_sqlite.with_options({**places, "listening_history.flush_interval": "50ms"}).start()
        songs = song_names(50)
        sent = kafka.send(topic, [play(n, song=songs[n % 50]) for n in range(500)])
        wait_until(lambda: path.exists() and len(sqlite_history(path)) == 500, "the first rows are there", process=running)
        assert disk.fill()
        more = [play(n, song="No such song" if n % 3 == 0 else songs[n % 50]) for n in range(5_000)]
        sent += kafka.send(topic, more)
        running.wait_for("the disk is full|No space left")
        time.sleep(2)
        assert running.returncode() is None, "it holds"
        disk.free()
        expected = expected_of(sent)
        wait_until(lambda: len(sqlite_history(path)) == len(expected.rows), "all rows are there", process=running)
        running.send(signal.SIGTERM)
        running.wait(30).expect(0)
        assert_same_rows(sqlite_history(path), expected.rows)
        lines = letters.read_bytes().splitlines()
        assert len(lines) == len(expected.unmatched) and letter_places(letters) == expected.unmatched
    finally:
        disk.close()
