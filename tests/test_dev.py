"""./dev itself, as far as it can be looked at without building or starting anything."""

import contextlib
import os
import socket
import subprocess

import pytest

from support.program import ROOT

COMMANDS = ["setup", "build", "demo", "test", "servers", "bench", "chaos", "fuzz", "lint", "format", "install", "help"]


def dev(*arguments, cwd=ROOT):
    return subprocess.run(
        [str(ROOT / "dev"), *arguments], cwd=cwd, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
    )


def test_help_names_every_command():
    said = dev("help")
    assert said.returncode == 0
    assert all(f"  {command} " in said.stdout for command in COMMANDS)
    assert dev().stdout == dev("--help").stdout == said.stdout


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "help"])
def test_every_command_explains_itself(command):
    said = dev(command, "--help")
    assert said.returncode == 0 and command in said.stdout and "sage:" in said.stdout


def test_an_unknown_command_is_a_usage_error():
    said = dev("biuld")
    assert said.returncode == 2 and "biuld" in said.stderr and said.stdout == ""


@pytest.mark.parametrize("arguments", [["build", "--fast"], ["format", "--all"], ["setup", "--everything"], ["install", "--help-me"]])
def test_unknown_options_are_usage_errors(arguments):
    said = dev(*arguments)
    assert said.returncode == 2 and arguments[1] in said.stderr


def test_it_runs_from_any_directory(tmp_path):
    link = tmp_path / "turntable-dev"
    os.symlink(ROOT / "dev", link)
    said = subprocess.run([str(link), "help"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0 and "Usage: ./dev" in said.stdout


def test_servers_can_be_asked_for(tmp_path):
    """With a state of its own, so that the servers which the tests use are not touched."""
    home = {**os.environ, "TURNTABLE_SERVERS_DIR": str(tmp_path / "servers")}
    status = subprocess.run([str(ROOT / "dev"), "servers", "status"], capture_output=True, text=True, env=home, check=False)
    assert status.returncode == 1 and "No server is running" in status.stdout
    down = subprocess.run([str(ROOT / "dev"), "servers", "down"], capture_output=True, text=True, env=home, check=False)
    assert down.returncode == 0
    wrong = subprocess.run(
        [str(ROOT / "dev"), "servers", "up", "--brokers", "0"], capture_output=True, text=True, env=home, check=False
    )
    assert wrong.returncode == 2 and "from 1 to 9" in wrong.stderr


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # Then it is taken already, by the servers of this very test run.
            taken.bind(("127.0.0.1", 29092))
            taken.listen()
        home = {**os.environ, "TURNTABLE_SERVERS_DIR": str(tmp_path / "servers")}
        wrong = subprocess.run([str(ROOT / "dev"), "servers", "up"], capture_output=True, text=True, env=home, check=False)
    assert wrong.returncode == 1 and "29092" in wrong.stderr and "taken by another program" in wrong.stderr
