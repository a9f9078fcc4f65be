"""What people reported, played with the files that they had (tests/reported/): each ends in the right values, or in a sentence that says
what to do."""

import gzip
import json
import shutil
import signal
import time

import pytest

from support.listening import dead_letters
from support.program import ROOT, wait_until
from support.tables import sqlite_rows

FOLDER = ROOT / "tests" / "reported"


@pytest.fixture
def files(turntable, unique):
    """Puts the files of a report into the test's directory, with names of the test's own for topics, groups and keyspaces."""

    def put(name):
        (folder,) = FOLDER.glob(f"{name}-*")
        shutil.copytree(folder, turntable.directory, dirs_exist_ok=True)
        for path in [*turntable.directory.glob("*.sql"), *turntable.directory.glob("*.cql")]:
            path.write_bytes(path.read_bytes().replace(b"NNN", unique.encode()).replace(b"bug_ks", unique.encode()))
        return turntable.directory

    return put


@pytest.fixture
def run(turntable, request):
    """Runs the program where the report's files are. `servers`: of the fixtures kafka and cassandra, which the pipeline needs."""

    def run(*words, servers=(), timeout=60):
        return turntable.run(*words, env=addresses(request, servers), timeout=timeout)

    return run


def addresses(request, servers):
    names = {"kafka": "K", "cassandra": "C"}
    given = {names[server]: request.getfixturevalue(server) for server in servers}
    return {name: server.bootstrap if name == "K" else server.address for name, server in given.items()}


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def fault(done):
    """What is said behind the place, with the exit code of faults."""
    return done.expect(2).stderr.split("sql:", 1)[1].split(": ", 1)[1].rstrip("\n")


def event(number, song="Alpha"):
    return json.dumps({"id": number, "song": song}).encode()


# -------------------------------------------------------------------------------------------------------- rows that were not right


def test_00_of_two_rows_with_one_key_the_later_stands_as_a_whole(files, run, cassandra, keyspace, unique):
    directory = files("00")
    run("schema", "apply", "p.sql", servers=["cassandra"]).expect(0)
    run("run", "p.sql", servers=["cassandra"]).expect(0)
    table = f"{keyspace}.r0_{unique}"
    assert sorted(cassandra.rows(f"SELECT id, song, n FROM {table}")) == [(1, "Alpha", 2), (2, "Beta", 3)]
    songs = ["Zulu", "Alpha", "Mike"]
    many = [{"id": key, "song": f"{songs[n % 3]}{n}", "n": n} for n in range(20) for key in range(100)]
    (directory / "ev.ndjson").write_text("".join(json.dumps(one) + "\n" for one in many))
    run("run", "p.sql", servers=["cassandra"]).expect(0)
    assert {(song, n) for _, song, n in cassandra.rows(f"SELECT id, song, n FROM {table} ")} == {(f"{songs[19 % 3]}19", 19)}
    change(directory / "p.sql", "connector='cassandra', contact_points='${C:-localhost:9042}'", "connector='sqlite', path='o.db'")
    run("run", "p.sql").expect(0)
    assert sqlite_rows(directory / "o.db", f"SELECT DISTINCT song, n FROM r0_{unique}") == [(f"{songs[19 % 3]}19", 19)]


def test_01_a_table_that_was_made_anew_with_other_types_stops_the_run(files, turntable, request, kafka, cassandra, keyspace, unique):
    files("01")
    topic, table = f"bug_r1_{unique}", f"{keyspace}.r1_{unique}"
    kafka.create_topic(topic, 1)
    where = addresses(request, ["kafka", "cassandra"])
    turntable.run("schema", "apply", "p.sql", env=where).expect(0)
    running = turntable.start("run", "p.sql", env=where)
    kafka.send(topic, [event(number) for number in range(5)])
    wait_until(lambda: len(cassandra.rows(f"SELECT id FROM {table}")) == 5, "five rows are there", 60, running)
    cassandra.session.execute(f"DROP TABLE {table}")
    cassandra.session.execute(f"CREATE TABLE {table} (id int, off timestamp, song blob, x float, PRIMARY KEY ((id), off))")
    kafka.send(topic, [event(number) for number in range(5, 10)])
    ended = running.wait(60).expect(1)
    assert "column off is timestamp, expected bigint" in ended.stderr and "column x is float, expected int" in ended.stderr
    assert cassandra.rows(f"SELECT * FROM {table}") == []


