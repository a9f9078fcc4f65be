"""Fixtures of the system tests. `./dev test` starts the servers and says in the environment where they are."""

from __future__ import annotations

import functools
import os
import random
import re
import sys
import time
import uuid
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

# Before anything asks for `servers`: there is a folder of that name, too, and tests come in any order.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from support.forwarder import Forwarder  # noqa: E402
from support.kafka import Kafka  # noqa: E402
from support.listening import CATALOGUE, PARTITIONS, Listening  # noqa: E402
from support.program import ROOT, Turntable  # noqa: E402
from support.tables import Cassandra  # noqa: E402


@functools.cache
def makes_something_once(path: str) -> bool:
    """What the tests of a module share is made in one process."""
    return 'scope="module"' in (ROOT / path).read_text()


class Scheduling(LoadScopeScheduling):
    """Several tests run at once, each in one of several processes: a test by itself, or those of a module that share something."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return path if makes_something_once(path) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Scheduling:
    return Scheduling(config, log)


UNTIL = float(os.environ.get("TURNTABLE_TEST_UNTIL", "inf"))  # No test begins behind it; seconds since 1970.


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not os.environ.get("TURNTABLE_BEFORE"):
        items[:] = [item for item in items if item.path.name != "test_upgrade.py"]
    if os.environ.get("TURNTABLE_TEST_ALL") != "1":
        # Left out on request, not skipped: plain `./dev test` promises to be quick.
        items[:] = [item for item in items if item.get_closest_marker("long") is None]
    if UNTIL < float("inf"):  # Files in an order that the day draws, so that another day leaves others.
        files = sorted({item.path for item in items})
        random.Random(os.environ["TURNTABLE_TEST_SEED"]).shuffle(files)
        items.sort(key=lambda item: files.index(item.path))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    if time.time() < UNTIL:
        return None
    with open(os.environ["TURNTABLE_TEST_LEFT"], "a") as left:
        left.write(item.nodeid + "\n")
    return True  # Neither run nor reported: tools/test.py counts it as left for another day.


def address(variable: str, what: str) -> str:
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} does not say where {what} is; ./dev test sets it")
    return value


@pytest.fixture
def turntable(tmp_path: Path):
    program = Turntable(tmp_path)
    yield program
    program.end_all()


@pytest.fixture(scope="session")
def kafka() -> Kafka:
    return Kafka(address("TURNTABLE_KAFKA", "Kafka"))


@pytest.fixture(scope="session")
def cassandra():
    session = Cassandra(address("TURNTABLE_CASSANDRA", "Cassandra"))
    yield session
    session.close()


@pytest.fixture(scope="session")
def postgres():
    from support.postgres import Postgres  # What it needs is installed for these tests alone.

    server = Postgres()
    yield server
    server.stop()


@pytest.fixture
def unique(request: pytest.FixtureRequest) -> str:
    """A name that no other test and no earlier run has: a topic, a consumer group, a keyspace."""
    test = re.sub(r"\W+", "_", request.node.name).lower()[:28].strip("_")
    return f"t_{test}_{uuid.uuid4().hex[:8]}"


@pytest.fixture
def topic(kafka: Kafka, unique: str) -> str:
    return kafka.create_topic(unique, PARTITIONS)


@pytest.fixture
def keyspace(cassandra: Cassandra, unique: str):
    yield unique
    cassandra.drop(unique)


@pytest.fixture
def from_kafka(turntable: Turntable, kafka: Kafka, topic: str, unique: str) -> Listening:
    """The sample pipeline reading this test's topic from its beginning; the sink is for the test to choose."""
    return Listening(turntable).with_options(
        {
            "plays.bootstrap.servers": kafka.bootstrap,
            "plays.topic": topic,
            "plays.group.id": unique,
            "plays.start": "earliest",
            "plays.dead_letters": f"file:{turntable.directory / 'dead.jsonl'}",
            "songs.path": CATALOGUE,
        }
    )


@pytest.fixture
def listening(from_kafka: Listening, cassandra: Cassandra, keyspace: str) -> Listening:
    """The sample pipeline from this test's topic to this test's keyspace, with its table made."""
    pipeline = from_kafka.with_options(
        {
            "listening_history.contact_points": cassandra.address,
            "listening_history.keyspace": keyspace,
            "listening_history.flush_interval": "200ms",
        }
    )
    pipeline.turntable.run("schema", "apply", pipeline.pipeline, *pipeline.sets).expect(0)
    return pipeline


@pytest.fixture
def to_sqlite(from_kafka: Listening) -> Listening:
    """The sample pipeline from this test's topic to a SQLite file."""
    path = from_kafka.turntable.directory / "history.db"
    return from_kafka.with_options({"listening_history.connector": "sqlite", "listening_history.path": path})


@pytest.fixture
def forward():
    """Makes forwarders in front of servers, and closes them at the end."""
    made: list[Forwarder] = []

    def make(target: str, on: str = "127.0.0.1") -> Forwarder:
        made.append(Forwarder(target, on))
        return made[-1]

    yield make
    for forwarder in made:
        forwarder.close()
