"""A secret is read from the environment, from a file or from an option, and shown nowhere: on no stream and in no file, by no command."""

import base64
import os
import re
import signal
import time

import pytest

from support.listening import CATALOGUE, PIPELINE, play, plays

SECRET = "planted-secret-7f3a9c"
AWAY = "127.0.0.1:1"  # Nobody listens there.
FRAGMENT = 8  # So much of a secret in a row is as good as all of it.


def forms(secret: str) -> set[bytes]:
    """The secret and what it looks like on its way: in base64 at each of the three places where it may begin, in hexadecimal."""
    raw = secret.encode()
    encoded = {base64.b64encode(b"\0" * shift + raw)[4 : 4 * (len(raw) // 3)] for shift in range(3)}
    return {raw[i : i + FRAGMENT] for i in range(len(raw) - FRAGMENT + 1)} | encoded | {raw.hex().encode(), raw.hex().upper().encode()}


def assert_hidden(text: bytes | str, secret: str = SECRET) -> None:
    seen = text.encode() if isinstance(text, str) else text
    for form in forms(secret):
        at = seen.find(form)
        assert at < 0, f"{form!r} is in …{seen[max(0, at - 200) : at + 40]!r}"


def files_in(turntable) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(turntable.directory.rglob("*")) if path.is_file())


def end(running):
    """With a second signal: brokers that are away cannot be left in order."""
    running.send(signal.SIGTERM)
    time.sleep(0.2)
    return running.terminate() if running.returncode() is None else running.wait()


def everything_said(turntable, *arguments, env=None, **options) -> str:
    """What a command says on both streams while it is tried for a moment, and what it leaves in its folder."""
    running = turntable.start(*arguments, env=env, **options)
    time.sleep(0.8)
    done = running.wait() if running.returncode() is not None else end(running)
    assert done.stdout + done.stderr, "it said nothing at all"
    return done.stdout + done.stderr + files_in(turntable).decode(errors="replace")


@pytest.fixture
def apart(tmp_path_factory):
    """A folder for what holds the secret itself."""
    return tmp_path_factory.mktemp("apart")


# ------------------------------------------------------------------------------------------ every command that takes a pipeline

COMMANDS = ["run", "schema print", "schema check", "schema apply", "dead-letters list", "dead-letters show", "dead-letters replay"]
# Where the value stands, and how it is written there.
WAYS = {
    "--set": ("set", SECRET),
    "--set, in a file": ("set", "file:{path}"),
    "the pipeline": ("sql", SECRET),
    "the pipeline, from the environment": ("sql", "${{TURNTABLE_SECRET}}"),
    "the pipeline, in a file": ("sql", "file:{path}"),
}
SOURCE = {
    "bootstrap.servers": AWAY, "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "u", "debug": "all",
    "sasl.password": None, "ssl.key.password": None, "dead_letters": "kafka:letters",
}  # fmt: skip
SINK = {"contact_points": AWAY, "username": "u", "password": None}


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_shows_a_secret_of_its_pipeline(command, way, turntable, apart):
    where, value = WAYS[way]
    (apart / "secret").write_text(SECRET + "\n")
    value = value.format(path=apart / "secret")
    tables = {"plays": SOURCE, "listening_history": SINK}
    filled = {table: {name: value if text is None else text for name, text in options.items()} for table, options in tables.items()}
    sets = [word for text in (f"songs.path={CATALOGUE}",) for word in ("--set", text)]
    pipeline = PIPELINE
    if where == "set":
        sets += [word for table, options in filled.items() for name, text in options.items() for word in ("--set", f"{table}.{name}={text}")]
    else:
        pipeline = apart / "listening_history.sql"
        text = PIPELINE.read_text()
        for old in ('"bootstrap.servers" = ', "contact_points = "):  # Each stands once, and is said anew.
            text, count = re.subn(rf"{re.escape(old)}'[^']*',?", "", text)
            assert count == 1, old
        for connector, table in (("kafka", "plays"), ("cassandra", "listening_history")):
            options = "".join(f"\"{name}\" = '{text}', " for name, text in filled[table].items())
            text = text.replace(f"connector = '{connector}',", f"connector = '{connector}', {options}")
        pipeline.write_text(text.replace(", )", ")"))
    stats = command == "run"
    said = everything_said(turntable, *command.split(), pipeline, *sets, env={"TURNTABLE_SECRET": SECRET}, stats=stats)
    assert "cannot be read" not in said and "expected" not in said, said[:2000]
    assert_hidden(said)


BY_THEMSELVES = {
    "produce": (["produce", "--catalogue", CATALOGUE, "--topic", "t", "--bootstrap", AWAY, "--count", "10"],
                {"security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "u", "debug": "all"},
                ["sasl.password", "ssl.key.password"]),
    "query": (["query", "--cassandra", AWAY, "-e", "SELECT * FROM system.local"], {"username": "u"}, ["password"]),
}  # fmt: skip


@pytest.mark.parametrize("value", [SECRET, "file:{path}", "${{TURNTABLE_SECRET}}"], ids=["plain", "file", "environment"])
@pytest.mark.parametrize("command", list(BY_THEMSELVES))
def test_no_command_without_a_pipeline_shows_a_secret(command, value, turntable, apart):
    (apart / "secret").write_text(SECRET + "\n")
    words, options, secrets = BY_THEMSELVES[command]
    options = options | {name: value.format(path=apart / "secret") for name in secrets}
    sets = [word for name, text in options.items() for word in ("--set", f"{name}={text}")]
    said = everything_said(turntable, *words, *sets, env={"TURNTABLE_SECRET": SECRET})
    assert "cannot be read" not in said and "no option" not in said, said[:2000]
    assert_hidden(said)


@pytest.mark.parametrize("arguments", [
    ["query", "--sqlite", "none.db", "-e", "SELECT 1"],
    ["demo", "--dir", "demo", "--count", "100"],
    ["--help"],
], ids=lambda arguments: " ".join(str(word) for word in arguments[:2]))  # fmt: skip
def test_commands_that_need_no_secret_show_nothing_of_the_environment(arguments, turntable):
    assert_hidden(everything_said(turntable, *arguments, env={"TURNTABLE_SECRET": SECRET, "KAFKA_PASSWORD": SECRET}))


# ------------------------------------------------------------------------------------------------- with servers that ask for it

PASSWORD = "kept-7f3a9c-secret"  # Of the user auditor, as servers/kafka/server.properties has it.


@pytest.fixture
def audited(from_kafka, apart):
    """The sample pipeline at the listener that asks for a password, with all of librdkafka's log, and letters in a topic."""
    (apart / "password").write_text(PASSWORD)
    options = {
        "plays.bootstrap.servers": os.environ.get("TURNTABLE_KAFKA_SASL", "127.0.0.1:29094"),
        "plays.security.protocol": "SASL_PLAINTEXT",
        "plays.sasl.mechanism": "PLAIN",
        "plays.sasl.username": "auditor",
        "plays.sasl.password": f"file:{apart / 'password'}",
        "plays.debug": "all",
        "plays.dead_letters": f"kafka:{from_kafka.options['plays.topic']}.letters",
        "listening_history.connector": "sqlite",
        "listening_history.path": from_kafka.turntable.directory / "history.db",
    }
    return from_kafka.with_options(options)


def test_a_password_that_is_used_is_in_no_log_no_file_and_no_letter(audited, kafka, topic, turntable):
    kafka.send(topic, [*plays(50), b"oops", play(song="No such song")], partition=0)
    done = audited.drain(code=3)
    assert done.stats["written"] == 50 and "librdkafka" in done.stderr  # Its own log is there.
    for command in ("list", "show", "replay"):
        said = turntable.run("dead-letters", command, audited.pipeline, *audited.sets, timeout=60)
        assert said.code == (3 if command == "replay" else 0), said.transcript()
        assert_hidden(said.stdout + said.stderr, PASSWORD)
    assert_hidden(done.stdout + done.stderr, PASSWORD)
    assert_hidden(files_in(turntable), PASSWORD)
    letters = kafka.read(f"{topic}.letters")
    assert len(letters) == 2
    for letter in letters:
        assert_hidden(repr(letter), PASSWORD)


def test_a_password_that_a_broker_refuses_is_not_said(audited, kafka, topic):
    kafka.send(topic, plays(1))
    wrong = audited.with_options({"plays.sasl.password": SECRET}).run("--until-end").expect(1)
    assert "uthentic" in wrong.stderr
    assert_hidden(wrong.stdout + wrong.stderr)


# ------------------------------------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize("option", ["plays.sasl.password", "listening_history.password"])
def test_a_secret_file_that_is_not_there_is_named(option, turntable, tmp_path):
    arguments = ["--set", f"songs.path={CATALOGUE}", "--set", f"{option}=file:{tmp_path / 'none'}"]
    wrong = turntable.run("run", PIPELINE, *arguments).expect(2)
    assert f"--set {option}: the file {tmp_path / 'none'} of the option" in wrong.stderr and "No such file" in wrong.stderr
    (tmp_path / "none").touch()
    assert "it is empty" in turntable.run("run", PIPELINE, *arguments).expect(2).stderr


MISTAKES = {
    "a misspelt option": ["--set", f"plays.sasl.pasword={SECRET}"],
    "no key at all": ["--set", f"plays.ssl.key.pem={SECRET}", "--set", "plays.security.protocol=SSL"],
    "what only Java knows": ["--set", f"plays.sasl.jaas.config={SECRET}"],
    "a token's configuration": ["--set", f"plays.sasl.oauthbearer.config={SECRET}", "--set", "plays.sasl.mechanism=OAUTHBEARER"],
    "an unfinished variable": ["--set", "plays.sasl.password=${" + SECRET],
    "no table": ["--set", f"password={SECRET}"],
    "another table": ["--set", f"pays.sasl.password={SECRET}"],
    "no option": ["--set", f"plays.={SECRET}"],
    "a colon": ["--set", f"plays.sasl.password:{SECRET}"],
    "blanks": ["--set", f"plays.sasl.password {SECRET}"],
    "words of their own": ["--set", "plays.sasl.password", "=", SECRET],
    "an option that is none": ["--sasl.password", SECRET],
    "an option that is none, with its value": [f"--password={SECRET}"],
}


@pytest.mark.parametrize("mistake", list(MISTAKES))
def test_a_mistake_beside_a_secret_does_not_show_it(mistake, turntable):
    words = ["--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=null", "--set", f"plays.bootstrap.servers={AWAY}"]
    said = everything_said(turntable, "run", PIPELINE, *words, *MISTAKES[mistake])
    assert_hidden(said)


@pytest.mark.parametrize("argument", [
    f"sasl.password:{SECRET}", f"={SECRET}", f"sasl.password {SECRET}", f"sasl.pasword={SECRET}", f"ssl.key.pem='{SECRET}", "sasl.password=${" + SECRET,
], ids=["a colon", "no name", "blanks", "misspelt", "a quote too few", "an unfinished variable"])  # fmt: skip
@pytest.mark.parametrize("command", list(BY_THEMSELVES))
def test_a_mistake_of_a_command_without_a_pipeline_does_not_show_a_secret(command, argument, turntable):
    words, _, _ = BY_THEMSELVES[command]
    assert_hidden(everything_said(turntable, *words, "--set", argument))


@pytest.mark.parametrize("line", [
    f"\"sasl.password\" '{SECRET}'",
    f"\"sasl.password\" = '{SECRET}",
    f"\"sasl.password\" = {SECRET}",
    f"\"sasl.password\" = 'x' '{SECRET}'",
    f"topic = 'x, \"sasl.password\" = '{SECRET}'",
    f"\"sasl.password\" = '${{{SECRET}}}'",
], ids=["no sign", "no end", "no quotes", "two values", "a quote too few", "no variable"])  # fmt: skip
def test_a_fault_in_the_sql_beside_a_secret_does_not_show_it(line, turntable, apart):
    pipeline = apart / "broken.sql"
    pipeline.write_text(
        f"CREATE TABLE plays (id int) WITH (connector = 'kafka', {line});\n"
        "CREATE TABLE history (id int) WITH (connector = 'null');\nINSERT INTO history SELECT id FROM plays;\n"
    )
    wrong = turntable.run("run", pipeline).expect(2)
    assert re.search(r"broken\.sql:[12]:\d+: ", wrong.stderr)
    assert_hidden(wrong.stdout + wrong.stderr)
