"""A PostgreSQL of the tests' own: what the same statements mean there is what they are to mean here.

It listens on a socket in a folder of its own, keeps nothing, and ends with the process that started it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

# Debian's packages do not put them into PATH; of several versions the newest.
PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=Path("/usr/bin"))
SETTINGS = {
    "listen_addresses": "", "timezone": "UTC", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "jit": "off",
    "autovacuum": "off", "shared_buffers": "32MB", "max_connections": "8", "log_min_messages": "fatal", "max_wal_senders": "0",
    "wal_level": "minimal",
}  # fmt: skip
START_SECONDS = 60


def as_its_user() -> list[str]:
    """Before a command: it ends with its parent, and is not run by root, which PostgreSQL refuses."""
    words = ["setpriv", "--pdeathsig=QUIT"]
    if os.geteuid() != 0:
        return words
    return [*words, f"--reuid={owner().pw_name}", f"--regid={owner().pw_gid}", "--clear-groups"]


def owner() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


class Postgres:
    """A server with the locale C.UTF-8 and times in UTC. Its connections have all rights and commit by themselves."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="turntable-pg-"))
        if os.geteuid() == 0:
            os.chown(self.folder, owner().pw_uid, owner().pw_gid)
        data = self.folder / "data"
        self.command(["initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [*as_its_user(), PROGRAMS / "postgres", "-D", data, "-k", self.folder, *settings],
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        self.connection = self.connect("postgres")
        self.databases = 0

    def command(self, words: list) -> None:
        done = subprocess.run(
            [*as_its_user(), PROGRAMS / words[0], *words[1:]], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{words[0]}: {done.stdout}{done.stderr}"

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """A new one, which is dropped behind this. One that had many tables made and dropped gets slow."""
        self.databases += 1
        name = f"d{self.databases}"
        self.connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        try:
            with self.connect(name) as connection:
                yield connection
        finally:
            self.connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self, database: str) -> psycopg.Connection:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)
            except psycopg.OperationalError:
                said = (self.folder / "log").read_text(errors="replace")
                assert self.process.poll() is None, f"PostgreSQL ended with {self.process.returncode}\n{said}"
                assert time.monotonic() < deadline, f"PostgreSQL does not answer\n{said}"
                time.sleep(0.05)

    def stop(self) -> None:
        self.connection.close()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
