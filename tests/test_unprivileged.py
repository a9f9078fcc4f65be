"""The program needs no privilege: it runs as nobody, in a folder that it cannot write to, with the places it is given."""

import configparser
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support.listening import CATALOGUE, PIPELINE, plays
from support.program import BINARY, ROOT, environment
from support.tables import sqlite_history

NOBODY = 65534
UNIT = ROOT / "packaging" / "turntable@.service"
SECONDS_OF_A_START = 60  # With the session of the one before to be waited for, and more.
# As another user where that can be chosen; and never with a way to get more.
AS_NOBODY = ["setpriv", "--no-new-privs"]
if os.geteuid() == 0:
    AS_NOBODY += [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]


@pytest.fixture
def places():
    """A folder to run in that nobody may write to, with the program and its files; and one to write to."""
    base = Path(tempfile.mkdtemp(prefix="turntable-", dir="/tmp"))
    base.chmod(0o755)
    shutil.copy(BINARY, base / "turntable")
    for folder in ("pipelines", "queries", "data"):
        shutil.copytree(ROOT / folder, base / folder)
    writable = base / "state"
    writable.mkdir()
    if os.geteuid() == 0:
        os.chown(writable, NOBODY, NOBODY)
    base.chmod(0o555)
    yield base, writable
    base.chmod(0o755)
    shutil.rmtree(base)


def command(base: Path, *arguments: object) -> list[str]:
    return [*AS_NOBODY, str(base / "turntable"), *(str(word) for word in arguments)]


def run(base: Path, *arguments: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(base, *arguments), cwd=base, env=environment(), capture_output=True, text=True, timeout=120, check=False, **options
    )


def sets(writable: Path, **more: object) -> list[str]:
    options = {
        "plays.connector": "ndjson", "plays.path": "-", "plays.dead_letters": f"file:{writable}/dead.jsonl", "songs.path": CATALOGUE.name,
        "listening_history.connector": "sqlite", "listening_history.path": writable / "history.db",
    } | {name.replace("__", "."): value for name, value in more.items()}  # fmt: skip
    options["songs.path"] = f"data/{CATALOGUE.name}"
    return [word for name, value in options.items() for word in ("--set", f"{name}={value}")]


def test_a_pipeline_runs_as_nobody(places):
    base, writable = places
    events = b"\n".join([*plays(100), b"oops"]).decode()
    done = run(base, "run", f"pipelines/{PIPELINE.name}", *sets(writable), "--stats-json", writable / "stats.json", input=events)
    assert done.returncode == 3, done.stdout + done.stderr
    assert len(sqlite_history(writable / "history.db")) == 100
    assert json.loads((writable / "dead.jsonl").read_text())["reason"] == "json_syntax"
    assert json.loads((writable / "stats.json").read_text())["written"] == 100
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    assert {path.stat().st_uid for path in writable.iterdir()} == {owner}
    assert {path.name for path in base.iterdir()} == {"turntable", "pipelines", "queries", "data", "state"}


def test_it_has_no_capability_while_it_runs(places):
    base, writable = places
    process = subprocess.Popen(
        command(base, "run", f"pipelines/{PIPELINE.name}", *sets(writable)), cwd=base, env=environment(),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 30
        while not (writable / "history.db").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert int(status["NoNewPrivs"]) == 1
    finally:
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_what_it_cannot_write_is_said_at_start(places):
    """By default dead letters go to the folder that it runs in."""
    base, writable = places
    words = sets(writable)
    at = next(i for i, word in enumerate(words) if word.startswith("plays.dead_letters"))
    done = run(base, "run", f"pipelines/{PIPELINE.name}", *words[: at - 1], *words[at + 1 :], input="")
    if os.geteuid() == 0:
        assert done.returncode == 1 and "listening_history.dead_letters.jsonl: Permission denied" in done.stderr, done.stderr
        assert not (writable / "history.db").exists()
    refused = run(base, "run", f"pipelines/{PIPELINE.name}", *sets(writable, listening_history__path="history.db"), input="")
    assert refused.returncode == 1 and "history.db" in refused.stderr, refused.stderr


def test_the_demo_runs_as_nobody(places):
    base, writable = places
    done = run(base, "demo", "--dir", writable / "demo", "--count", "200")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(sqlite_history(writable / "demo" / "listening_history.db")) == 200


# ------------------------------------------------------------------------------------------------------------ the unit


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(UNIT)
    return parser


def test_the_unit_gives_up_what_the_program_does_not_need():
    service = unit()["Service"]
    assert service["ExecStart"].startswith("/usr/local/bin/turntable run ")
    assert service["DynamicUser"] == service["NoNewPrivileges"] == service["MemoryDenyWriteExecute"] == "yes"
    assert service["CapabilityBoundingSet"] == "" and service["ProtectSystem"] == "strict" and service["LimitCORE"] == "0"
    assert set(service["RestrictAddressFamilies"].split()) == {"AF_INET", "AF_INET6", "AF_UNIX"}


def test_the_unit_gives_up_where_starting_again_does_not_help():
    """Five starts with their pauses are over well within the interval, also where each joins its group and reads a window of rejects first."""
    described, service = unit()["Unit"], unit()["Service"]
    assert service["Restart"] == "on-failure" and service["RestartPreventExitStatus"] == "2"
    assert "StartLimitBurst" not in service and "StartLimitIntervalSec" not in service  # systemd would pass over them there.
    interval, burst = described["StartLimitIntervalSec"], int(described["StartLimitBurst"])
    assert interval == "10min"
    assert 1 < burst and burst * (int(service["RestartSec"]) + SECONDS_OF_A_START) < 600


def test_the_unit_is_one_that_systemd_takes(tmp_path):
    """By systemd itself where that is installed."""
    if shutil.which("systemd-analyze") is None:
        assert unit()["Install"]["WantedBy"] == "multi-user.target"
        return
    installed = tmp_path / "turntable@x.service"
    installed.write_text(UNIT.read_text().replace("/usr/local/bin/turntable", str(BINARY)))
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", str(installed)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and checked.stderr == "", checked.stderr
    # Of 100, where 100 is a service without any restriction.
    exposed = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(installed)], capture_output=True, text=True, check=False
    )
    assert exposed.returncode == 0, exposed.stdout[-500:]
