"""Kafka's records without a value, as compacted topics have them: dead letters, or counted and passed over."""

import json

import pytest

from support.listening import dead_letters
from support.program import wait_until
from support.tables import sqlite_rows

PIPELINE = """
CREATE TABLE plays (id int, song text) WITH (connector = 'kafka', topic = '{topic}', start = 'earliest',
  "bootstrap.servers" = '{kafka}', "group.id" = '{topic}', dead_letters = 'file:dl.jsonl'{options});
CREATE TABLE heard (id int, song text) WITH (connector = 'sqlite', path = 'o.db', primary_key = '((id))', flush_interval = '100ms');
CREATE TABLE others (id int, song text) WITH (connector = 'sqlite', path = 'o.db', primary_key = '((id))', flush_interval = '100ms');
INSERT INTO heard SELECT id, song FROM plays;
INSERT INTO others SELECT id, song FROM plays WHERE id > 1;
"""
DELETED = 1200


def event(number, song="Alpha"):
    return json.dumps({"id": number, "song": song}).encode()


@pytest.fixture
def pipeline(turntable, kafka, unique):
    """Over a compacted topic in which many keys were deleted in a row."""
    kafka.create_topic(unique, 1, {"cleanup.policy": "compact"})

    def write(options=""):
        path = turntable.directory / "p.sql"
        path.write_text(PIPELINE.format(topic=unique, kafka=kafka.bootstrap, options=options))
        return path

    return write


def letters(turntable):
    return dead_letters(turntable.directory / "dl.jsonl")


def send_tombstones(kafka, topic, *behind):
    """Between an event and those `behind`, each with a key of its own: a compacted topic takes no other."""
    keys = [str(number).encode() for number in range(DELETED)]
    kafka.send(topic, [(b"x", event(1)), *((key, None) for key in keys), *behind])


def run_without_end(turntable, kafka, topic, pipeline, last, stats=True):
    """Until the group has committed behind the last record."""
    running = turntable.start("run", pipeline, stats=stats)
    wait_until(lambda: kafka.committed(topic, topic).get(0) == last, f"{last} is committed", 60, running)
    return running.terminate()


def test_many_in_a_row_do_not_stop_a_run(turntable, kafka, unique, pipeline):
    send_tombstones(kafka, unique, (b"y", event(2)))
    last = DELETED + 2
    done = run_without_end(turntable, kafka, unique, pipeline(), last).expect(0)
    assert sqlite_rows(turntable.directory / "o.db", "SELECT id FROM heard ORDER BY id") == [(1,), (2,)]
    assert done.stats["rejected"] == done.stats["dead_lettered"] == DELETED and done.stats["tombstones"] == 0
    assert {(letter.reason, letter.value) for letter in letters(turntable)} == {("empty_value", None)}
    assert len({letter.offset for letter in letters(turntable)}) == DELETED


def test_skipped_ones_are_counted_by_themselves(turntable, kafka, unique, pipeline):
    # An empty value is no tombstone: somebody wrote it.
    send_tombstones(kafka, unique, (b"y", event(2)), (b"z", b""))
    done = turntable.run("run", pipeline(", tombstones = 'skip'"), "--until-end", stats=True).expect(3)
    assert [(letter.reason, letter.value) for letter in letters(turntable)] == [("empty_value", b"")]
    skipped = DELETED
    assert f"heard: {skipped + 3:,} = 2 written + 0 filtered + {skipped:,} tombstones + 0 unmatched + 1 rejected + 0 returned" in done.stdout
    assert f"others: {skipped + 3:,} = 1 written + 1 filtered + {skipped:,} tombstones + 0 unmatched + 1 rejected + 0 returned" in done.stdout
    assert f"Done: {skipped + 3:,} consumed = 2 written + 0 filtered + {skipped:,} tombstones + 0 unmatched + 1 rejected" in done.stdout
    for counts in (done.stats, *done.stats["tables"].values()):
        assert counts["tombstones"] == skipped and counts["rejected"] == 1
    assert sqlite_rows(turntable.directory / "o.db", "SELECT id FROM heard ORDER BY id") == [(1,), (2,)]
    assert kafka.committed(unique, unique) == {0: skipped + 3}


def test_skipped_ones_do_not_stop_a_run_and_leave_no_letter(turntable, kafka, unique, pipeline):
    send_tombstones(kafka, unique)
    done = run_without_end(turntable, kafka, unique, pipeline(", tombstones = 'skip'"), DELETED + 1).expect(0)
    assert letters(turntable) == []
    assert done.stats["tombstones"] == DELETED and done.stats["rejected"] == 0


def test_they_do_not_hide_that_the_rest_is_malformed(turntable, kafka, unique, pipeline):
    mixed = [pair for number in range(1500) for pair in ((str(number).encode(), None), (b"v", b"no JSON"))]
    kafka.send(unique, mixed)
    stopped = turntable.run("run", pipeline(", tombstones = 'skip'")).expect(1)
    assert "of the last" in stopped.stderr and "were rejected" in stopped.stderr, stopped.stderr


def test_a_replay_goes_by_the_pipelines_rule(turntable, kafka, unique, pipeline):
    """Letters of tombstones are worked off by a pipeline that passes them over."""
    kafka.send(unique, [(b"k", None), (b"x", event(1))])
    turntable.run("run", pipeline(), "--until-end").expect(3)
    turntable.run("dead-letters", "replay", pipeline()).expect(3)
    done = turntable.run("dead-letters", "replay", pipeline(", tombstones = 'skip'")).expect(0)
    assert "1 tombstones passed over, 0 still unmatched, 0 still rejected" in done.stdout, done.stdout


def test_deletions_want_a_key_that_is_the_records(turntable, pipeline):
    """More in test_deletions.py."""
    refused = turntable.run("schema", "print", pipeline(", tombstones = 'delete'")).expect(2)
    assert refused.stderr.count("tombstones = 'delete' does not know which row of ") == 2, refused.stderr
    assert "p.sql:4:" in refused.stderr and "p.sql:5:" in refused.stderr, refused.stderr


@pytest.mark.parametrize("value", ["deleted", "drop", ""])
def test_another_value_is_refused_by_name(turntable, pipeline, value):
    refused = turntable.run("schema", "print", pipeline(f", tombstones = '{value}'")).expect(2)
    assert "p.sql:3:" in refused.stderr, refused.stderr
    assert f"tombstones cannot be '{value}', expected 'dead_letter' or 'skip' or 'delete'" in refused.stderr


def test_files_have_none(turntable):
    path = turntable.directory / "p.sql"
    path.write_text(
        "CREATE TABLE plays (id int) WITH (connector = 'ndjson', path = 'ev.ndjson', tombstones = 'skip');\n"
        "CREATE TABLE out () WITH (connector = 'console');\nINSERT INTO out SELECT id FROM plays;\n"
    )
    assert "the connector 'ndjson' has no option 'tombstones'" in turntable.run("run", path).expect(2).stderr
