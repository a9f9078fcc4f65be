"""`turntable produce`, the emulator of listeners; what it sent is read by another client."""

import datetime
import json
import re
import time
from collections import Counter

import pytest

from support.listening import CATALOGUE, PERSON, catalogue


@pytest.fixture
def produce(turntable, kafka, topic):
    def call(*more, code=0, timeout=60):
        where = ("--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", kafka.bootstrap)
        return turntable.run("produce", *where, *more, timeout=timeout).expect(code)

    return call


def test_plays_are_as_the_seeds_emulator_makes_them(produce, kafka, topic):
    before = datetime.datetime.now().replace(second=0, microsecond=0)
    said = produce("--count", 2000, "--rate", 2000)
    after = datetime.datetime.now()
    assert "Data stream open. Records sent:" in said.stdout
    messages = kafka.read(topic)
    assert len(messages) == 2000
    events = [json.loads(message.value) for message in messages]
    songs = catalogue()
    for event in events:
        assert list(event) == ["id", "name", "song", "time"]
        assert isinstance(event["id"], int) and 0 <= event["id"] <= 99999
        assert event["song"] in songs, "every song is one of the catalogue, and never its header"
        assert before <= datetime.datetime.strptime(event["time"], "%Y-%m-%d %H:%M") <= after
    people = Counter(event["name"] for event in events)
    assert len(people) == 50 and people[PERSON] > 0
    assert len({event["song"] for event in events}) > 1000
    # Without keys, a batch goes to one partition and the next, some 10 ms later, to a random one: of a second's hundred
    # batches each partition gets some.
    assert len({message.partition for message in messages}) == 4


def test_few_records_are_shown_each(produce, kafka, topic):
    said = produce("--count", 5, "--rate", 0)
    assert "2000" not in said.verdict and "5" in said.verdict
    for message in kafka.read(topic):
        song = json.dumps(json.loads(message.value)["song"], ensure_ascii=False)  # With its quotes as they are written.
        assert song in said.stdout


def test_the_same_seed_gives_the_same_plays(produce, kafka, turntable, unique):
    sent = []
    for number in (1, 2):
        topic = kafka.create_topic(f"{unique}_{number}", 1)
        turntable.run(
            "produce", "--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", kafka.bootstrap, "--rate", 0,
            "--count", 300, "--seed", 42, "--start-time", "2024-03-03 09:50",
        ).expect(0)  # fmt: skip
        sent.append([message.value for message in kafka.read(topic)])
    assert sent[0] == sent[1] and len(sent[0]) == 300


def test_a_start_time_gives_each_play_a_second(produce, kafka, topic):
    produce("--count", 300, "--rate", 0, "--start-time", "2024-03-03 23:58")
    times = Counter(json.loads(message.value)["time"] for message in kafka.read(topic))
    assert times == {
        "2024-03-03 23:58": 60, "2024-03-03 23:59": 60, "2024-03-04 00:00": 60, "2024-03-04 00:01": 60, "2024-03-04 00:02": 60,
    }  # fmt: skip


def test_options_shape_the_plays(produce, kafka, topic):
    produce("--count", 200, "--rate", 0, "--people", 3, "--name", "Somebody Else", "--time-format", "%d.%m.%Y", "--key", "name")
    messages = kafka.read(topic)
    events = [json.loads(message.value) for message in messages]
    assert len({event["name"] for event in events}) == 3 and "Somebody Else" in {event["name"] for event in events}
    assert all(re.fullmatch(r"\d\d\.\d\d\.\d{4}", event["time"]) for event in events)
    assert all(message.key == event["name"].encode() for message, event in zip(messages, events))
    place = {}
    for message in messages:  # A key goes to one partition.
        assert place.setdefault(message.key, message.partition) == message.partition


@pytest.mark.parametrize("compression", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_compression(compression, produce, kafka, topic):
    produce("--count", 500, "--rate", 0, "--compression", compression)
    assert len(kafka.read(topic)) == 500


def test_a_rate_is_kept(produce, kafka, topic):
    begun = time.monotonic()
    produce("--count", 20, "--rate", 10)
    assert 1.5 <= time.monotonic() - begun <= 8
    stamps = sorted(message.timestamp_ms for message in kafka.read(topic))
    assert 1500 <= stamps[-1] - stamps[0] <= 6000


def test_a_stopped_emulator_says_what_was_acknowledged(turntable, kafka, topic):
    import signal

    running = turntable.start(
        "produce", "--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", kafka.bootstrap, "--rate", 50, "--count", 100_000
    )
    running.wait_for(r"Records sent")
    from support.program import wait_until

    wait_until(lambda: sum(kafka.end_offsets(topic).values()) >= 20, "some plays are sent", process=running)
    running.send(signal.SIGINT)
    done = running.wait(15)
    assert done.code == 0, done.transcript()
    assert str(len(kafka.read(topic))) in done.verdict.replace(",", ""), done.transcript()


def test_a_missing_catalogue_is_named(turntable, kafka, topic):
    wrong = turntable.run("produce", "--catalogue", "nowhere.csv", "--topic", topic, "--bootstrap", kafka.bootstrap)
    assert "nowhere.csv" in wrong.expect(2).stderr


def test_a_compacted_topic_wants_keys(turntable, kafka, unique):
    kafka.create_topic(unique, 1, {"cleanup.policy": "compact"})
    words = ["produce", "--catalogue", CATALOGUE, "--topic", unique, "--bootstrap", kafka.bootstrap, "--count", 2, "--rate", 0]
    refused = turntable.run(*words).expect(1)
    assert "a topic that is compacted (cleanup.policy = compact) takes no record without one" in refused.stderr
    assert refused.stderr.rstrip().endswith("give them one: --key name, or --key song"), refused.transcript()
    turntable.run(*words, "--key", "song").expect(0)
    assert len(kafka.read(unique)) == 2


def test_a_broker_that_is_not_there_is_waited_for(turntable, kafka, topic, forward):
    way = forward(kafka.bootstrap)
    running = turntable.start(
        "produce", "--catalogue", CATALOGUE, "--topic", topic, "--bootstrap", way.address, "--rate", 0, "--count", 100
    )
    running.wait_for(str(way.port))
    way.open()
    running.wait(60).expect(0)
    assert len(kafka.read(topic)) == 100
