"""Members of a consumer group: how one that was killed comes back, and what static members ("group.instance.id") do and do not."""

import re
import signal
import time

import pytest

from support.listening import assert_accounted, plays
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
