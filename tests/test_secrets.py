"""A secret is read from the environment or from a file, and shown nowhere."""

import signal
import time

import pytest

from support.listening import CATALOGUE, PIPELINE

SECRET = "planted-secret-7f3a9c"
AWAY = "127.0.0.1:1"  # Nobody listens there.


def end(running):
    """With a second signal: brokers that are away cannot be left in order."""
    running.send(signal.SIGTERM)
    time.sleep(0.2)
    return running.terminate() if running.returncode() is None else running.wait()


def everything_said(turntable, *arguments, environment=None) -> str:
    """What a command says on both streams while it is tried for a moment, and what it leaves in its directory."""
    running = turntable.start(*arguments, env=environment)
    time.sleep(0.8)
    done = running.wait() if running.returncode() is not None else end(running)
    files = "".join(path.read_text(errors="replace") for path in turntable.directory.rglob("*") if path.is_file() and path.name != "secret")
    return done.stdout + done.stderr + files


COMMANDS = ["run", "schema print", "schema check", "schema apply", "dead-letters list", "dead-letters show", "dead-letters replay"]
WAYS = ["plain", "file", "environment"]
OPTIONS = ["plays.sasl.password", "plays.ssl.key.password", "listening_history.password"]


@pytest.mark.parametrize(
    ("command", "option", "way"),
    [*((command, option, "plain") for command in COMMANDS for option in OPTIONS), *(("run", OPTIONS[0], way) for way in WAYS)],
)
def test_a_planted_secret_is_shown_nowhere(command, option, way, turntable, tmp_path):
    (tmp_path / "secret").write_text(SECRET + "\n")
    value = {"plain": SECRET, "file": f"file:{tmp_path / 'secret'}", "environment": "${TURNTABLE_SECRET}"}[way]
    options = [
        f"plays.bootstrap.servers={AWAY}", "plays.security.protocol=SASL_SSL", "plays.sasl.mechanism=PLAIN", "plays.sasl.username=u",
        f"listening_history.contact_points={AWAY}", "listening_history.username=u", f"songs.path={CATALOGUE}", f"{option}={value}",
    ]  # fmt: skip
    sets = [word for text in options for word in ("--set", text)]
    said = everything_said(turntable, *command.split(), PIPELINE, *sets, environment={"TURNTABLE_SECRET": SECRET})
    assert said and SECRET not in said


@pytest.mark.parametrize("option", ["plays.sasl.password", "listening_history.password"])
def test_a_secret_file_that_is_not_there_is_named(option, turntable, tmp_path):
    arguments = ["--set", f"songs.path={CATALOGUE}", "--set", f"{option}=file:{tmp_path / 'none'}"]
    wrong = turntable.run("run", PIPELINE, *arguments).expect(2)
    assert f"--set {option}: the file {tmp_path / 'none'} of the option" in wrong.stderr and "No such file" in wrong.stderr
    (tmp_path / "none").touch()
    assert "it is empty" in turntable.run("run", PIPELINE, *arguments).expect(2).stderr


def test_a_fault_beside_a_secret_does_not_show_it(turntable, tmp_path):
    wrong = turntable.run(
        "run", PIPELINE, "--set", f"songs.path={CATALOGUE}", "--set", "listening_history.connector=null",
        "--set", f"plays.sasl.pasword={SECRET}", "--set", f"plays.ssl.key.pem={SECRET}",
    )  # fmt: skip
    assert wrong.code == 2 and SECRET not in wrong.stdout + wrong.stderr
