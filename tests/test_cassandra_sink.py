"""What the options of the Cassandra sink do to the rows, as cassandra-driver sees them."""

import json

import pytest

PIPELINE = """
CREATE TABLE moods (id int NOT NULL, name text NOT NULL, mood text)
WITH (connector = 'kafka', topic = '{topic}', format = 'json', start = 'earliest',
      "bootstrap.servers" = '{kafka}', "group.id" = '{group}', dead_letters = 'drop');

CREATE TABLE latest (name text, id int, mood text)
WITH (connector = 'cassandra', contact_points = '{cassandra}', keyspace = '{keyspace}', primary_key = 'name');

INSERT INTO latest SELECT name, id, mood FROM moods;
"""


@pytest.fixture
def latest(turntable, kafka, cassandra, topic, keyspace, tmp_path):
    """Sends moods, runs the pipeline to their end with these options of the sink, and gives what a query finds."""
    file = tmp_path / "latest.sql"
    file.write_text(
        PIPELINE.format(topic=topic, kafka=kafka.bootstrap, group=topic, cassandra=cassandra.address, keyspace=keyspace)
    )
    turntable.run("schema", "apply", file).expect(0)

    def run(moods, select, **options):
        sent = kafka.send(topic, [json.dumps(mood).encode() for mood in moods], partition=0)
        sets = [word for name, value in options.items() for word in ("--set", f"latest.{name}={value}")]
        turntable.run("run", file, "--until-end", *sets).expect(0)
        return sent, cassandra.rows(f"SELECT {select} FROM {keyspace}.latest WHERE name = 'ann'")

    return run


@pytest.mark.parametrize(("options", "mood"), [({}, None), ({"nulls": "unset"}, "calm")])
def test_a_value_that_is_absent_is_null_or_leaves_what_is_there(latest, cassandra, keyspace, options, mood):
    cassandra.session.execute(f"INSERT INTO {keyspace}.latest (name, id, mood) VALUES ('ann', 1, 'calm')")
    _, rows = latest([{"id": 2, "name": "ann", "mood": None}, {"id": 3, "name": "ann"}], "id, mood", **options)
    assert rows == [(3, mood)]


def test_rows_have_the_write_time_of_their_records_if_asked(latest, kafka, topic):
    sent, rows = latest([{"id": 1, "name": "ann"}, {"id": 2, "name": "ann"}], "id, writetime(id)", write_timestamp="record")
    (last,) = [message for message in kafka.read(topic) if message.offset == sent[1].offset]
    assert rows == [(2, last.timestamp_ms * 1000 + last.offset % 1000)]


def test_by_default_the_write_time_is_that_of_the_delivery(latest):
    sent, rows = latest([{"id": 1, "name": "ann"}], "writetime(id)")
    assert rows[0][0] > sent[0].timestamp_ms * 1000


def test_rows_go_after_their_ttl(latest):
    _, rows = latest([{"id": 1, "name": "ann"}], "ttl(id)", ttl="1h", write_timestamp="record")
    assert 3500 < rows[0][0] <= 3600


@pytest.mark.parametrize(("option", "value", "said"), [("ttl", "500ms", "whole seconds"), ("write_timestamp", "mine", "record")])
def test_options_that_mean_nothing_are_faults(turntable, option, value, said, tmp_path):
    file = tmp_path / "latest.sql"
    file.write_text(PIPELINE.format(topic="t", kafka="127.0.0.1:1", group="g", cassandra="127.0.0.1:1", keyspace="k"))
    assert said in turntable.run("schema", "print", file, "--set", f"latest.{option}={value}").expect(2).stderr