def test_02_names_that_sql_folds_are_told(files, run):
    files("02")
    done = run("run", "p.sql").expect(3)
    assert 'no record of plays had the field "userid" in 2 records, but they have "userId": write "userId" in double quotes' in done.stderr


def test_05_keys_with_microseconds_are_kept_apart(files, run):
    directory = files("05")
    run("run", "p.sql").expect(0)
    assert sqlite_rows(directory / "o.db", "SELECT t, song FROM h ORDER BY t") == [
        ("2024-03-03T10:00:00.000100Z", "Alpha"), ("2024-03-03T10:00:00.000900Z", "Beta"),
    ]  # fmt: skip


def test_31_a_fraction_is_put_into_an_int_only_by_a_written_cast(files, run):
    directory = files("31")
    assert fault(run("run", "p.sql")) == "column x of out is int, but s.x is double precision: write cast(s.x AS int)"
    run("run", "j.sql").expect(3)
    said = [letter.detail for letter in dead_letters(directory / "dl.jsonl")]
    assert said[0] == "The field 'r' is 1e-46, which the type real cannot hold."
    assert said[1].startswith("The field 'id' is 1.0, but it must be of type int.")


# ------------------------------------------------------------------------------------------------ what was refused, with no way on


def test_06_kafkas_newer_group_protocol_works(files, run, kafka, unique):
    files("06")
    kafka.create_topic(f"bug_r6_{unique}", 1)
    kafka.send(f"bug_r6_{unique}", [event(1)])
    assert "Done: 1 consumed = 1 written" in run("run", "p.sql", "--until-end", servers=["kafka"]).expect(0).stdout


@pytest.mark.parametrize(("ttl", "seconds"), [("17520h", 63_072_000), ("8785h", 31_626_000), ("730d", 63_072_000), ("63072000", 63_072_000)])
def test_08_a_time_to_live_of_two_years(ttl, seconds, files, run, cassandra, keyspace):
    directory = files("08")
    change(directory / "p.sql", "TTL", ttl)
    change(directory / "p.sql", "localhost:9042", "${C}")
    run("schema", "apply", "p.sql", servers=["cassandra"]).expect(0)
    run("run", "p.sql", servers=["cassandra"]).expect(0)
    (left,) = {row[0] for row in cassandra.rows(f"SELECT ttl(x) FROM {keyspace}.out WHERE id = 1")}
    assert seconds - 600 < left <= seconds


@pytest.mark.parametrize("pipeline", ["p.sql", "declared.sql"])
@pytest.mark.parametrize("catalogue", ["pandas.csv", "r.csv", "excel.csv"])
def test_09_a_csv_column_without_a_name(catalogue, pipeline, files, run):
    directory = files("09")
    (directory / catalogue).rename(directory / "songs.csv")
    done = run("run", pipeline).expect(0)
    assert "|1 |1|" in done.stdout and "|2 |2|" in done.stdout and "2 written" in done.verdict


