"""What every rival is to the bench: how it is installed, how it is called, and what it has to say at its end.

A folder beside this file with a `rival.py` is a rival; that file defines a subclass of Rival by the name `Here`. The bench
sees nothing else of it:

    for rival in contract.rivals(ROOT / "build" / "bench" / "rivals").values():
        if (reason := rival.install()) is not None:
            print(f"SKIPPED: {rival.title}: {reason}")
            continue
        command = rival.command(bootstrap=…, topic=…, catalogue=…, sink="null", events=2_000_000)
        … run it, keep its standard output in a file …
        result = contract.result_in(standard_output)

Standard library only.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import math
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import servers  # noqa: E402

# The rivals import this file by its bare name, however the bench has found it.
sys.modules.setdefault("contract", sys.modules[__name__])

OUTPUT_TAIL_LINES = 15


class Unavailable(Exception):
    """A rival cannot be had on this machine; the text says why, in words for the person at the keyboard."""


@dataclass(frozen=True)
class Result:
    """What a rival says of a run, in the last line of its standard output, as one JSON object."""

    consumed: int  # Records taken from the topic.
    matched: int  # Those whose song is in the catalogue: as many rows were given to the sink.
    seconds: float  # From the first record to the last, or to the last acknowledgement where the sink has some.
    startup_seconds: float  # From the start of the process to the first record.
    steady_seconds: float  # The same as `seconds`, for the second half of the records: a JVM is warm by then.
    steady_events: int  # How many that half has; 0 where the rival cannot tell its halves apart.
    checksum: int  # The sum of hour + duration_ms over all rows.
    steady_cpu_seconds: float = 0.0  # The process's CPU time, user and system, over that half; 0 where the rival does not say it.


class Rival:
    """One other program for the same job. Subclasses say which; see README.md for what is asked of the program."""

    name = ""  # Of its folder.
    title = ""  # With version, as it stands in a table.
    sinks: tuple[str, ...] = ("null",)
    small: Mapping[str, object] = {}  # Options (`extra`) that suit a backlog of some ten thousand records only.
    jvm = False  # Whether it warms up, so that its steady figures are to be shown beside the total ones.
    sources: tuple[Path, ...] = ()  # What a change of makes a new install necessary, beside its own folder.

    def __init__(self, home: Path) -> None:
        self.source = HERE / self.name
        self.folder = home.resolve() / self.name

    # What subclasses write.

    def build(self) -> None:
        """Puts all that is needed into self.folder, which is there and empty. Raises Unavailable, or what `step` raises."""
        raise NotImplementedError

    def words(self) -> list[object]:
        """The start of the command; the arguments that all rivals share follow it."""
        raise NotImplementedError

    # What the bench calls.

    def install(self) -> str | None:
        """None once the rival can run; otherwise the reason why it cannot. Nothing is done twice."""
        stamp = self.folder / ".complete"
        want = self.digest()
        if stamp.is_file() and stamp.read_text() == want:
            return None
        print(f"==> installing {self.title} into {self.folder}", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        try:
            self.build()
        except (Unavailable, OSError, servers.Failure) as failure:
            return str(failure)
        stamp.write_text(want)
        return None

    def command(
        self, *, bootstrap: str, topic: str, catalogue: Path, sink: str, events: int, cassandra: str = "", keyspace: str = "",
        sqlite: Path | str = "", extra: Mapping[str, object] | None = None,
    ) -> list[str]:  # fmt: skip
        """Drains `events` records of a topic from its beginning, with a group of its own, into a sink.

        For Cassandra the table is there already; for SQLite the file is not. `extra` are options that only this rival has.
        """
        if sink not in self.sinks:
            raise ValueError(f"{self.name} has no sink '{sink}'; it has: {', '.join(self.sinks)}")
        options: dict[str, object] = {
            "bootstrap": bootstrap,
            "topic": topic,
            "group": f"rival_{self.name}_{uuid.uuid4().hex[:12]}",
            "catalogue": Path(catalogue).resolve(),
            "sink": sink,
            "events": events,
        }
        if sink == "cassandra":
            options |= {"cassandra": cassandra, "keyspace": keyspace}
        if sink == "sqlite":
            options |= {"sqlite": sqlite}
        options |= extra or {}
        return [str(word) for word in self.words()] + [f"--{name}={value}" for name, value in options.items()]

    # Help for subclasses.

    def digest(self) -> str:
        """Of every file that the install depends on."""
        sum_of = hashlib.sha256()
        folders = (self.source, HERE / "contract.py", *self.sources)
        for path in sorted(p for folder in folders for p in ([folder] if folder.is_file() else folder.rglob("*"))):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md":
                sum_of.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
        return sum_of.hexdigest() + "\n"

    def step(self, *words: object, where: Path | None = None, **environment: object) -> None:
        """Runs one step of an install; Unavailable, with the end of what it said, if it fails."""
        command = [str(word) for word in words]
        done = subprocess.run(
            command, cwd=where or self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=os.environ | {name: str(value) for name, value in environment.items()},
        )  # fmt: skip
        (self.folder / "install.log").open("a").write(f"$ {' '.join(command)}\n{done.stdout}\n")
        if done.returncode != 0:
            tail = "\n".join(line for line in done.stdout.splitlines() if line.strip()).splitlines()[-OUTPUT_TAIL_LINES:]
            raise Unavailable(f"`{' '.join(command)}` ended with {done.returncode}:\n" + "\n".join(tail))

    def tool(self, name: str, package: str) -> str:
        """Where a program is; Unavailable, naming the Debian package, if it is not."""
        if (path := shutil.which(name)) is None:
            raise Unavailable(f"{name} is not installed; it is in Debian's package {package}")
        return path

    def venv(self, requirements: Path) -> Path:
        """A Python environment with the packages that a file pins; its interpreter."""
        python = self.folder / "venv" / "bin" / "python"
        self.step("python3", "-m", "venv", "--clear", self.folder / "venv")
        self.step(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input", "-r", requirements)
        return python


class JavaRival(Rival):
    """A Maven project; what it is made of is in src/ and in the folder java/ that the Java rivals share."""

    jvm = True
    main_class = ""
    jvm_options: tuple[str, ...] = ()
    sources = (HERE / "java",)

    def build(self) -> None:
        maven = self.tool("mvn", "maven")
        home = Path(servers.java()).resolve().parent.parent
        if not (home / "bin" / "javac").exists():
            raise Unavailable(f"{home} has no javac; Debian's package openjdk-17-jdk-headless brings it")
        jars = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={self.folder / 'jars'}")
        self.step(maven, "-q", "-B", "-f", self.source / "pom.xml", f"-Dfolder={self.folder}", "compile", *jars, JAVA_HOME=home)

    def words(self) -> list[object]:
        classpath = f"{self.folder}/classes:{self.folder}/jars/*"
        return [servers.java(), *self.jvm_options, "-cp", classpath, self.main_class]


def rival_class(name: str) -> type[Rival]:
    """What bench/rivals/NAME/rival.py defines as Here."""
    module_name = f"rival_{name}"
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, HERE / name / "rival.py")
        sys.modules[module_name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[module_name])
    return sys.modules[module_name].Here


def rivals(home: Path) -> dict[str, Rival]:
    """All rivals, by name; what they install goes to folders of their names under `home`."""
    return {name: rival_class(name)(home) for name in sorted(path.parent.name for path in HERE.glob("*/rival.py"))}


def result_in(output: str) -> Result:
    """Reads the result from a rival's standard output; ValueError, with what is wrong, if it is not all there."""
    line = output.rstrip().rpartition("\n")[2]
    try:
        found = json.loads(line)
        result = Result(**found)
    except (ValueError, TypeError) as fault:
        raise ValueError(f"the last line is no result ({fault}): {line[:200]}") from None
    for name, kind in Result.__annotations__.items():
        value = getattr(result, name)
        if not isinstance(value, (int, float)) or not math.isfinite(value) or (kind == "int" and not isinstance(value, int)):
            raise ValueError(f"{name} is {value!r} in the result: {line[:200]}")
    return result
