"""Members of a consumer group: how one that was killed comes back, and what static members ("group.instance.id") do and do not."""

import re
import signal
import time

import pytest

from support.listening import assert_accounted, assert_same_rows, expected_of, plays
from support.program import wait_until

SESSION_SECONDS = 20


@pytest.fixture
def member(from_kafka, unique):
    """The pipeline without a table, in a group whose sessions outlast what is tested."""
    return from_kafka.with_options(
        {
            "plays.session.timeout.ms": SESSION_SECONDS * 1000,
            "listening_history.connector": "null",
            "listening_history.flush_interval": "50ms",
        }
    )


def static(member, name):
    return member.with_options({"plays.group.instance.id": name})


def wait_until_all_is_committed(kafka, group, topic, process, seconds=30):
    ends = kafka.end_offsets(topic)
    wait_until(lambda: kafka.committed(group, topic) == ends, "all is committed", seconds, process)


def seconds_until_it_goes_on(pipeline, kafka, topic, unique) -> float:
    """From SIGKILL, with a restart at once, until all that came since is committed."""
    kafka.send(topic, plays(400))
    running = pipeline.start()
    wait_until_all_is_committed(kafka, unique, topic, running)
    running.send(signal.SIGKILL)
    killed = time.monotonic()
    running.wait()
    kafka.send(topic, plays(400))
    again = pipeline.start()
    wait_until_all_is_committed(kafka, unique, topic, again, SESSION_SECONDS * 2)
    elapsed = time.monotonic() - killed
    again.terminate().expect(0)
    return elapsed


def test_a_static_member_that_was_killed_goes_on_without_waiting_for_its_session(member, kafka, topic, unique):
    assert seconds_until_it_goes_on(static(member, "a"), kafka, topic, unique) < SESSION_SECONDS * 0.7


@pytest.mark.long
def test_a_member_that_was_killed_goes_on_when_its_session_has_timed_out(member, kafka, topic, unique):
    """So that the test above is known to be able to fail."""
    assert seconds_until_it_goes_on(member, kafka, topic, unique) > SESSION_SECONDS * 0.8


def test_each_lane_is_a_static_member_of_its_own(member, kafka, topic, unique):
    kafka.send(topic, plays(2000))
    done = static(member, "a").drain(0, "--lanes", 2)
    assert_accounted(done.stats, consumed=2000)
    assert kafka.members(unique) == {"a-1", "a-2"}, "they have not left their group"


@pytest.mark.long
def test_static_lanes_end_in_the_middle_of_a_rebalance_too(member, kafka, topic, unique):
    """Two lanes join one after the other and are soon at the end: one run in seven hung with an assignment that nobody answered."""
    kafka.send(topic, plays(200))
    for number in range(20):
        of_its_own = static(member, "a").with_options({"plays.group.id": f"{unique}_{number}"})
        assert_accounted(of_its_own.drain(0, "--lanes", 2, timeout=60).stats, consumed=200)


def test_a_second_process_of_one_name_fences_the_first(member, kafka, topic, unique):
    kafka.send(topic, plays(400))
    first = static(member, "a").start()
    wait_until_all_is_committed(kafka, unique, topic, first)
    second = static(member, "a").start()
    fenced = first.wait(60).expect(1)
    assert re.search("fenced", fenced.stderr, re.IGNORECASE), fenced.transcript()
    assert "group.instance.id" in fenced.stderr, fenced.transcript()
    kafka.send(topic, plays(400))
    wait_until_all_is_committed(kafka, unique, topic, second)
    second.terminate().expect(0)


def test_an_empty_name_is_none(member, kafka, topic, unique):
    """As from '${POD_NAME:-}' where there is no such variable."""
    kafka.send(topic, plays(400))
    running = static(member, "").start()
    wait_until_all_is_committed(kafka, unique, topic, running)
    assert kafka.members(unique) == {"turntable"}
    running.terminate().expect(0)
    assert kafka.members(unique) == set(), "the member has left its group"


