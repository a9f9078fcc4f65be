"""Where reading begins and ends: topics that come late, are missing or are made anew, transactions, and who shares a group."""

import re
import signal

import pytest

from support.listening import CATALOGUE, PIPELINE, assert_accounted, plays
from support.program import wait_until
from support.tables import sqlite_history


@pytest.fixture
def reader(from_kafka):
    """The pipeline without a table."""
    return from_kafka.with_options({"listening_history.connector": "null", "listening_history.flush_interval": "50ms"})


# ------------------------------------------------------------------------------------------------------------------- the group


def test_a_pipeline_without_a_group_is_refused_and_told_the_one_it_had(turntable):
    pipeline = turntable.directory / "it's.sql"
    text = PIPELINE.read_text().replace("data/spotify-songs.csv", str(CATALOGUE))
    pipeline.write_text(re.sub(r""",\s*"group\.id" = 'listening_history'""", "", text))
    assert "group.id" not in pipeline.read_text()
    for command in ("run", "schema print", "dead-letters list"):
        refused = turntable.run(*command.split(), pipeline).expect(2)
        assert re.search(r"it's\.sql:\d+:\d+: table plays needs the option \"group\.id\"", refused.stderr)
        assert """"group.id" = 'it''s'""" in refused.stderr


def test_the_group_is_said_with_its_other_members_and_what_they_read(reader, kafka, topic, unique):
    first, second, third = (reader.with_options({"plays.client.id": name}) for name in ("a", "b", "c"))
    first = first.start()
    first.wait_for(rf"Reading topic {topic} at \S+ as the group {unique}, which has no other members")
    wait_until(lambda: kafka.members(unique) and kafka.is_stable(unique), "it is a member", process=first)
    second = second.start()
    second.wait_for(rf"as the group {unique}, with 1 other member: a at \S+ subscribes to {topic}")
    wait_until(lambda: len(kafka.members(unique)) == 2 and kafka.is_stable(unique), "it is a member, too", process=second)
    other = kafka.create_topic(f"{topic}.other")
    third = third.with_options({"plays.topic": other}).start()
    third.wait_for(rf"with 2 other members: .*subscribes to {topic}.*give each pipeline a group.id of its own")
    for running in (first, second, third):
        running.terminate().expect(0)


def test_a_start_that_counts_for_nothing_is_said_with_how_to_read_again(reader, to_sqlite, kafka, topic, unique):
    """On the command line it is a wish; in the pipeline it is how a group begins."""
    kafka.send(topic, plays(3), partition=0)
    assert "does not count" not in reader.drain().stderr
    for pipeline, begun in ((reader, f"the group {unique} has commits in 4 of 4 partitions"), (to_sqlite, "")):
        again = pipeline.with_options({"plays.start": "earliest"}).drain()
        assert begun in again.stderr
        assert "start = 'earliest' does not count" in again.stderr
        assert "--set plays.group.id=NAME" in again.stderr and "--reset-offsets" in again.stderr
    assert "history.db keeps positions of 4 of 4 partitions" in to_sqlite.drain().stderr
    assert_accounted(reader.with_options({"plays.group.id": f"{unique}.again"}).drain().stats, consumed=3)


# ------------------------------------------------------------------------------------------------- topics that are not there yet


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_topic_that_a_run_waited_for_is_read_from_its_beginning(lanes, reader, kafka, unique):
    late = f"{unique}.late"
    waiting = reader.with_options({"plays.topic": late, "plays.start": "latest"}).start("--lanes", lanes)
    waiting.wait_for(f"Topic {late} does not exist at .*; waiting for it")
    kafka.create_topic(late)
    kafka.send(late, plays(50))
    waiting.wait_for(f"Topic {late} was created; reading it from its beginning")
    wait_until(lambda: sum(kafka.committed(unique, late).values()) == 50, "all is committed", process=waiting)
    assert_accounted(waiting.terminate().expect(0).stats, consumed=50, written=50)


def test_a_run_that_is_killed_once_its_topic_is_there_has_decided_where_to_begin(reader, kafka, unique):
    late = f"{unique}.late"
    pipeline = reader.with_options({"plays.topic": late, "plays.start": "latest"})
    waiting = pipeline.start()
    waiting.wait_for("waiting for it")
    kafka.create_topic(late)
    kafka.send(late, plays(50))
    waiting.wait_for("Reading topic")
    waiting.send(signal.SIGKILL)
    waiting.wait()
    assert_accounted(pipeline.drain(timeout=90).stats, consumed=50, written=50)


@pytest.mark.parametrize("sink", ["nothing", "SQLite"])
def test_nothing_is_made_for_a_topic_that_is_not_there(sink, reader, to_sqlite, kafka, unique):
    reader = to_sqlite if sink == "SQLite" else reader
    wrong = reader.with_options({"plays.topic": f"{unique}.typo", "plays.dead_letters": f"kafka:{unique}.letters"})
    folder = reader.turntable.directory
    waiting = wrong.start()
    waiting.wait_for("waiting for it")
    assert not list(folder.glob("history.db*"))
    stopped = waiting.terminate().expect(0)
    ended = wrong.run("--until-end", timeout=30).expect(1)
    assert f"Topic {unique}.typo does not exist at {kafka.bootstrap}; with --until-end there is nothing to wait for" in ended.stderr
    for said in (stopped, ended):
        assert "Made the topic" not in said.stderr
    assert not list(folder.glob("history.db*"))
    for command in ("list", "show", "replay"):
        refused = reader.turntable.run("dead-letters", command, wrong.pipeline, *wrong.sets).expect(1)
        assert f"There is no topic {unique}.letters" in refused.stderr
    assert not {name for name in kafka.topics() if name.startswith(f"{unique}.")}


