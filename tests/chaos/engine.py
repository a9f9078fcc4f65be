"""One process of the program under test, started again whenever it ends, with files of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import servers  # tools/servers.py

from chaos.disk import Disk
from support.listening import CATALOGUE, PIPELINE
from support.program import environment

RESTART_SECONDS = 1.0  # After an end that nobody asked for, as a supervisor would wait.
STOP_SECONDS_LIMIT = 60
SECOND_SIGNAL_SECONDS_LIMIT = 15
SIGNS_OF_A_CRASH = ("terminate called", "Sanitizer", "panicked at", "Segmentation", "core dumped", "CHECK")


@dataclass
class Job:
    """What engines do together: they share a consumer group and its tables."""

    name: str  # As in pipeline.py.
    group: str
    options: dict[str, str]
    pipeline: Path = PIPELINE
    stores: dict[str, str] = field(default_factory=dict)  # By table: cassandra or sqlite.
    sqlite_file: Path | None = None
    letters_file: Path | None = None  # Without one its dead letters go to a topic, as by default.


@dataclass
class Ending:
    """The end of one process that nobody asked for."""

    engine: str
    code: int
    said: str
    is_static: bool

    @property
    def excuse(self) -> str:
        """Why it may have ended; empty where there is no reason."""
        # After trouble with the network librdkafka sends an offset commit again as it was, under the id that the member had before
        # it joined anew. To the broker that is another one of the same name, and librdkafka gives up at the broker's word. Nothing is
        # lost by it, but a supervisor is needed.
        if self.is_static and self.code == 1 and "fenced" in self.said.splitlines()[-1]:
            return "fenced"
        return ""


@dataclass(eq=False)
class Engine:
    name: str
    job: Job
    binary: Path
    directory: Path
    disk: Disk | None  # Where what it writes to files goes, if it does.
    say: Callable[[str], None]
    options: dict[str, str] = field(default_factory=dict)  # Its own, beside the job's.
    lanes: int = 1
    endings: list[Ending] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    busy: bool = False  # A fault has it in its hands, and will leave it running.
    wanted: bool = False
    keeper: asyncio.Task | None = None

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True)
        self.catalogue = self.directory / "songs.csv"
        self.log = self.directory / "log"
        shutil.copyfile(CATALOGUE, self.catalogue)

    def command(self, verb: str, catalogue: Path | None = None) -> list[str]:
        """With the engine's own catalogue, or another one."""
        options = {
            **self.job.options,
            **self.options,
            "plays.group.id": self.job.group,
            "songs.path": str(catalogue or self.catalogue),
        }
        sets = [word for name, value in options.items() for word in ("--set", f"{name}={value}")]
        of_runs = []
        if verb == "run":
            of_runs = ["--stats-json", str(self.directory / f"statistics-{self.starts}.json")]
            of_runs += ["--lanes", str(self.lanes)] if self.lanes > 1 else []
        return [str(self.binary), *verb.split(), str(self.job.pipeline), *sets, *of_runs]

    def statistics(self) -> list[dict]:
        """Of each of its processes that ended by itself or was told to: one that was killed has left none, or half a file."""
        found = []
        for path in sorted(self.directory.glob("statistics-*.json")):
            with contextlib.suppress(ValueError):
                found.append(json.loads(path.read_text()))
        return found

    async def make_table(self) -> None:
        process = await asyncio.create_subprocess_exec(
            *self.command("schema apply"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        if process.returncode != 0:
            raise servers.Failure(f"turntable schema apply ended with {process.returncode}:\n{said.decode(errors='replace')}")

    async def start(self) -> None:
        if not self.wanted:
            return  # The run is at its end: a fault that undoes itself starts nothing any more.
        self.starts += 1
        with self.log.open("ab") as log:
            log.write(f"=== start {self.starts} at {time.strftime('%H:%M:%S')}\n".encode())
            log.flush()
            self.process = await asyncio.create_subprocess_exec(
                *self.command("run"), cwd=self.directory, env=environment(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def keep_running(self) -> None:
        """Starts it and, as long as it is wanted, starts it again when it has ended by itself."""
        self.wanted = True
        await self.start()
        while self.wanted:
            process = self.process
            await process.wait()
            if self.busy or not self.wanted or process is not self.process:
                await asyncio.sleep(0.1)
                continue
            is_static = "plays.group.instance.id" in self.options
            ending = Ending(self.name, process.returncode, self.tail(), is_static)
            self.endings.append(ending)
            self.say(f"{self.name} {ending.excuse or 'ENDED BY ITSELF'}, exit {process.returncode}: {self.last_line()}")
            await asyncio.sleep(RESTART_SECONDS)
            if self.wanted and not self.busy:
                await self.start()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.returncode is None

    def send(self, sign: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(sign)

    async def kill(self) -> None:
        self.send(signal.SIGKILL)
        await self.process.wait()

    async def ended(self, seconds: float) -> int | None:
        """Its exit code, if it ends in time."""
        try:
            return await asyncio.wait_for(asyncio.shield(self.process.wait()), seconds)
        except asyncio.TimeoutError:
            return None

    async def terminate(self, patient: bool) -> int | None:
        """SIGTERM. Where it is not patient, a second one follows. None if it had to be killed."""
        self.send(signal.SIGTERM)
        code = await self.ended(STOP_SECONDS_LIMIT if patient else SECOND_SIGNAL_SECONDS_LIMIT)
        if code is None and not patient:
            self.send(signal.SIGTERM)
            code = await self.ended(SECOND_SIGNAL_SECONDS_LIMIT)
        if code is None:
            await self.kill()
        return code

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def last_line(self) -> str:
        return (self.tail(1) or "(nothing)")[:300]

    def crashes(self) -> list[str]:
        text = self.log.read_text(errors="replace")
        return [line for line in text.splitlines() if any(sign in line for sign in SIGNS_OF_A_CRASH)]
