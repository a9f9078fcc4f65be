"""The main job on real servers: plays in Kafka become the listening history in Cassandra, each exactly once."""

import asyncio
import datetime
import gzip
import json
import random
import signal

import pytest
from aiokafka import AIOKafkaProducer
from faker import Faker

from support.listening import (
    CATALOGUE,
    COLUMNS,
    PERSON,
    assert_accounted,
    assert_same_rows,
    expected_of,
    play,
    plays,
    song_names,
)
from support.program import wait_until


# The broker gives a killed member's partitions away when its session ends: here after the least time that it allows.
SHORT_SESSION = {"plays.session.timeout.ms": 6000, "plays.heartbeat.interval.ms": 1000}


def produce(turntable, kafka, topic, *more):
    return turntable.run(
        "produce", "--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", kafka.bootstrap, "--rate", 0, *more, timeout=120
    ).expect(0)


# ------------------------------------------------------------------------------------------------------- the seed's producer


def seed_songs() -> list[str]:
    """As the seed's emulator reads them: the header's first cell is among the songs."""
    import csv

    with CATALOGUE.open(encoding="utf-8", newline="") as file:
        return [row[0] for row in csv.reader(file)]


async def seed_producer(bootstrap: str, topic: str, count: int) -> None:
    """The seed's emulator of listeners without its pause: 50 made-up names and one real one, a 12-hour clock, gzip, one
    flush per play."""
    fake = Faker()
    Faker.seed(20240303)
    chance = random.Random(20240303)
    names = [fake.name() for _ in range(49)] + [PERSON]
    songs = seed_songs()
    chance.shuffle(songs)
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, value_serializer=lambda value: json.dumps(value).encode(), compression_type="gzip"
    )
    await producer.start()
    try:
        for number in range(count):
            # Some plays of the header's name are certain, where the seed leaves it to chance.
            song = songs[number] if number % 100 else "name"
            await producer.send(
                topic,
                {
                    "id": chance.randint(0, 99999),
                    "name": chance.choice(names),
                    "song": song,
                    "time": datetime.datetime.now().strftime("%Y-%m-%d %I:%M"),
                },
            )
            await producer.flush()
    finally:
        await producer.stop()


def test_the_seeds_own_producer_feeds_the_pipeline(listening, kafka, cassandra, topic, keyspace):
    asyncio.run(seed_producer(kafka.bootstrap, topic, 1000))
    done = listening.drain(code=3)  # The header's name is no song, so some plays are unmatched.
    expected = expected_of(kafka.read(topic))
    assert len(expected.unmatched) >= 10
    assert_accounted(done.stats, consumed=1000, written=len(expected.rows), unmatched=len(expected.unmatched), rejected=0)
    assert_same_rows(cassandra.history(keyspace), expected.rows)
    assert {letter.place for letter in listening.letters()} == expected.unmatched


# ---------------------------------------------------------------------------------------------------- the promised numbers


def test_20000_produced_plays_are_all_accounted_for(listening, turntable, kafka, cassandra, topic, keyspace, unique):
    said = produce(turntable, kafka, topic, "--count", 20000)
    assert "Data stream open. Records sent:" in said.stdout
    assert "20000" in said.verdict.replace(",", "")
    # Among them some that cannot become rows.
    strangers = [play(7, song=f"No such song {n}") for n in range(5)]
    kafka.send(topic, [*strangers, b"{not json", b'{"id": 1}'])

    done = listening.drain(code=3)
    messages = kafka.read(topic)
    assert len(messages) == 20007
    expected = expected_of(messages[m] for m in range(len(messages)) if b'"time"' in messages[m].value)
    assert len(expected.unmatched) == 5
    assert_accounted(done.stats, consumed=20007, written=20000, unmatched=5, rejected=2, dead_lettered=7)
    assert done.flushed == 20000
    for number in (20007, 20000, 5, 2):
        assert str(number) in done.verdict.replace(",", ""), done.verdict
    assert_same_rows(cassandra.history(keyspace), expected.rows)
    assert {p: at for p, at in kafka.committed(unique, topic).items() if at > 0} == {
        p: end for p, end in kafka.end_offsets(topic).items() if end > 0
    }

    again = listening.drain(code=0)  # Nothing is left to read.
    assert_accounted(again.stats, consumed=0, written=0)