def test_11_a_bad_cell_that_nobody_needs_costs_nothing(files, run):
    directory = files("11")
    done = run("run", "p.sql").expect(0)
    assert "|1 |1|" in done.stdout and "|2 |2|" in done.stdout
    change(directory / "p.sql", "s.x FROM", "s.x, s.streams FROM")
    assert "5 of the 6 rows of songs.csv are left out, and max_left_out_ratio is 0.5" in fault(run("run", "p.sql"))
    change(directory / "p.sql", "key='name'", "key='name', max_left_out_ratio='1'")
    run("run", "p.sql").expect(3)
    letter = dead_letters(directory / "dl.jsonl")[0]
    assert "the row of songs with name = 'Alpha' was left out (line 2: column 'streams' is '\\N'" in letter.detail
    change(directory / "p.sql", "max_left_out_ratio='1'", r"null='\N,NA,null,-'")
    assert "2 written" in run("run", "p.sql").expect(0).verdict


@pytest.mark.parametrize(("delimiter", "said"), [(";", "if ';' is the delimiter, set delimiter = ';'"), ("\t", "set delimiter = 'tab'")])
def test_12_another_delimiter_is_recognised(delimiter, said, files, run):
    directory = files("12")
    (directory / "songs.csv").write_text(f"name{delimiter}x\nAlpha{delimiter}1\n")
    assert said in fault(run("run", "p.sql"))


@pytest.mark.parametrize("pipeline", ["tab.sql", "tabE.sql"])
def test_12_a_tab_can_be_written_as_everywhere(pipeline, files, run):
    directory = files("12")
    (directory / "songs.csv").write_text("name\tx\nAlpha\t1\n")
    assert "1 written" in run("run", pipeline).expect(3).verdict


def test_13_quotes_that_a_backslash_escapes(files, run):
    directory = files("13")
    assert r"where \" means a quote, as Spark writes it, set escape = '\'" in fault(run("run", "p.sql"))
    change(directory / "p.sql", "key='name'", "key='name', escape='\\'")
    done = run("run", "p.sql").expect(3)
    assert "|1 |1|" in done.stdout and "|2 |2|" in done.stdout
    assert "line 3" in done.stdout + done.stderr, "a quote that nothing escapes is told where it stands"


def test_14_a_file_that_is_no_text_in_utf8_is_named(files, run):
    directory = files("14")
    text, events = b"name,x\nAlpha,1\n", (directory / "ev.ndjson").read_bytes()
    for data, said in [
        (gzip.compress(text), "songs.csv is compressed by gzip, expected text in UTF-8: gunzip -c songs.csv > songs.plain.csv"),
        (text.decode().encode("utf-16-le"), "songs.csv is text in UTF-16, expected text in UTF-8: iconv -f UTF-16LE -t UTF-8 songs.csv"),
        (b"\xff\xfe" + text.decode().encode("utf-16-le"), "songs.csv is text in UTF-16, expected text in UTF-8: iconv -f UTF-16 -t UTF-8"),
    ]:
        (directory / "songs.csv").write_bytes(data)
        assert said in fault(run("run", "p.sql"))
    (directory / "songs.csv").write_bytes(text)
    (directory / "ev.ndjson").write_bytes(gzip.compress(events))
    assert "ev.ndjson is compressed by gzip, expected text in UTF-8: gunzip -c ev.ndjson" in run("run", "p.sql").expect(2).stderr
    assert not (directory / "dl.jsonl").exists()


def test_15_blank_lines_are_no_events(files, run):
    directory = files("15")
    done = run("run", "p.sql").expect(0)
    assert done.verdict.startswith("Done: 2 consumed = 2 written") and not (directory / "dl.jsonl").exists()


def test_23_many_tombstones_do_not_stop_a_run(files, turntable, request, kafka, unique):
    directory = files("23")
    topic = f"bug_r23_{unique}"
    kafka.create_topic(topic, 1, {"cleanup.policy": "compact"})
    kafka.send(topic, [*((str(key).encode(), None) for key in range(1200)), (b"x", event(1))])
    where = addresses(request, ["kafka"])
    running = turntable.start("run", "p.sql", env=where)
    running.wait_for("Flushing 1 records")
    wait_until(lambda: kafka.committed(topic, topic).get(0) == 1201, "all is committed", 60, running)
    assert running.terminate().expect(0).verdict.startswith("Done: 1,201 consumed = 1 written")
    change(directory / "p.sql", "start='earliest'", "start='earliest', tombstones='skip'")
    again = turntable.run("run", "p.sql", "--until-end", "--set", f"plays.group.id={unique}.2", env=where).expect(0)
    assert "1,200 tombstones" in again.verdict


