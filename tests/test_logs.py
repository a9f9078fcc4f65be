"""What goes to standard error: text, or JSON lines with --log-format json."""

import json
import re
import signal

import pytest

from support.listening import CATALOGUE, PIPELINE, file_pipeline, plays
from support.program import wait_until

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def lines_of(text: str) -> list[dict]:
    """Each line is a JSON object with time, level and message, and nothing else."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        assert set(line) == {"time", "level", "message"}, line
        assert TIME.fullmatch(line["time"]) and line["level"] in ("debug", "info", "warning", "error") and line["message"], line
    return found


@pytest.fixture
def events(tmp_path):
    path = tmp_path / "plays.ndjson"
    path.write_bytes(b"\n".join([*plays(50), b"not JSON", b'{"id": 1}']) + b"\n")
    return path


def test_a_run_logs_json_lines_and_not_one_for_each_record(turntable, events):
    sets = file_pipeline(turntable, events, "null").sets
    few = lines_of(turntable.run("run", PIPELINE, *sets, "--log-format", "json").expect(3).stderr)
    events.write_bytes(events.read_bytes() * 50)
    many = lines_of(turntable.run("run", PIPELINE, *sets, "--log-format=json").expect(3).stderr)
    assert len(many) <= len(few) + 3


def test_text_is_what_comes_without_it(turntable, tmp_path):
    absent = turntable.run("run", "nowhere.sql").expect(2).stderr
    assert absent == "turntable: cannot read the pipeline nowhere.sql: No such file or directory\n"
    assert turntable.run("run", "nowhere.sql", "--log-format", "text", env={"TURNTABLE_LOG_FORMAT": "json"}).stderr == absent


@pytest.mark.parametrize(("words", "said"), [
    (["run", "nowhere.sql"], "cannot read the pipeline nowhere.sql"),
    (["run", "--untll-end", "p.sql"], "there is no option '--untll-end'. Did you mean '--until-end'?"),
    (["rnu"], "there is no command 'rnu'"),
    (["query", "--sqlite", "nowhere.db", "-e", "SELECT 1"], "there is no such file"),
    (["query", "--sqlite", "a.db", "-e"], "-e"),
], ids=lambda value: value[0] if isinstance(value, list) else "")  # fmt: skip
def test_faults_are_json_too(words, said, turntable):
    for form in ({"env": {"TURNTABLE_LOG_FORMAT": "json"}}, {}):
        words = words if form else [words[0], "--log-format=json", *words[1:]]
        lines = lines_of(turntable.run(*words, **form).expect(2).stderr)
        assert lines and all(line["level"] == "error" for line in lines)
        assert any(said in line["message"] for line in lines), lines


def test_each_fault_of_a_pipeline_is_a_line(turntable):
    words = ["run", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", "plays.topci=x", "--set", "plays.start=erliest"]
    lines = lines_of(turntable.run(*words, "--log-format", "json").expect(2).stderr)
    assert len(lines) == 2 and all("Did you mean" in line["message"] or "start" in line["message"] for line in lines)


def test_what_a_server_or_a_name_has_in_it_stays_one_line(turntable):
    lines = lines_of(turntable.run("run", 'no "such"\n\x1b[31m file.sql', "--log-format", "json").expect(2).stderr)
    assert '"such"' in lines[0]["message"] and "\x1b" not in lines[0]["message"]


def test_a_run_that_waits_logs_json_and_no_status_line(turntable, tmp_path):
    """A broker that is not there is said; then the run is asked to stop."""
    from support.forwarder import free_port

    (tmp_path / "p.sql").write_text(
        f"CREATE TABLE plays (id int) WITH (connector = 'kafka', topic = 't', \"bootstrap.servers\" = '127.0.0.1:{free_port()}', \"group.id\" = 'g');\n"
        "CREATE TABLE history (id int) WITH (connector = 'null');\nINSERT INTO history SELECT p.id FROM plays p;\n"
    )
    running = turntable.start("run", "p.sql", env={"TURNTABLE_LOG_FORMAT": "json"})
    wait_until(lambda: "warning" in running.stderr, "it says what it waits for", process=running)
    running.send(signal.SIGTERM)
    done = running.wait(30)
    assert any(line["level"] == "warning" for line in lines_of(done.stderr))