def test_500000_plays_at_minute_granularity_are_500000_rows(listening, turntable, kafka, cassandra, topic, keyspace):
    count = 500_000
    produce(turntable, kafka, topic, "--count", count, "--people", 5, "--start-time", "2024-03-03 09:50", "--seed", 11)
    done = listening.drain(timeout=180)
    assert_accounted(done.stats, consumed=count, written=count)
    expected = expected_of(kafka.read(topic))
    assert len(expected.rows) == count
    # The seed's key would have kept fewer than a tenth: what makes this a test is that minutes are crowded.
    name, time = COLUMNS.index("name"), COLUMNS.index("time")
    assert len({(row[name], row[time]) for row in expected.rows.values()}) < count / 10
    assert_same_rows(cassandra.history(keyspace), expected.rows)


# ------------------------------------------------------------------------------------------------------- stop and restart


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_is_continued_without_loss_or_repetition(sign, listening, turntable, kafka, cassandra, topic, keyspace, unique):
    count = 300_000
    produce(turntable, kafka, topic, "--count", count, "--start-time", "2024-03-03 09:50", "--people", 20)
    first = listening.start()
    wait_until(lambda: cassandra.any_row(keyspace), "the first row is there", process=first)
    first.send(sign)
    stopped = first.wait(60).expect(0)
    written = stopped.stats["written"]
    assert_accounted(stopped.stats, unmatched=0, rejected=0)
    assert sum(kafka.committed(unique, topic).values()) == written, "committed is not what was written"

    second = listening.drain(timeout=180)
    assert_accounted(second.stats, consumed=count - written, written=count - written)
    assert_same_rows(cassandra.history(keyspace), expected_of(kafka.read(topic)).rows)


def test_a_killed_run_is_continued_without_loss(listening, turntable, kafka, cassandra, topic, keyspace, unique):
    count = 200_000
    listening = listening.with_options(SHORT_SESSION)
    produce(turntable, kafka, topic, "--count", count, "--start-time", "2024-03-03 09:50", "--people", 20)
    first = listening.start()
    wait_until(lambda: cassandra.any_row(keyspace), "the first row is there", process=first)
    first.send(signal.SIGKILL)
    assert first.wait(30).code == -signal.SIGKILL
    committed = sum(kafka.committed(unique, topic).values())
    rows = len(cassandra.history(keyspace, ["kafka_partition", "kafka_offset"]))
    assert committed <= rows, "a position was committed before its rows were acknowledged"

    second = listening.drain(timeout=180)
    assert_accounted(second.stats, consumed=count - committed, written=count - committed)
    assert_same_rows(cassandra.history(keyspace), expected_of(kafka.read(topic)).rows)


def test_an_idle_run_stops_at_once_on_a_signal(listening, kafka, topic, unique):
    # `start` is resolved and committed before the first record, so the commit shows that the run is up.
    idle = listening.with_options({"plays.start": "latest"}).start()
    wait_until(lambda: len(kafka.committed(unique, topic)) == 4, "its start was committed", process=idle)
    idle.send(signal.SIGTERM)
    done = idle.wait(15).expect(0)
    assert_accounted(done.stats, consumed=0, written=0)


def test_a_second_signal_ends_a_run_that_cannot_drain(listening, kafka, cassandra, topic, keyspace, forward):
    kafka.send(topic, plays(5000))
    way = forward(cassandra.address)
    way.open()
    stuck = listening.with_options({"listening_history.contact_points": way.address}).start()
    wait_until(lambda: cassandra.any_row(keyspace), "the first row is there", process=stuck)
    way.cut()
    kafka.send(topic, plays(5000))
    wait_until(lambda: way.refused > 0, "the program notices that Cassandra is gone", process=stuck)
    stuck.send(signal.SIGTERM)
    stuck.wait_for("a second signal leaves at once")
    stuck.send(signal.SIGTERM)
    assert stuck.wait(5).code != 0


# ----------------------------------------------------------------------------------------------------- where a run begins