# ------------------------------------------------------------------------------------------------- topics that are made anew


def test_a_topic_that_is_made_anew_under_a_run_stops_it(reader, kafka, topic, unique):
    kafka.send(topic, plays(40), partition=1)
    running = reader.start()
    wait_until(lambda: kafka.committed(unique, topic).get(1) == 40, "all is committed", process=running)
    kafka.make_anew(topic)
    kafka.send(topic, plays(100), partition=1)
    stopped = running.wait(90).expect(1)
    assert "it was deleted and made anew" in stopped.stderr
    assert "Use another group.id, or reset the group's offsets" in stopped.stderr
    # The offsets stand as they were, and the next run stops at once, until somebody has decided.
    assert kafka.committed(unique, topic)[1] == 40
    again = reader.run("--until-end").expect(1)
    assert_accounted(again.stats, consumed=0)
    assert again.stderr.splitlines()[-1].partition("error")[2] == stopped.stderr.splitlines()[-1].partition("error")[2]
    kafka.commit(unique, topic, {partition: 0 for partition in range(4)})  # As kafka-consumer-groups.sh --reset-offsets.
    assert_accounted(reader.drain().stats, consumed=100, written=100)


def test_a_topic_that_is_made_anew_between_two_runs_into_sqlite_stops_the_second(to_sqlite, kafka, topic, unique):
    """Kafka deletes the group's commits with the topic; the file's positions stand."""
    kafka.send(topic, plays(40), partition=1)
    to_sqlite.drain()
    kafka.make_anew(topic)
    kafka.send(topic, plays(100), partition=1)
    stopped = to_sqlite.run("--until-end").expect(1)
    assert f"has positions of another topic {topic}" in stopped.stderr and "deleted and made anew" in stopped.stderr
    assert len(sqlite_history(to_sqlite.turntable.directory / "history.db")) == 40


def test_a_dead_letters_topic_that_is_made_anew_under_a_run_stops_it(reader, kafka, topic, unique):
    letters = f"{unique}.letters"
    pipeline = reader.with_options({"plays.dead_letters": f"kafka:{letters}", "plays.max_reject_ratio": "1"})
    running = pipeline.start()
    running.wait_for(f"Made the topic {letters} for dead letters")
    kafka.send(topic, [b"oops"], partition=0)
    wait_until(lambda: kafka.committed(unique, topic).get(0) == 1, "it is committed", process=running)
    kafka.make_anew(letters, 1)
    kafka.send(topic, [b"again"], partition=0)
    stopped = running.wait(90).expect(1)
    assert f"The topic {letters} for dead letters at {kafka.bootstrap} was deleted and made anew" in stopped.stderr
    assert kafka.committed(unique, topic)[0] == 1
    pipeline.drain(code=3)
    assert b"again" in [letter.value for letter in kafka.read(letters)]


def test_a_dead_letters_topic_that_is_made_anew_before_a_letters_position_is_stored_stops_the_run(reader, kafka, topic, unique):
    """The letter was durable long before; a row in front of it held the position."""
    letters = f"{unique}.letters"
    options = {"plays.dead_letters": f"kafka:{letters}", "plays.max_reject_ratio": "1", "listening_history.flush_interval": "3600s"}
    pipeline = reader.with_options(options)
    running = pipeline.start()
    running.wait_for(f"Made the topic {letters} for dead letters")
    kafka.send(topic, [*plays(1), b"oops"], partition=0)
    wait_until(lambda: len(kafka.read(letters)) == 1, "the letter is there", process=running)
    kafka.make_anew(letters, 1)
    stopped = running.terminate(90).expect(1)
    assert f"The topic {letters} for dead letters at {kafka.bootstrap} was deleted and made anew" in stopped.stderr
    assert kafka.committed(unique, topic).get(0, 0) <= 1
    pipeline.drain(code=3)
    assert [letter.value for letter in kafka.read(letters)] == [b"oops"]


# ----------------------------------------------------------------------------------------------------------------- transactions


@pytest.mark.parametrize("fetch_wait_ms", [500, 100])  # What comes between two looks at the partition, and what does not.
@pytest.mark.parametrize("committed", [True, False])
def test_a_run_to_the_end_waits_for_a_transaction_to_be_finished(committed, fetch_wait_ms, reader, kafka, topic):
    reader = reader.with_options({"plays.fetch.wait.max.ms": fetch_wait_ms})
    kafka.send(topic, plays(10), partition=2)
    started = []

    def end() -> bool:
        started.append(reader.start("--until-end"))
        started[0].wait_for(r"partition 2: up to 5 records \(offsets 10 to 14\) stand behind a transaction that is not finished; waiting")
        return committed

    kafka.transaction(topic, plays(5), 2, end)
    done = started[0].wait(60).expect(0)
    assert_accounted(done.stats, consumed=15 if committed else 10)
    # Behind the marks of transactions there is nothing to wait for.
    assert_accounted(reader.drain().stats, consumed=0)


@pytest.mark.long
def test_a_run_to_the_end_does_not_end_well_before_a_transaction_that_stays_open(reader, kafka, topic, unique):
    kafka.send(topic, plays(10), partition=2)
    results = []

    def end() -> bool:
        results.append(reader.run("--until-end", timeout=110))
        return True

    kafka.transaction(topic, plays(5), 2, end)
    refused = results[0].expect(1)
    assert "partition 2: up to 5 records (offsets 10 to 14) stand behind a transaction that is not finished after 75 s" in refused.stderr
    assert_accounted(refused.stats, consumed=10, written=10)
    assert kafka.committed(unique, topic)[2] == 10
    assert_accounted(reader.drain().stats, consumed=5)
