"""Faults in the options of Kafka's and Cassandra's clients, and in columns that a format has no form for, are faults of the file:
each with its place, all in one pass, before anything is connected or made, in every command."""

import re

import pytest

OF_A_JAVA_CONSUMER = """CREATE TABLE plays (id int, song text, raw bytea) WITH (
  connector = 'kafka', topic = '{topic}', start = 'earliest', "bootstrap.servers" = '{kafka}', "group.id" = '{topic}',
  "auto.offset.reset" = 'earliest',
  "enable.auto.commit" = 'true',
  "max.poll.records" = '500',
  "session.timeout.ms" = 'soon',
  "value.deserializer" = 'org.apache.kafka.common.serialization.StringDeserializer');
CREATE TABLE history (id int) WITH (
  connector = 'cassandra', contact_points = '127.0.0.1:1', keyspace = 'k', primary_key = 'id',
  consistency = 'LOCAL_QUORM', replication_factor = 'two',
  ca_file = '/nowhere/ca.pem');
INSERT INTO history SELECT p.id FROM plays p;
"""
FAULTS = [
    ("1:40", "The column 'raw' is bytea, which JSON has no form for: declare it as text."),
    ("3:3", "The option \"auto.offset.reset\" cannot be set on a source: use start = 'latest', 'earliest' or a time"),
    ("4:3", 'The option "enable.auto.commit" cannot be set on a source'),
    ("5:3", "'max.poll.records' is no option of Kafka's client"),
    ("6:3", "The Kafka option 'session.timeout.ms' was refused"),
    ("7:3", "'value.deserializer' is no option of Kafka's client"),
    ("10:3", "consistency cannot be 'LOCAL_QUORM'"),
    ("10:32", "replication_factor = 'two' is no count of replicas"),
    ("11:3", "cannot read the certificates in '/nowhere/ca.pem'"),
]
COMMANDS = [
    ["run"], ["run", "--until-end"], ["schema", "print"], ["schema", "apply"], ["schema", "check"], ["dead-letters", "list"],
    ["dead-letters", "show"], ["dead-letters", "replay"],
]  # fmt: skip


@pytest.fixture
def faulty(turntable, kafka, unique):
    path = turntable.directory / "faulty.sql"
    path.write_text(OF_A_JAVA_CONSUMER.format(topic=unique, kafka=kafka.bootstrap))
    return path.name


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_all_faults_come_in_one_pass_and_nothing_is_made(command, faulty, turntable, kafka, unique):
    wrong = turntable.run(*command, faulty, timeout=20).expect(2)
    told = wrong.stderr.splitlines()
    assert len(told) == len(FAULTS), wrong.transcript()
    for line, (place, said) in zip(told, FAULTS):
        assert line.startswith(f"faulty.sql:{place}: {said}"), wrong.transcript()
    assert "Did you mean 'LOCAL_QUORUM'?" in wrong.stderr and "Leave it out: the source's option format" in wrong.stderr
    assert not [topic for topic in kafka.topics() if topic.startswith(unique)]


def test_what_the_command_line_sets_is_placed_there(from_kafka, turntable):
    wrong = from_kafka.with_options(
        {
            "plays.max.poll.records": 500,
            "plays.fetch.min.bytes": "many",
            "listening_history.contact_points": "127.0.0.1:none",
            "listening_history.consistency": "ANY",
        }
    ).run("--until-end", timeout=20)
    assert wrong.expect(2).stderr.count("\n") == 4
    assert "--set plays.max.poll.records: 'max.poll.records' is no option of Kafka's client" in wrong.stderr
    assert "--set plays.fetch.min.bytes: The Kafka option 'fetch.min.bytes' was refused" in wrong.stderr
    assert "--set listening_history.contact_points: the contact point '127.0.0.1:none' is not of the form host:port" in wrong.stderr
    assert "--set listening_history.consistency: consistency cannot be 'ANY'" in wrong.stderr


