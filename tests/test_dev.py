"""./dev itself, as far as it can be looked at without building or starting anything."""

import contextlib
import importlib.util
import json
import os
import re
import socket
import subprocess
import sys

import pytest

from support.program import ROOT

COMMANDS = ["setup", "build", "demo", "test", "watch", "servers", "bench", "chaos", "fuzz", "lint", "format", "install", "help"]


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
        [str(ROOT / "dev"), "servers", "up", "--brokers", "10"], capture_output=True, text=True, env=home, check=False
    )
    assert wrong.returncode == 2 and "from 0 to 9" in wrong.stderr


def test_a_taken_port_is_named(tmp_path):
    with socket.socket() as taken:
        with contextlib.suppress(OSError):  # Then it is taken already, by the servers of this very test run.
            taken.bind(("127.0.0.1", 29092))
            taken.listen()
        home = {**os.environ, "TURNTABLE_SERVERS_DIR": str(tmp_path / "servers"), "TURNTABLE_SERVERS_PORT_SHIFT": "0"}
        wrong = subprocess.run([str(ROOT / "dev"), "servers", "up"], capture_output=True, text=True, env=home, check=False)
    assert wrong.returncode == 1 and "29092" in wrong.stderr and "taken by another program" in wrong.stderr


def test_servers_keep_clear_of_ports_that_are_taken(tmp_path):
    with socket.socket() as taken:
        with contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", 29092))
            taken.listen()
        home = {name: value for name, value in os.environ.items() if name != "TURNTABLE_SERVERS_PORT_SHIFT"}
        home["TURNTABLE_SERVERS_DIR"] = str(tmp_path / "servers")
        ports = subprocess.run([str(ROOT / "dev"), "servers", "ports"], capture_output=True, text=True, env=home, check=True)
    shift = int(ports.stdout)
    assert shift > 0
    for port in (29092 + shift, 9042 + shift):
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))


@pytest.fixture
def runner():
    """tools/test.py; as a module of another name, for Python has a `test` of its own."""
    spec = importlib.util.spec_from_file_location("run_tests", ROOT / "tools" / "test.py")
    module = sys.modules["run_tests"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["run_tests"]


def test_fuzzing_fails_by_a_finding_by_its_exit_code_and_by_a_target_that_is_missing(runner):
    names = [path.stem.removesuffix("_fuzz") for path in (ROOT / "src").glob("*/*_fuzz.cc")]
    targets = [{"target": name, "finding": ""} for name in names]

    def counted(code, targets):
        outcome = runner.judged_fuzzing(code, targets, runner.Outcome("Fuzz targets"))
        return outcome.passed, outcome.failed, outcome.note

    assert counted(0, targets) == (len(names), 0, "")
    assert counted(1, targets) == (len(names), 1, "ended with 1")
    assert counted(0, targets[1:]) == (len(names) - 1, 1, f"not run: {names[0]}")
    assert counted(1, [{**targets[0], "finding": "crash-1"}, *targets[1:]]) == (len(names) - 1, 1, "")


def test_planted_bugs_alone_are_not_asked_for_beside_other_tests():
    for more in (["--all"], ["--tsan"], ["Ledger"]):
        said = subprocess.run(
            [sys.executable, str(ROOT / "tools" / "test.py"), "--planted", *more], capture_output=True, text=True, timeout=60, check=False
        )
        assert said.returncode == 2 and "--planted stands alone" in said.stderr


@pytest.fixture
def selection():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        yield importlib.import_module("selection")
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.mark.parametrize(
    ("words", "targets", "servers"),
    [
        (["Ledger"], {"delivery_test"}, set()),
        ([r"^sink\.SqliteSinkTest\."], {"sink_test"}, set()),
        (["CassandraSinkTest", "ChangedTable"], {"sink_test"}, {"cassandra"}),
        (["KafkaSourceTest.LatestSees", "Ledger"], {"source_test", "delivery_test"}, {"kafka"}),
        (["src/delivery/ledger_test.cc"], {"delivery_test"}, set()),
        (["src/delivery/ledger.h"], {"delivery_test"}, set()),
        ([str(ROOT / "src/delivery/ledger.cc")], {"delivery_test"}, set()),
        (["ledger_test"], {"delivery_test"}, set()),
        (["delivery_test"], {"delivery_test"}, {"kafka"}),
        (["All/SinkContract.*/fake"], {"sink_test"}, {"cassandra"}),
        ([r"\bLedgerTest|\bLedger\b"], {"delivery_test"}, set()),
        (["fuzz.json"], {"json_fuzz"}, set()),
        (["bridge_abi_test"], {"bridge_abi_test"}, set()),
        (["bridge_abi_server_test"], {"bridge_abi_server_test"}, {"cassandra"}),
    ],
)
def test_named_cpp_tests_are_built_and_served_alone(selection, words, targets, servers):
    cpp, python = selection.split(words)
    needs = selection.cpp_needs(cpp)
    assert (needs.targets, needs.servers, python) == (targets, servers, [])


@pytest.mark.parametrize("word", ["Typo", "(", "*", "ledger_tset", "src/delivery/legder.cc", "test_nothing", "tests/test_nothing.py", "/tmp"])
def test_words_that_name_no_test_are_said_before_anything_is_built(word):
    said = subprocess.run([sys.executable, str(ROOT / "tools" / "test.py"), word], capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 1 and said.stdout.splitlines()[-1] == "0 passed, 1 failed"
    assert "No such test" in said.stdout and "==> Build" not in said.stdout and not said.stderr


def test_every_kind_of_cpp_test_can_be_named(selection):
    """By its own name each test finds a target; ctest knows which there are."""
    build = ROOT / "build" / "release"
    listed = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], capture_output=True, text=True, check=True)
    names = [test["name"] for test in json.loads(listed.stdout)["tests"] if not test["name"].endswith("_NOT_BUILT")]
    if not names:
        pytest.skip("no C++ test is built")
    for name in names:
        assert selection.cpp_needs([f"^{re.escape(name)}$"]).targets, name


