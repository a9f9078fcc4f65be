"""Records that the broker has deleted before they were read: no program can bring them back, but it must not pass them over."""

import pytest

from support.listening import assert_accounted, plays


@pytest.mark.parametrize("keeps_positions", [False, True])
def test_records_that_retention_has_deleted_are_counted_and_said(keeps_positions, from_kafka, to_sqlite, kafka, topic):
    """Where the group's commits say what is to be read next, and where the SQLite file does."""
    pipeline = to_sqlite if keeps_positions else from_kafka.with_options({"listening_history.connector": "null"})
    kafka.send(topic, plays(100), partition=2)
    first = pipeline.drain()
    assert_accounted(first.stats, consumed=100, lost=0)
    assert "LOST" not in first.verdict and "deleted" not in first.stderr
    kafka.send(topic, plays(300), partition=2)
    kafka.delete_before(topic, {2: 250})
    second = pipeline.drain()
    assert_accounted(second.stats, consumed=150, lost=150)
    assert "150 records LOST to retention" in second.verdict
    assert "partition 2: up to 150 records were deleted by the broker's retention before they were read (offsets 100 to 249)" in second.stderr
    assert_accounted(pipeline.drain().stats, consumed=0, lost=0)


@pytest.mark.parametrize("keeps_positions", [False, True])
def test_a_loss_is_counted_once_where_nothing_follows_it(keeps_positions, from_kafka, to_sqlite, kafka, topic):
    pipeline = to_sqlite if keeps_positions else from_kafka.with_options({"listening_history.connector": "null"})
    kafka.send(topic, plays(100), partition=2)
    assert_accounted(pipeline.drain().stats, consumed=100, lost=0)
    kafka.send(topic, plays(300), partition=2)
    kafka.delete_before(topic, {2: 400})
    assert_accounted(pipeline.drain().stats, consumed=0, lost=300)
    assert_accounted(pipeline.drain().stats, consumed=0, lost=0)