def test_34_a_column_that_the_live_table_lacks(files, run, cassandra, keyspace):
    files("34")
    cassandra.session.execute(
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}", timeout=60)
    cassandra.session.execute(f"CREATE TABLE {keyspace}.r34 (id int PRIMARY KEY, song text)", timeout=60)
    refused = run("schema", "apply", "p.sql", servers=["cassandra"]).expect(1)
    assert "column n is missing, expected int" in refused.stderr
    assert f"ALTER TABLE {keyspace}.r34 ADD n int;" in refused.stderr and "schema apply --add-columns" in refused.stderr
    run("schema", "apply", "p.sql", "--add-columns", servers=["cassandra"]).expect(0)
    assert cassandra.columns(keyspace, "r34")["n"][0] == "int"


# --------------------------------------------------------------------------------------------------------------- words that mislead


def test_07_faults_of_options_come_in_one_pass_and_no_topic_is_made(files, run, kafka, unique):
    files("07")
    said = run("run", "p.sql", "--until-end", servers=["kafka"]).expect(2).stderr.splitlines()
    assert [line.split(": ")[0] for line in said] == ["p.sql:1:" + str(at) for at in columns_of(said)] and len(said) == 4
    for line, option in zip(said, ["auto.offset.reset", "enable.auto.commit", "max.poll.records", "value.deserializer"]):
        assert option in line
    assert not [topic for topic in kafka.topics() if unique in topic]


def columns_of(lines):
    found = [int(line.split(":")[2]) for line in lines]
    assert found == sorted(found)
    return found


@pytest.mark.parametrize("word", "user end from to order group table offset limit check".split())
def test_17_a_reserved_word_as_a_column(word, files, run):
    directory = files("17")
    change(directory / "p.sql", "WORD", word)
    assert fault(run("run", "p.sql")) == f'{word} is a reserved word: write "{word}" in double quotes'


def test_17_a_name_in_backticks(files, run):
    directory = files("17")
    change(directory / "p.sql", "WORD", "`song`")
    assert fault(run("run", "p.sql")) == 'names are quoted by double quotes, not by backticks: write "song"'


def test_19_a_no_break_space_is_seen(files, run):
    files("19")
    refused = run("run", "p.sql")
    assert fault(refused) == "a no-break space (U+00A0) stands here, which is not taken for a space: write a plain one"
    assert "p.sql:1:19: " in refused.stderr


def test_21_the_wrong_server_is_named(files, run, cassandra, turntable):
    files("21")
    refused = turntable.run("run", "p.sql", "--until-end", env={"K": cassandra.address}).expect(1)
    assert f"cannot use {cassandra.address}: it is a node of Cassandra, not a broker" in refused.stderr


def test_24_produce_to_a_topic_that_takes_no_record_without_a_key(files, run, kafka, unique):
    files("24")
    kafka.create_topic(unique, 1, {"cleanup.policy": "compact"})
    words = ["produce", "--catalogue", "songs.csv", "--topic", unique, "--bootstrap", kafka.bootstrap, "--count", "2", "--rate", "0"]
    refused = run(*words).expect(1)
    assert "a topic that is compacted (cleanup.policy = compact) takes no record without one" in refused.stderr
    assert "--key name" in refused.stderr
    run(*words, "--key", "name").expect(0)
    assert len(kafka.read(unique)) == 2