@pytest.mark.parametrize(("options", "said"), [
    ({"max.poll.interval.ms": 1000, "session.timeout.ms": 6000}, r"--set plays\.max\.poll\.interval\.ms: .*must be >= `session\.timeout\.ms`"),
    ({"security.protocol": "SSL", "ssl.ca.location": "/nowhere/ca.pem"}, r"--set plays\.ssl\.ca\.location: .*ssl\.ca\.location"),
    ({"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "GSAPI"}, r"--set plays\.s(asl|ecurity)\.\w+: .*GSAPI"),
    ({"partition.assignment.strategy": "org.apache.kafka.clients.consumer.RangeAssignor"}, r"Write 'range'"),
    ({"kafka.security.protocol": "SSL"}, r'Write "security\.protocol", without the prefix\.'),
    ({"group.protocol": "consumer", "session.timeout.ms": 6000}, r'session\.timeout\.ms" does not go with "group\.protocol" = \'consumer\''),
    ({"group.protocol": "consumer", "group.instance.id": "a"}, r'group\.instance\.id" is not supported with "group\.protocol"'),
], ids=lambda value: next(iter(value)) if isinstance(value, dict) else "")  # fmt: skip
def test_options_that_do_not_go_together_are_told_before_anything_is_connected(options, said, from_kafka):
    pipeline = from_kafka.with_options({f"plays.{name}": value for name, value in options.items()})
    wrong = pipeline.with_options({"listening_history.contact_points": "127.0.0.1:1"}).run("--until-end", timeout=20).expect(2)
    assert re.search(said, wrong.stderr), wrong.transcript()
    assert wrong.stderr.count("\n") == 1, wrong.transcript()


def test_commands_without_a_pipeline_see_them_too(turntable):
    wrong = turntable.run(
        "produce", "--catalogue", "none.csv", "--topic", "t", "--bootstrap", "127.0.0.1:1", "--set", "key.serializer=x",
        "--set", "security.protocol=TLS",
    ).expect(2)  # fmt: skip
    assert "--set key.serializer: 'key.serializer' is no option" in wrong.stderr
    assert "--set security.protocol: The Kafka option 'security.protocol' was refused" in wrong.stderr
    words = ["query", "--cassandra", "127.0.0.1:1", "-e", "SELECT 1"]
    wrong = turntable.run(*words, "--set", "consistency=QUORM", "--set", "key_file=k.pem").expect(2)
    assert "--set consistency: consistency cannot be 'QUORM'" in wrong.stderr and "Did you mean 'QUORUM'?" in wrong.stderr
    assert "--set key_file: key_file is given without certificate_file" in wrong.stderr


UNUSED = """CREATE TABLE plays (id int) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'drop');
CREATE TABLE history (id int) WITH (connector = 'null');
INSERT INTO history SELECT id FROM plays;
CREATE TABLE topic (id int, raw bytea) WITH (connector = 'kafka', topic = 't', bootstrap_servers = '127.0.0.1:1',
  "group.id" = 'g', "sesion.timeout.ms" = '6000',
  "ssl.ca.location" = '/nowhere/ca.pem', "sasl.password" = 'file:/nowhere/password');
CREATE TABLE songs (locationid int) WITH (connector = 'csv', path = 'nowhere.csv', key = 'LocationID',
  duplicat_key = 'last');
CREATE TABLE zones (id int) WITH (connector = 'csv', path = 'nowhere.csv',
  key = 'ID');
CREATE TABLE cluster ("LocationID" int) WITH (connector = 'cassandra', contact_points = '127.0.0.1:1', keyspace = 'k',
  primary_key = 'locationid');
CREATE TABLE other (id int) WITH (connector = 'cassandra', contact_points = '127.0.0.1:1', keyspace = 'k', primary_key = 'id',
  consistency = 'QUORM', ca_file = '/nowhere/ca.pem');
CREATE TABLE file (id int) WITH (connector = 'sqlite', path = 'nowhere/o.db', primary_key = 'id',
  flush_rows = 'many', primry_key = 'id');
CREATE TABLE nothing (id int) WITH (connector = 'kafak');
CREATE TABLE neither (id int);
"""
FAULTS_OF_UNUSED = [
    ("4:14", 'table topic needs the option "bootstrap.servers"'),
    ("4:29", "The column 'raw' is bytea"),
    ("4:80", "the connector 'kafka' has no option 'bootstrap_servers'. Did you mean \"bootstrap.servers\"?"),
    ("5:21", "'sesion.timeout.ms' is no option of Kafka's client"),
    ("8:3", "the connector 'csv' has no option 'duplicat_key'. Did you mean 'duplicate_key'?"),
    ("10:3", "the key 'ID' of nowhere.csv is not among the declared columns"),
    ("11:14", 'primary_key names locationid, which is no column of k.cluster. Did you mean "LocationID"?'),
    ("14:3", "consistency cannot be 'QUORM'"),
    ("16:3", "flush_rows cannot be 'many', expected a whole number from 1 to 1000000"),
    ("16:24", "the connector 'sqlite' has no option 'primry_key'. Did you mean 'primary_key'?"),
    ("17:37", "connector cannot be 'kafak', expected 'kafka' or 'ndjson' or 'file' or 'csv' or 'cassandra' or 'sqlite'"),
    ("18:14", "table neither needs the option connector"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_table_that_nothing_uses_has_its_faults_told_too(command, turntable):
    """With all others, in one pass, and without anything that its options name: it may be on another machine."""
    (turntable.directory / "unused.sql").write_text(UNUSED)
    wrong = turntable.run(*command, "unused.sql", timeout=20).expect(2)
    told = wrong.stderr.splitlines()
    assert len(told) == len(FAULTS_OF_UNUSED), wrong.transcript()
    for line, (place, said) in zip(told, FAULTS_OF_UNUSED):
        assert line.startswith(f"unused.sql:{place}: {said}"), wrong.transcript()
    assert 'Did you mean "session.timeout.ms"?' in wrong.stderr
    assert sorted(path.name for path in turntable.directory.iterdir()) == ["unused.sql"]


def test_a_table_that_nothing_uses_and_has_no_fault_is_no_hindrance(turntable):
    (turntable.directory / "plays.ndjson").write_text('{"id": 1}\n')
    (turntable.directory / "unused.sql").write_text(UNUSED.split("CREATE TABLE topic")[0] + """
        CREATE TABLE topic (id int) WITH (connector = 'kafka', topic = 't', "bootstrap.servers" = '127.0.0.1:1', "group.id" = 'g',
          "security.protocol" = 'SSL', "ssl.ca.location" = '/nowhere/ca.pem', "ssl.key.password" = 'file:/nowhere/password');
        CREATE TABLE songs () WITH (connector = 'csv', path = 'nowhere.csv', key = 'name');
        CREATE TABLE later () WITH (connector = 'cassandra', contact_points = '127.0.0.1:1', keyspace = 'k', ca_file = '/nowhere/ca.pem');
        CREATE TABLE file (id int) WITH (connector = 'sqlite', path = 'nowhere/o.db', primary_key = 'id');
        """)
    assert "Done: 1 consumed = 1 written" in turntable.run("run", "unused.sql").expect(0).stdout


@pytest.mark.parametrize(("option", "value", "said"), [
    ("plays.path", "~/ev.ndjson", "path cannot be '~/ev.ndjson': only a shell knows what ~ is, write '${HOME}/ev.ndjson'"),
    ("plays.path", "s3://b/ev.ndjson", "path cannot be 's3://b/ev.ndjson': it is an address, and a file's path is expected: fetch it first"),
    ("songs.path", "https://h/songs.csv", "it is an address, and a file's path is expected: fetch it first"),
    ("history.path", "~/history.db", "only a shell knows what ~ is, write '${HOME}/history.db'"),
    ("plays.dead_letters", "file:~/dead.jsonl", "dead_letters cannot be 'file:~/dead.jsonl': only a shell knows what ~ is"),
    ("plays.path", "*.ndjson", "Cannot read *.ndjson: No such file or directory; one file is read, not all that a shell's pattern fits: with path = '-'"),
])  # fmt: skip
def test_a_path_that_is_meant_for_a_shell_is_told_with_what_to_write(option, value, said, turntable):
    directory = turntable.directory
    (directory / "songs.csv").write_text("name,x\na,1\n")
    (directory / "plays.ndjson").write_text('{"id": 1, "song": "a"}\n')
    (directory / "p.sql").write_text(
        "CREATE TABLE plays (id int, song text) WITH (connector = 'ndjson', path = 'plays.ndjson', dead_letters = 'drop');\n"
        "CREATE TABLE songs () WITH (connector = 'csv', path = 'songs.csv');\n"
        "CREATE TABLE history (id int, x bigint) WITH (connector = 'sqlite', path = 'history.db', primary_key = 'id');\n"
        "INSERT INTO history SELECT p.id, s.x FROM plays p JOIN songs s ON s.name = p.song;\n"
    )
    refused = turntable.run("run", "p.sql", "--set", f"{option}={value}").expect(2)
    assert said in refused.stderr and refused.stderr.count("\n") == 1
    pipeline = (directory / "p.sql").read_text().replace("'plays.ndjson'", "'${PLAYS}'")
    (directory / "p.sql").write_text(pipeline)
    turntable.run("run", "p.sql", env={"PLAYS": str(directory / "plays.ndjson")}).expect(0)