@pytest.mark.parametrize(
    ("word", "servers"),
    [
        ("tests/test_demo.py", set()),
        ("test_query", {"cassandra"}),
        ("tests/test_outputs.py::test_timeout_ends_a_run_in_order", {"kafka", "cassandra"}),  # Others of its module use them.
        ("test_produce", {"kafka"}),
        ("test_a_killed_run_is_continued_without_loss", {"kafka", "cassandra"}),
        (str(ROOT / "tests" / "test_demo.py"), set()),
    ],
)
def test_named_system_tests_are_served_alone(selection, word, servers):
    cpp, python = selection.split([word])
    needs = selection.system_needs(python)
    assert (cpp, needs.targets, needs.servers) == ([], {"turntable"}, servers)


def test_what_a_system_test_reads_of_the_build_is_made(selection):
    assert selection.system_needs(["tests/test_sbom.py"]).targets == {"turntable", "sbom"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("src/delivery/ledger.cc", [r"^delivery\.(.*/)?(Ledger)\."]),
        ("src/delivery/ledger_test.cc", [r"^delivery\.(.*/)?(Ledger)\."]),
        ("src/simulation/row.h", [r"^simulation\."]),
        ("src/cli/main.cc", []),  # Its room has no tests; the programs that hold it have.
        ("tests/test_demo.py", ["tests/test_demo.py"]),
        ("bridge/src/tls.rs", ["^bridge_"]),
        ("src/decode/json_fuzz.cc", [r"^fuzz\.json$"]),
    ],
)
def test_a_save_names_the_tests_of_its_file(selection, path, words):
    watch = importlib.import_module("watch")
    assert watch.own_tests(ROOT / path) == words


@pytest.mark.parametrize(
    ("path", "test"),
    [("pipelines/latest_play.sql", "test_repeated_keys"), ("tests/support/forwarder.py", "test_outages"), ("tests/chaos/oracle.py", "test_chaos")],
)
def test_a_save_of_what_tests_use_names_those_tests(selection, path, test):
    watch = importlib.import_module("watch")
    assert f"tests/{test}.py" in watch.own_tests(ROOT / path)


def test_the_table_of_fuzz_targets_is_printed_from_a_report(tmp_path):
    figures = {"target": "csv", "runs": 20_000, "seconds": 20.5, "cpu_seconds": 10.0, "coverage": 1895, "features": 7, "corpus": 672, "finding": ""}
    report = tmp_path / "report.json"
    report.write_text(json.dumps([figures, {**figures, "target": "json", "finding": "crash-1"}]))
    said = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "fuzz.py"), "--markdown", str(report)], capture_output=True, text=True, timeout=60, check=False
    )
    lines = said.stdout.splitlines()
    assert said.returncode == 0 and lines[2:] == ["| csv | 20,000 | 2,000 | 1,895 | 672 | none |", "| json | 20,000 | 2,000 | 1,895 | 672 | crash-1 |"]
    header, *_ = [line for line in (ROOT / "docs" / "TESTING.md").read_text().splitlines() if line.startswith("| target |")]
    assert lines[0] == header


def test_steps_before_a_release_are_kept_and_reported(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    release = importlib.import_module("release")
    for name, lines in {"good": "echo ran >>ran; echo '7 passed, 0 failed'", "bad": "echo 'no answer'; exit 3"}.items():
        script = tmp_path / name
        script.write_text(f"#!/bin/sh\n{lines}\n")
        script.chmod(0o755)
    passed = r"^\d+ passed, \d+ failed"
    monkeypatch.setattr(release, "STEPS", [release.Step(name, f"a {name} one", [name], passed) for name in ("good", "bad")])
    monkeypatch.setattr(release, "LOGS", tmp_path / "steps")
    monkeypatch.setattr(release, "REPORT", tmp_path / "release.md")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    monkeypatch.setattr(release, "commit", lambda: "abc1234")
    monkeypatch.setattr(sys, "argv", ["release"])
    for _ in range(2):  # What has passed for this commit is not run again.
        assert release.main() == 1
        assert capsys.readouterr().out.splitlines()[-1] == "1 passed, 1 failed"
    assert (tmp_path / "ran").read_text() == "ran\n"
    report = (tmp_path / "release.md").read_text()
    assert "| a good one | `good` | abc1234 |" in report and "passed: 7 passed, 0 failed |" in report
    assert "**failed, exit 3**" in report


def test_a_release_step_names_the_commit_it_ran(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    release = importlib.import_module("release")
    monkeypatch.setattr(release, "ROOT", tmp_path)
    file = tmp_path / "file"
    file.write_text("one\n")
    for words in (["init", "-q"], ["add", "file"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        release.git(*words)
    clean = release.commit()
    assert re.fullmatch("[0-9a-f]{7,}", clean)
    file.write_text("two\n")
    assert release.commit() == clean + "-changed"


def test_all_suites_together_fit_into_their_time(runner):
    assert sum(runner.MINUTES.values()) <= 55