def test_25_a_user_defined_type_is_shown_with_its_fields(run, cassandra, keyspace):
    for statement in [
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}",
        f"CREATE TYPE {keyspace}.place (street text, zip int)",
        f"CREATE TABLE {keyspace}.r25 (id int PRIMARY KEY, a frozen<place>, l list<frozen<place>>)",
        f"INSERT INTO {keyspace}.r25 (id, a, l) VALUES (1, {{street: 'Main', zip: 5}}, [{{street: 'High', zip: 6}}])",
    ]:
        cassandra.session.execute(statement, timeout=60)
    words = ["query", "--cassandra", cassandra.address, "-e", f"SELECT * FROM {keyspace}.r25"]
    assert "{street: 'Main', zip: 5} | [{street: 'High', zip: 6}]" in run(*words).expect(0).stdout
    shown = json.loads(run(*words, "--format", "json").expect(0).stdout)
    assert shown == [{"id": 1, "a": {"street": "Main", "zip": 5}, "l": [{"street": "High", "zip": 6}]}]


def test_26_a_file_for_cqlsh(files, run, cassandra, keyspace):
    files("26")
    cassandra.session.execute(
        f"CREATE KEYSPACE {keyspace} WITH replication = {{'class': 'SimpleStrategy', 'replication_factor': 1}}", timeout=60)
    cassandra.session.execute(f"CREATE TABLE {keyspace}.r26 (id int PRIMARY KEY, song text)", timeout=60)
    query = ["query", "--cassandra", cassandra.address]
    run(*query, "-f", "batch.cql").expect(0)
    assert sorted(cassandra.rows(f"SELECT id, song FROM {keyspace}.r26")) == [(77, "a;b"), (78, "c")]
    for command in ["CONSISTENCY ONE", "PAGING OFF", "EXPAND ON", f"COPY {keyspace}.r26 TO 'x.csv'", "SOURCE 'x.cql'"]:
        refused = run(*query, "-e", f"{command}; SELECT * FROM system.local").expect(2)
        assert f"-e:1:1: {command.split()[0]} is a command of cqlsh, not CQL: " in refused.stderr


def test_33_the_groups_name_is_asked_for(files, run):
    directory = files("33")
    (directory / "p.sql").rename(directory / "plays_of_ann.sql")
    said = fault(run("run", "plays_of_ann.sql", "--set", "plays.bootstrap.servers=127.0.0.1:1"))
    assert said.startswith('table plays needs the option "group.id"') and "\"group.id\" = 'plays_of_ann' reads on at their commits" in said


def test_37_a_start_that_does_not_count_is_told(files, run, kafka, unique):
    files("37")
    kafka.create_topic(f"bug_r37_{unique}", 1)
    kafka.send(f"bug_r37_{unique}", [event(number) for number in range(3)])
    assert "3 written" in run("run", "p.sql", "--until-end", servers=["kafka"]).expect(0).verdict
    again = run("run", "p.sql", "--until-end", "--set", "plays.start=earliest", servers=["kafka"]).expect(0)
    assert "start = 'earliest' does not count where there is something to read on at" in again.stderr
    assert "To read again use another group.id" in again.stderr


# -------------------------------------------------------------------------------------------------------- runs that went on or ended


def test_28_a_file_that_is_removed_under_the_run_stops_it(files, turntable, request, kafka, unique):
    directory = files("28")
    topic = f"bug_r28_{unique}"
    kafka.create_topic(topic, 1)
    kafka.send(topic, [event(number) for number in range(5)])
    where = addresses(request, ["kafka"])
    running = turntable.start("run", "p.sql", env=where)
    wait_until(lambda: kafka.committed(topic, topic).get(0) == 5, "five are committed", 60, running)
    for path in directory.glob("o.db*"):
        path.unlink()
    kafka.send(topic, [event(number) for number in range(10, 15)])
    ended = running.wait(60).expect(1)
    assert "the file was removed, renamed or replaced while the run wrote to it" in ended.stderr
    assert not list(directory.glob("o.db")) and kafka.committed(topic, topic)[0] == 5
    turntable.run("run", "p.sql", "--until-end", env=where).expect(0)
    assert sqlite_rows(directory / "o.db", "SELECT id FROM h ORDER BY id") == [(number,) for number in range(10, 15)]