def test_latest_counts_only_where_the_group_has_no_commit(listening, kafka, cassandra, topic, keyspace):
    latest = listening.with_options({"plays.start": "latest"})
    kafka.send(topic, plays(40))
    assert_accounted(latest.drain().stats, consumed=0)
    while_down = kafka.send(topic, plays(60))
    assert_accounted(latest.drain().stats, consumed=60, written=60)
    assert_same_rows(cassandra.history(keyspace), expected_of(while_down).rows)


def test_a_crash_before_the_first_record_does_not_move_the_start(listening, kafka, cassandra, topic, keyspace, unique):
    latest = listening.with_options({"plays.start": "latest", **SHORT_SESSION})
    idle = latest.start()
    wait_until(lambda: len(kafka.committed(unique, topic)) == 4, "its start was committed", process=idle)
    idle.send(signal.SIGKILL)
    idle.wait(10)
    while_down = kafka.send(topic, plays(60))
    assert_accounted(latest.drain().stats, consumed=60, written=60)
    assert_same_rows(cassandra.history(keyspace), expected_of(while_down).rows)


def test_a_replay_by_another_group_rewrites_the_same_rows(listening, kafka, cassandra, topic, keyspace, unique):
    sent = kafka.send(topic, plays(3000))
    assert_accounted(listening.drain().stats, written=3000)
    again = listening.with_options({"plays.group.id": unique + "_again"}).drain()
    assert_accounted(again.stats, written=3000)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


def test_two_lanes_write_what_one_would(listening, kafka, cassandra, topic, keyspace):
    sent = kafka.send(topic, plays(20_000))
    done = listening.drain(0, "--lanes", 2)
    assert_accounted(done.stats, consumed=20_000, written=20_000)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


def test_more_lanes_than_partitions_end_and_leave_the_group_free(from_kafka, kafka, topic):
    """Lanes without a partition end with the others, and the next run of the group is not kept waiting by a ghost."""
    sent = kafka.send(topic, plays(2000))
    counting = from_kafka.with_options({"listening_history.connector": "null"})
    assert_accounted(counting.drain(0, "--lanes", 6, timeout=60).stats, consumed=len(sent), written=len(sent))
    for _ in range(3):
        assert_accounted(counting.drain(0, "--lanes", 6, timeout=60).stats, consumed=0, written=0)


@pytest.mark.parametrize("compression", [None, "gzip", "snappy", "lz4", "zstd"])
def test_any_compression_is_read(compression, to_sqlite, kafka, topic):
    kafka.send(topic, plays(500), compression=compression)
    assert_accounted(to_sqlite.drain().stats, consumed=500, written=500)


def test_the_environment_names_the_servers(turntable, kafka, cassandra, topic, keyspace, unique):
    """The sample pipeline's ${KAFKA} and ${CASSANDRA}."""
    from support.listening import PIPELINE

    sent = kafka.send(topic, plays(50))
    sets = []
    for option in (
        f"plays.topic={topic}", f"plays.group.id={unique}", "plays.start=earliest", f"songs.path={CATALOGUE}",
        f"listening_history.keyspace={keyspace}",
    ):  # fmt: skip
        sets += ["--set", option]
    where = {"KAFKA": kafka.bootstrap, "CASSANDRA": cassandra.address}
    turntable.run("schema", "apply", PIPELINE, *sets, env=where).expect(0)
    turntable.run("run", PIPELINE, *sets, "--until-end", env=where).expect(0)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


def test_songs_in_many_scripts_match(listening, kafka, cassandra, topic, keyspace):
    songs = [name for name in song_names(100_000) if not name.isascii() or '"' in name or "\\" in name]
    assert len(songs) > 300
    sent = kafka.send(topic, [play(n, song=song) for n, song in enumerate(songs)])
    assert_accounted(listening.drain().stats, written=len(songs), unmatched=0)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


def test_a_large_value_passes(listening, kafka, cassandra, topic, keyspace):
    """A field that nobody asks for may be long; it costs nothing but its reading."""
    noise = gzip.compress(random.Random(5).randbytes(400_000)).hex()
    sent = kafka.send(topic, [play(1, more=noise), play(2)])
    assert_accounted(listening.drain().stats, written=2)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)