def test_a_group_that_assigns_by_another_strategy_is_told(member, kafka, topic, unique):
    """A member of Kafka's Python client, which has the strategy 'range' only."""
    with kafka.joined(unique, topic):
        refused = member.run("--until-end", timeout=60).expect(1)
        said = refused.stderr.splitlines()[-1]
        assert f"cannot join its group: the members of the group {unique} (" in said and "at 127.0.0.1)" in said, refused.transcript()
        assert "assign partitions by 'range', and this one by 'cooperative-sticky'" in said, refused.transcript()
        assert "set \"partition.assignment.strategy\" = 'range', or write another name into \"group.id\"" in said, refused.transcript()
        member.with_options({"plays.partition.assignment.strategy": "range"}).drain(0)


# ------------------------------------------------------------------- the group protocol that the broker decides (KIP-848)


@pytest.fixture
def of_the_broker(from_kafka):
    """Its sessions are the broker's to decide, 45 s where nothing else is configured."""
    return from_kafka.with_options(
        {"plays.group.protocol": "consumer", "listening_history.connector": "null", "listening_history.flush_interval": "50ms"}
    )


def test_the_brokers_group_protocol_reads_commits_and_leaves(of_the_broker, kafka, topic, unique):
    kafka.send(topic, plays(2000))
    done = of_the_broker.drain(0, "--lanes", 2)
    assert_accounted(done.stats, consumed=2000)
    assert kafka.committed(unique, topic) == kafka.end_offsets(topic)
    kafka.send(topic, plays(300))
    done = of_the_broker.drain(0)
    assert_accounted(done.stats, consumed=300)
    assert "which has no other members" in done.stderr, "both lanes have left the group"


def test_members_of_the_brokers_group_protocol_are_named(of_the_broker, kafka, topic, unique):
    kafka.send(topic, plays(400))
    first = of_the_broker.start()
    wait_until_all_is_committed(kafka, unique, topic, first)
    second = of_the_broker.start()
    second.wait_for(rf"with 1 other member: turntable at \S+ subscribes to {topic}")
    sent = 400
    while "Flushing" not in second.output:  # It gets its partitions with a heartbeat, which the broker asks for every 5 s.
        assert second.returncode() is None, second.transcript()
        sent += len(kafka.send(topic, plays(100)))
    wait_until_all_is_committed(kafka, unique, topic, second)
    counts = [running.terminate().expect(0).stats["consumed"] for running in (first, second)]
    assert sum(counts) == sent and counts[1] > 0, "partitions were handed over, and nothing was left out or read twice"


@pytest.mark.long
def test_a_killed_member_of_the_brokers_group_protocol_loses_nothing(listening, kafka, cassandra, topic, keyspace, unique):
    """One joins while the other reads, is killed in the middle, and its partitions come back when its session has timed out."""
    pipeline = listening.with_options({"plays.group.protocol": "consumer"})
    sent = kafka.send(topic, plays(3000))
    first = pipeline.start()
    first.wait_for(r"Flushing")
    second = pipeline.start()
    while "Flushing" not in second.output:  # It gets its partitions with a heartbeat, which the broker asks for every 5 s.
        assert second.returncode() is None, second.transcript()
        sent += kafka.send(topic, plays(500))
    sent += kafka.send(topic, plays(3000))
    second.send(signal.SIGKILL)
    second.wait()
    sent += kafka.send(topic, plays(2000))
    wait_until_all_is_committed(kafka, unique, topic, first, 120)
    first.terminate().expect(0)
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)


@pytest.mark.long
def test_members_of_the_brokers_group_protocol_hand_over_without_loss_or_repetition(listening, kafka, cassandra, topic, keyspace, unique):
    """Members come and go while plays come: each is stopped in order, so none is read twice."""
    pipeline = listening.with_options({"plays.group.protocol": "consumer"})
    sent, consumed, members = [], 0, []
    for _ in range(5):
        members.append(pipeline.start())
        while "Flushing" not in members[-1].output:
            assert members[-1].returncode() is None, members[-1].transcript()
            sent += kafka.send(topic, plays(300))
        if len(members) > 1:
            consumed += members.pop(0).terminate().expect(0).stats["consumed"]
    wait_until_all_is_committed(kafka, unique, topic, members[0], 60)
    consumed += members[0].terminate().expect(0).stats["consumed"]
    assert_same_rows(cassandra.history(keyspace), expected_of(sent).rows)
    assert consumed == len(sent)