def test_36_the_records_by_which_the_topic_was_made_are_read(files, turntable, request, kafka, unique):
    files("36")
    topic = f"bug_r36_{unique}"
    running = turntable.start("run", "p.sql", env=addresses(request, ["kafka"]))
    running.wait_for(f"Topic {topic} does not exist at .*; waiting for it")
    kafka.create_topic(topic, 1)
    kafka.send(topic, [event(number) for number in range(5)])
    running.wait_for(f"Topic {topic} was created; reading it from its beginning", 60)
    wait_until(lambda: sum(kafka.committed(topic, topic).values()) == 5, "five are committed", 60, running)
    assert running.terminate().expect(0).verdict.startswith("Done: 5 consumed = 5 written")


def test_qa_1_two_full_flushes_of_a_file(turntable):
    directory = turntable.directory
    (directory / "ev.nd").write_text("".join(f'{{"id":{number}}}\n' for number in range(1, 5)))
    (directory / "s.sql").write_text(
        "CREATE TABLE ev (id int NOT NULL) WITH (connector='ndjson', path='ev.nd');\n"
        "CREATE TABLE o (id int) WITH (connector='sqlite', path='o.db', primary_key='(id)', flush_rows='2');\n"
        "INSERT INTO o SELECT ev.id FROM ev;\n"
    )
    assert turntable.run("run", "s.sql", "--until-end").expect(0).verdict.startswith("Done: 4 consumed = 4 written")
    assert turntable.run("query", "--sqlite", "o.db", "-e", "SELECT count(*) FROM o", "--format", "csv").expect(0).stdout.split() == ["count", "4"]


def test_qa_4_two_signals_at_once_are_one_wish_to_stop(turntable, kafka, unique):
    """As `timeout N turntable run` sends them."""
    kafka.create_topic(unique, 1)
    kafka.send(unique, [event(number) for number in range(20)])
    (turntable.directory / "s.sql").write_text(
        f"CREATE TABLE e (id int NOT NULL, song text NOT NULL) WITH (connector='kafka', topic='{unique}', "
        f"\"bootstrap.servers\"='{kafka.bootstrap}', \"group.id\"='{unique}', start='earliest');\n"
        "CREATE TABLE o (id int, off bigint) WITH (connector='sqlite', path='o.db', primary_key='(off)', "
        "flush_interval='60s', flush_rows='19');\n"
        "INSERT INTO o SELECT e.id, e.kafka_offset AS off FROM e;\n"
    )
    running = turntable.start("run", "s.sql", stats=True)
    wait_until(lambda: kafka.committed(unique, unique).get(0) == 19, "all but the last row are committed", 60, running)
    running.send(signal.SIGTERM)
    time.sleep(0.001)
    running.send(signal.SIGTERM)
    ended = running.wait(60).expect(0)
    assert ended.stats["consumed"] == ended.stats["written"] == 20
    assert sqlite_rows(turntable.directory / "o.db", "SELECT count(*) FROM o") == [(20,)]


def test_qa_7_a_run_to_the_end_of_a_topic_that_is_not_there_ends(turntable, kafka, unique):
    (turntable.directory / "s.sql").write_text(
        f"CREATE TABLE e (id int) WITH (connector='kafka', topic='{unique}', \"bootstrap.servers\"='{kafka.bootstrap}', "
        f"\"group.id\"='{unique}', start='earliest');\n"
        "CREATE TABLE o (id int) WITH (connector='null');\nINSERT INTO o SELECT e.id FROM e;\n"
    )
    ended = turntable.run("run", "s.sql", "--until-end", timeout=30).expect(1)
    assert unique in ended.stderr
    assert not [topic for topic in kafka.topics() if unique in topic]
